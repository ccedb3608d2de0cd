// P14 on the disk: what a repair of a damaged unit leaves, through crashes and beside newer writes.
import { CHECKSUM_UNIT, EXTENT_SIZE, SystemError, scatterJoin } from "@ashlar/core";
import { patternedBytes, writeEntry } from "@ashlar/replica/testing";
import { Registry, silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import { beforeEach, expect, test } from "vitest";
import type { DiskChunkStore } from "./disk-chunk-store.ts";
import { createStore, openStore } from "./open.ts";
import { A, B, OPTIONS, PATH, SIZES, UUID } from "./testing/small-store.ts";

const PORTS = { log: silentLog };

let disk: MemoryDisk;
beforeEach(async () => {
  disk = new MemoryDisk();
  await createStore(disk, { ...OPTIONS, ...SIZES, storeUuid: UUID }, PORTS);
});

const open = (registry = new Registry()): Promise<DiskChunkStore> =>
  openStore(disk, OPTIONS, { ...PORTS, registry, clock: new ManualClock() });

const expected = patternedBytes(EXTENT_SIZE, 1);
const unit = { unit: 1, data: [expected.subarray(CHECKSUM_UNIT, 2 * CHECKSUM_UNIT)] };
const reads = async (store: DiskChunkStore): Promise<boolean> => {
  const { data } = await store.read(A, 0, EXTENT_SIZE);
  return scatterJoin(data).equals(expected);
};
/** A store with unit 1 damaged on the disk, its checkpoint taken. */
async function damaged(): Promise<void> {
  const store = await open();
  const lsn = { epoch: 1, seq: 1 };
  await store.append(A, writeEntry(A, lsn, 0, expected));
  store.commit(A, lsn);
  await store.close();
  const at = disk.contentOf(PATH).lastIndexOf(scatterJoin(unit.data)) + 7;
  disk.corrupt(PATH, at, Buffer.from([(disk.contentOf(PATH)[at] ?? 0) ^ 0xff]));
}

test("P14: it is counted, and lasts through a crash before the checkpoint and one after it", async () => {
  await damaged();
  const registry = new Registry();
  const store = await open(registry);
  await store.repairUnit(A, unit);
  expect(await reads(store)).toBe(true);
  expect(await registry.metrics()).toMatch(/ashlar_store_repaired_units_total\{disk="disk-1"\} 1/);
  disk.powerCut();
  const second = await open();
  expect(await reads(second)).toBe(true);
  await second.checkpoint();
  disk.powerCut();
  const third = await open();
  expect(await reads(third)).toBe(true);
  expect(third.overlayBytes).toBe(0);
  expect(third.audit()).toEqual({ leaked: [], lost: [] });
  await third.close();
});

test("P14: a crash before it is durable leaves the damage, which is told", async () => {
  await damaged();
  const store = await open();
  disk.fault = (call) => (call === "write" ? new SystemError("disk/failed", "EIO") : undefined);
  await expect(store.repairUnit(A, unit)).rejects.toMatchObject({ code: "disk/failed" });
  disk.fault = () => undefined;
  disk.powerCut();
  const again = await open();
  await expect(reads(again)).rejects.toMatchObject({ code: "chunk/bad-checksum" });
  await again.close();
});

test("P14: what is committed after it is not undone by replaying it", async () => {
  await damaged();
  const store = await open();
  const newer = patternedBytes(CHECKSUM_UNIT, 9);
  const entry = writeEntry(A, { epoch: 1, seq: 2 }, CHECKSUM_UNIT, newer);
  await store.append(A, entry);
  await store.repairUnit(A, unit);
  store.commit(A, entry.lsn);
  await store.promise(B, 1);
  disk.powerCut();
  const again = await open();
  expect(again.status(A).commit).toEqual(entry.lsn);
  const { data } = await again.read(A, CHECKSUM_UNIT, CHECKSUM_UNIT);
  expect(scatterJoin(data).equals(newer)).toBe(true);
  await again.close();
});
