// Writes in order, answers only after them, and a full disk that is waited for.
import { SystemError } from "@ashlar/core";
import { openRegistry, silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { beforeEach, expect, test } from "vitest";
import type { LogWrites } from "../log/raft-log-store.ts";
import { openLogMetrics } from "../metrics.ts";
import { AppendWorker, mergeWrites, type StorageAppend } from "./append-worker.ts";

const entry = (index: number, term = 1) =>
  ({ version: 1, kind: "normal", term, index, data: new Uint8Array(1) }) as const;
const append = (over: Partial<StorageAppend>): StorageAppend => ({
  ...{ version: 1, kind: "storage-append", from: 1, to: -1, term: 1 },
  ...{ hardState: undefined, entries: [], snapshot: undefined, responses: [] },
  ...over,
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let clock: ManualClock;
let writes: LogWrites[];
let durable: number;
let fatal: string[];
let lacks: number;
let fault: SystemError | undefined;
let onTry: () => void;
let worker: AppendWorker;
beforeEach(() => {
  clock = new ManualClock();
  writes = [];
  durable = 0;
  fatal = [];
  lacks = 0;
  fault = undefined;
  onTry = () => {};
  const metrics = openLogMetrics(openRegistry({ process: "test" }));
  const write = async (written: LogWrites): Promise<void> => {
    onTry();
    await turn();
    if (fault) throw fault;
    writes.push(written);
  };
  worker = new AppendWorker(
    { write, clock, log: silentLog, metrics },
    {
      onDurable: (done) => {
        durable += done.length;
      },
      onNoSpace: () => {
        lacks += 1;
      },
      onFatal: ({ code }) => fatal.push(code),
    },
  );
});

test("what gathers during one write shares the next", async () => {
  for (const index of [1, 2, 3]) worker.add(append({ entries: [entry(index)] }));
  expect(durable).toBe(0);
  for (let count = 0; count < 5; count += 1) await turn();
  expect(writes.map(({ entries }) => entries.map(({ index }) => index))).toEqual([[1], [2, 3]]);
  expect(durable).toBe(3);
});

test("later entries take the place of earlier ones, the last hard state counts", () => {
  const merged = mergeWrites([
    append({ entries: [entry(5), entry(6), entry(7)], hardState: { term: 1, vote: 1, commit: 4 } }),
    append({ entries: [entry(6, 2)], hardState: { term: 2, vote: 3, commit: 4 } }),
    append({}),
  ]);
  expect(merged.entries.map(({ index, term }) => [index, term])).toEqual([
    [5, 1],
    [6, 2],
  ]);
  expect(merged.hardState).toEqual({ term: 2, vote: 3, commit: 4 });
});

test("a full disk promises nothing, is told, and is tried again", async () => {
  fault = new SystemError("disk/no-space", "full");
  worker.add(append({ entries: [entry(1)] }));
  for (let count = 0; count < 3; count += 1) await turn();
  expect(worker.noSpace).toBe(fault);
  expect(durable).toBe(0);
  clock.advance(500);
  for (let count = 0; count < 3; count += 1) await turn();
  expect(lacks).toBe(1);
  fault = undefined;
  clock.advance(500);
  for (let count = 0; count < 3; count += 1) await turn();
  expect(durable).toBe(1);
  expect(worker.noSpace).toBeUndefined();
});

test("a full disk is tried at once for whoever asks, who waits for a try begun after the question", async () => {
  fault = new SystemError("disk/no-space", "full");
  worker.add(append({ entries: [entry(1)] }));
  for (let count = 0; count < 3; count += 1) await turn();
  await worker.triedAgain();
  expect(worker.noSpace).toBe(fault);

  // Asked during a try, which finds the disk full yet: the next one is for this question.
  let late: Promise<void> | undefined;
  onTry = () => {
    late ??= worker.triedAgain();
  };
  await worker.triedAgain();
  expect(worker.noSpace).toBe(fault);
  fault = undefined;
  await late;
  expect(worker.noSpace).toBeUndefined();
  await turn();
  expect(durable).toBe(1);
  await worker.triedAgain();
});

test("who asks a full disk is not left waiting when the worker stops", async () => {
  fault = new SystemError("disk/no-space", "full");
  worker.add(append({ entries: [entry(1)] }));
  for (let count = 0; count < 3; count += 1) await turn();
  const asked = worker.triedAgain();
  await worker.stop();
  await asked;
  await worker.triedAgain();
  expect(durable).toBe(0);
});

test("any other failure of the disk is the end, and nothing more is promised", async () => {
  fault = new SystemError("disk/failed", "EIO");
  worker.add(append({ entries: [entry(1)] }));
  for (let count = 0; count < 3; count += 1) await turn();
  expect(fatal).toEqual(["disk/failed"]);
  fault = undefined;
  worker.add(append({ entries: [entry(2)] }));
  for (let count = 0; count < 3; count += 1) await turn();
  expect(durable).toBe(0);
  expect(writes).toEqual([]);
});
