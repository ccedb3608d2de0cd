// Writers who are faster than the disk: while a checkpoint runs they may fill what is left of the ring as fast
// as it comes on, so that each waits a little, and nobody for the whole of it.
import { chunkId, familyId, KIB, MIB } from "@ashlar/core";
import { patternedBytes, writeEntry } from "@ashlar/replica/testing";
import { type Disk, type DiskFile, silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { createStore, openStore } from "./open.ts";
import { OPTIONS, UUID } from "./testing/small-store.ts";

const WRITE_BYTES = 4 * KIB;
const JOURNAL_BYTES = 4 * MIB;
/** Blocks of content that a checkpoint finds when the ring is half full. */
const HALF = JOURNAL_BYTES / 2 / WRITE_BYTES;
const CHUNK = chunkId(familyId(1), 0);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a checkpoint puts in place goes through part by part when the test says so. */
class SteppedDisk extends MemoryDisk implements Disk {
  private waiting: (() => void)[] = [];
  isStepped = false;

  step(): boolean {
    const next = this.waiting.shift();
    next?.();
    return next !== undefined;
  }

  override async open(path: string, options: Parameters<Disk["open"]>[1]): Promise<DiskFile> {
    const file = await super.open(path, options);
    return {
      ...file,
      writeMany: async (pieces) => {
        if (this.isStepped) await new Promise<void>((resolve) => this.waiting.push(resolve));
        await file.writeMany(pieces);
      },
    };
  }
}

test("the ring fills as fast as the checkpoint comes on, and what waits goes on when it ends", async () => {
  const disk = new SteppedDisk();
  const options = { ...OPTIONS, chunkSize: 64 * MIB };
  const sizes = { sizeBytes: 128 * MIB, journalBytes: JOURNAL_BYTES };
  await createStore(disk, { ...options, ...sizes, storeUuid: UUID }, { log: silentLog });
  const store = await openStore(disk, options, { log: silentLog, clock: new ManualClock() });
  let seq = 0;
  let acknowledged = 0;
  /** Every second block, so that each is an apply of its own. */
  const write = async (): Promise<void> => {
    seq += 1;
    const lsn = { epoch: 1, seq };
    const offset = seq * 2 * WRITE_BYTES;
    await store.append(CHUNK, writeEntry(CHUNK, lsn, offset, patternedBytes(WRITE_BYTES, seq)));
    acknowledged += 1;
    store.commit(CHUNK, lsn);
  };
  disk.isStepped = true;
  const writes = Array.from({ length: 4 * HALF }, write);
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 50; turns += 1) await turn();
  };
  await settle();
  const before = acknowledged;
  expect(before).toBeGreaterThan(HALF * 0.9);
  expect(before).toBeLessThan(HALF * 1.4);
  // Each part lets in some more, long before the checkpoint is done.
  for (let part = 0; part < 2; part += 1) {
    const sofar = acknowledged;
    expect(disk.step()).toBe(true);
    await settle();
    expect(acknowledged - sofar).toBeGreaterThan(HALF * 0.02);
    expect(acknowledged - before).toBeLessThan(HALF * 0.45);
  }
  disk.isStepped = false;
  while (acknowledged < writes.length) {
    disk.step();
    await turn();
  }
  await Promise.all(writes);
  await store.close();
});
