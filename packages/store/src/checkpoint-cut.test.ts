// A power cut at each call that a checkpoint makes of its disk, and of the writes not synced by then only the
// first, only the last, all but one of them, all, or none reach it.
import { CHECKSUM_UNIT, EXTENT_SIZE, SystemError, scatterJoin } from "@ashlar/core";
import { patternedBytes, writeEntry } from "@ashlar/replica/testing";
import { silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import type { DiskChunkStore } from "./disk-chunk-store.ts";
import { createStore, openStore } from "./open.ts";
import { A, OPTIONS, SIZES, UUID } from "./testing/small-store.ts";

const PORTS = { log: silentLog };
/** Whether the write of that index, of so many, reaches the disk. */
const SURVIVORS: Record<string, (index: number, count: number) => boolean> = {
  none: () => false,
  all: () => true,
  "only the first": (index) => index === 0,
  "only the last": (index, count) => index === count - 1,
  "all but the first": (index) => index > 0,
  "all but the last": (index, count) => index < count - 1,
};
/** A checkpoint of one extent makes fewer calls. */
const CALLS_MAX = 40;

const open = (disk: MemoryDisk): Promise<DiskChunkStore> =>
  openStore(disk, OPTIONS, { ...PORTS, clock: new ManualClock() });

async function write(store: DiskChunkStore, seq: number, offset: number): Promise<void> {
  const lsn = { epoch: 1, seq };
  await store.append(A, writeEntry(A, lsn, offset, patternedBytes(CHECKSUM_UNIT, seq)));
  store.commit(A, lsn);
}

/** False when the checkpoint ended before that call. */
async function cutAt(call: number, survives: (typeof SURVIVORS)[string]): Promise<boolean> {
  const disk = new MemoryDisk();
  await createStore(disk, { ...OPTIONS, ...SIZES, storeUuid: UUID }, PORTS);
  const store = await open(disk);
  await write(store, 1, 0);
  await store.checkpoint();
  await write(store, 2, CHECKSUM_UNIT);
  await write(store, 3, EXTENT_SIZE);
  let calls = 0;
  let unsynced = 0;
  disk.fault = (made) => {
    calls += 1;
    if (calls >= call) return new SystemError("disk/failed", "the power is gone");
    unsynced = made === "datasync" ? 0 : unsynced + 1;
    return undefined;
  };
  const isCut = await store.checkpoint().then(
    () => false,
    () => true,
  );
  disk.fault = () => undefined;
  disk.powerCut((_, index) => survives(index, unsynced));
  const again = await open(disk);
  again.commit(A, { epoch: 1, seq: 3 });
  for (const [seq, offset] of [0, CHECKSUM_UNIT, EXTENT_SIZE].entries()) {
    const { data } = await again.read(A, offset, CHECKSUM_UNIT);
    expect(scatterJoin(data).equals(patternedBytes(CHECKSUM_UNIT, seq + 1))).toBe(true);
  }
  expect(again.audit()).toEqual({ leaked: [], lost: [] });
  return isCut;
}

test.each(Object.entries(SURVIVORS))(
  "P1, P13: a checkpoint that is cut anywhere loses nothing when %s of its writes survive",
  async (_, survives) => {
    let call = 1;
    while (await cutAt(call, survives)) call += 1;
    expect(call, "the checkpoint was cut at each of its calls").toBeGreaterThan(8);
    expect(call).toBeLessThan(CALLS_MAX);
  },
);
