// R5 by random histories and crashes at any call of the disk: what was resolved is there, what was not
// is there as a whole or not at all.

import { SystemError } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import { type ChangingCall, FaultyDisk, MemoryDisk } from "@ashlar/runtime/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { drafts, LogModel, type Step } from "../testing/log-history.ts";
import { openRaftLog } from "../testing/raft-log-fixture.ts";
import type { RaftLogStore } from "./raft-log-store.ts";

const SMALL = { segmentLengthMax: 160 };
const ALL = Number.MAX_SAFE_INTEGER;

const run = (store: RaftLogStore, step: Step): Promise<void> =>
  step.kind === "write"
    ? store.write(step.writes)
    : store.saveSnapshot(step.snapshot, { entriesKept: step.entriesKept });

/** What is seen of a log; a store may have forgotten entries that its snapshot covers. */
function seenIn(store: RaftLogStore) {
  const first = store.firstIndex();
  expect(first).toBeLessThanOrEqual((store.snapshot()?.index ?? 0) + 1);
  expect(store.term(first - 1)).toBeDefined();
  return {
    hardState: store.initialState().hardState,
    snapshot: store.snapshot(),
    lastIndex: store.lastIndex(),
    entries: store.entries(first, store.lastIndex() + 1, ALL),
  };
}

const modelled = (model: LogModel, first: number) => ({
  hardState: model.hardState,
  snapshot: model.snapshot,
  lastIndex: model.lastIndex,
  entries: model.entries.filter(({ index }) => index >= first),
});

const shows = (store: RaftLogStore, model: LogModel): void =>
  expect(seenIn(store)).toEqual(modelled(model, store.firstIndex()));

/** Every log that a crash in the midst of `step` may leave. */
function outcomes(model: LogModel, step: Step | undefined): LogModel[] {
  if (!step) return [model];
  const received = step.kind === "write" ? step.writes.snapshot : undefined;
  const between = received ? [model.afterSnapshotOnly(received)] : [];
  return [model.after(step), ...between, model];
}

function matching(store: RaftLogStore, candidates: readonly LogModel[]): LogModel {
  for (const model of candidates.slice(0, -1)) {
    try {
      shows(store, model);
      return model;
    } catch {
      // The next one is tried, and the last one says what is wrong.
    }
  }
  const last = candidates.at(-1) ?? LogModel.empty();
  shows(store, last);
  return last;
}

const DRAFT = { kind: "append", cut: 0, count: 0, commit: 0, electing: false } as const;

const crash = fc.record({
  drafts,
  dieAfter: fc.nat(40),
  tornBytes: fc.oneof(fc.constant(0), fc.nat(120)),
  keeps: fc.boolean(),
  undoes: fc.boolean(),
});

test("R5: any crash leaves all that was resolved and no half of the rest", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(crash, { minLength: 1, maxLength: 4 }), async (rounds) => {
      const disk = new FaultyDisk(new MemoryDisk());
      let { store } = await openRaftLog(disk, SMALL);
      let model = LogModel.empty();
      for (const { drafts, dieAfter, tornBytes, keeps, undoes } of rounds) {
        disk.tornBytes = tornBytes;
        disk.dieAfter(dieAfter);
        const left = await untilItDies(store, model, drafts);
        await disk.powerCut({ keeps, undoes });
        ({ store } = await openRaftLog(disk, SMALL));
        model = matching(store, outcomes(left.model, left.unresolved));
      }
    }),
    { numRuns: soaked(300) },
  );
});

interface Left {
  readonly model: LogModel;
  /** What was under way when the disk died: it may be there, or not. */
  readonly unresolved: Step | undefined;
}

/** Works off the drafts as far as the disk lets it; all that is resolved shows at once. */
async function untilItDies(
  store: RaftLogStore,
  start: LogModel,
  drafted: readonly Parameters<LogModel["step"]>[0][],
): Promise<Left> {
  let model = start;
  for (const draft of drafted) {
    const step = model.step(draft);
    if (!step) continue;
    if (!(await run(store, step).then(() => true, failed))) return { model, unresolved: step };
    model = model.after(step);
    shows(store, model);
  }
  return { model, unresolved: undefined };
}

function failed(thrown: unknown): false {
  expect(thrown).toMatchObject({ code: "disk/failed" });
  return false;
}

test("a crash with a write and an own snapshot under way leaves each of them, or not", async () => {
  await fc.assert(
    fc.asyncProperty(
      crash,
      fc.nat(3),
      async ({ drafts, dieAfter, tornBytes, keeps, undoes }, turns) => {
        const disk = new FaultyDisk(new MemoryDisk());
        const { store } = await openRaftLog(disk, SMALL);
        let model = LogModel.empty();
        for (const step of drafts.map((draft) => model.step(draft))) {
          if (step?.kind !== "write" || step.writes.entries[0]?.index !== model.lastIndex + 1)
            continue;
          await run(store, step);
          model = model.after(step);
        }
        const own = model.step({ ...DRAFT, kind: "own", cut: turns });
        const write = model.step({ ...DRAFT, count: 3, electing: true });
        if (!own || !write) return;
        disk.tornBytes = tornBytes;
        disk.dieAfter(dieAfter);
        const ended = await Promise.allSettled([run(store, own), run(store, write)]);
        const [saved, written] = ended.map(({ status }) => status === "fulfilled");
        await disk.powerCut({ keeps, undoes });
        const { store: again } = await openRaftLog(disk, SMALL);
        const owns = saved ? [model.after(own)] : [model.after(own), model];
        matching(
          again,
          owns.flatMap((log) => (written ? [log.after(write)] : outcomes(log, write))),
        );
      },
    ),
    { numRuns: soaked(300) },
  );
});

test("crashes while it is opened, one after the other, change nothing", async () => {
  await fc.assert(
    fc.asyncProperty(crash, async ({ drafts, dieAfter, tornBytes, keeps, undoes }) => {
      const disk = new FaultyDisk(new MemoryDisk());
      const { store } = await openRaftLog(disk, SMALL);
      disk.dieAfter(dieAfter);
      disk.tornBytes = tornBytes;
      const { model, unresolved } = await untilItDies(store, LogModel.empty(), drafts);
      await disk.powerCut({ keeps, undoes });
      let opened: RaftLogStore | undefined;
      for (let calls = 0; !opened; calls += 1) {
        disk.dieAfter(calls);
        await openRaftLog(disk, SMALL).then((found) => {
          opened = found.store;
        }, failed);
        await disk.powerCut({ keeps, undoes });
      }
      disk.fault = () => undefined;
      matching((await openRaftLog(disk, SMALL)).store, outcomes(model, unresolved));
    }),
    { numRuns: soaked(100) },
  );
});

test("a crash while the first segment is made leaves an empty log", async () => {
  for (let calls = 0, opened = false; !opened; calls += 1) {
    const disk = new FaultyDisk(new MemoryDisk());
    disk.dieAfter(calls);
    disk.tornBytes = 9;
    opened = await openRaftLog(disk).then(() => true, failed);
    await disk.powerCut({ keeps: true, undoes: true });
    shows((await openRaftLog(disk)).store, LogModel.empty());
    expect(calls).toBeLessThan(10);
  }
});

test("a disk that is full now and then refuses steps, and all that it took is there", async () => {
  await fc.assert(
    fc.asyncProperty(drafts, fc.array(fc.nat(12), { maxLength: 8 }), async (all, gaps) => {
      const disk = new FaultyDisk(new MemoryDisk());
      const { store } = await openRaftLog(disk, SMALL);
      let model = LogModel.empty();
      const left = [...gaps];
      let before: ChangingCall | undefined;
      disk.fault = (call, path) => {
        // What is taken back needs no room.
        const needsNone =
          call === "remove" ||
          call === "truncate" ||
          before === "truncate" ||
          (call === "rename" && !path.endsWith(".part"));
        before = call;
        if (needsNone || left[0] === undefined) return undefined;
        left[0] -= 1;
        if (left[0] >= 0) return undefined;
        left.shift();
        return new SystemError("disk/no-space", "full", { path });
      };
      for (const draft of all) {
        const step = model.step(draft);
        if (!step) continue;
        while (!(await run(store, step).then(() => true, isFull))) shows(store, model);
        model = model.after(step);
        shows(store, model);
      }
      await disk.powerCut({ keeps: false, undoes: true });
      shows((await openRaftLog(disk, SMALL)).store, model);
    }),
    { numRuns: soaked(300) },
  );
});

function isFull(thrown: unknown): false {
  expect(thrown).toMatchObject({ code: "disk/no-space" });
  return false;
}
