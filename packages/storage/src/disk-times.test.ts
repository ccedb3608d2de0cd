// What a disk takes, slot by slot: whole slots only, and what hangs is told before it ends.
import { MemoryDisk } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { DISK_SLOT_MS, DiskTimer } from "./disk-times.ts";
import { timedDisk } from "./timed-disk.ts";

test("three of four operations took no longer than is told, of each kind for itself", () => {
  const timer = new DiskTimer(0);
  for (const tookMs of [10, 20, 30, 400]) timer.begin("syncs", 1_000)(1_000 + tookMs);
  timer.begin("reads", 2_000)(2_001);
  expect(timer.times(DISK_SLOT_MS - 1)).toBeUndefined();
  expect(timer.times(DISK_SLOT_MS)).toEqual({
    slot: 1,
    slotMs: DISK_SLOT_MS,
    // One after the other, as far as the disk is concerned.
    syncs: { count: 4, quartileMs: 30, busyMs: 460 },
    reads: { count: 1, quartileMs: 1, busyMs: 1 },
  });
  const times = timer.times(2 * DISK_SLOT_MS - 1);
  expect(timer.times(DISK_SLOT_MS)).toBe(times);
  expect(timer.times(2 * DISK_SLOT_MS)).toMatchObject({ slot: 2, syncs: { count: 0, busyMs: 0 } });
});

test("an operation that hangs is as old as it is, in each slot, and ends once", () => {
  const timer = new DiskTimer(0);
  const ended = timer.begin("reads", 1_000);
  expect(timer.times(DISK_SLOT_MS)?.reads).toEqual({ count: 1, quartileMs: 4_000, busyMs: 4_000 });
  expect(timer.times(4 * DISK_SLOT_MS)).toMatchObject({
    slot: 4,
    reads: { count: 1, quartileMs: 4 * DISK_SLOT_MS - 1_000, busyMs: DISK_SLOT_MS },
  });
  ended(4 * DISK_SLOT_MS + 500);
  ended(4 * DISK_SLOT_MS + 900);
  expect(timer.times(5 * DISK_SLOT_MS)?.reads).toEqual({
    count: 1,
    quartileMs: 4 * DISK_SLOT_MS - 500,
    busyMs: 500,
  });
});

test("a busy disk keeps no more samples than it may, and they are of the whole slot", () => {
  const timer = new DiskTimer(0);
  for (let at = 0; at < 4_990; at += 1) timer.begin("syncs", at)(at + (at < 2_500 ? 1 : 3));
  expect(timer.times(DISK_SLOT_MS)?.syncs).toMatchObject({ count: 4_990, quartileMs: 3 });
});

test("a disk that is watched reads, writes and syncs as before, and failures are told as they are", async () => {
  let nowMs = 0;
  const timer = new DiskTimer(0);
  const disk = timedDisk({ disk: new MemoryDisk(), clock: { nowMs: () => (nowMs += 5) }, timer });
  const file = await disk.open("disk-1", { mode: "create" });
  await file.write(0, [Buffer.from("squared")]);
  await file.datasync();
  const read = Buffer.alloc(7);
  await file.read(0, read);
  expect(read.toString()).toBe("squared");
  await file.close();
  await expect(disk.open("disk-2", { mode: "open" })).rejects.toThrow();
  expect(timer.times(DISK_SLOT_MS)).toMatchObject({
    syncs: { count: 1, quartileMs: 5 },
    reads: { count: 1, quartileMs: 5 },
  });
});
