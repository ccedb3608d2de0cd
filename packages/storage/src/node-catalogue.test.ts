import { diskId, storeUuid } from "@ashlar/core";
import { FaultyDisk, MemoryDisk } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { type DiskEntry, NodeCatalogue } from "./node-catalogue.ts";

const FOLDER = "/storage";
const ONE = diskId("disk-1");
const TWO = diskId("disk-2");
const uuid = (number: number) => storeUuid(`00000000-0000-4000-8000-00000000000${number}`);
const FIRST: DiskEntry = { storeUuid: uuid(1), state: "ready" };
const SECOND: DiskEntry = { storeUuid: uuid(2), state: "creating" };
const SCRUB = { dueMs: 17, doneUpTo: 4, pass: undefined };

test("what was put is there after a power cut, and nothing else", async () => {
  const disk = new MemoryDisk();
  const catalogue = await NodeCatalogue.open(disk, FOLDER);
  expect(catalogue.get(ONE)).toBeUndefined();
  await Promise.all([
    catalogue.put(ONE, FIRST),
    catalogue.put(TWO, SECOND),
    catalogue.putScrub(uuid(1), SCRUB),
  ]);
  disk.powerCut();
  const again = await NodeCatalogue.open(disk, FOLDER);
  expect([again.get(ONE), again.get(TWO), again.get(diskId("disk-3"))]).toEqual([
    FIRST,
    SECOND,
    undefined,
  ]);
  expect(again.getScrub(uuid(1))).toEqual({ dueMs: 17, doneUpTo: 4 });
  expect(again.getScrub(uuid(2))).toBeUndefined();
});

test("a power cut at any call, whatever of it reached the disk, leaves what was there or what was put", async () => {
  let images = 0;
  for (const keeps of [true, false]) {
    for (const undoes of [true, false]) {
      for (const tornBytes of [0, 1, 40, 4096]) {
        for (let calls = 0, written = false; !written; calls += 1) {
          const memory = new MemoryDisk();
          await (await NodeCatalogue.open(memory, FOLDER)).put(ONE, FIRST);
          const disk = new FaultyDisk(memory);
          disk.tornBytes = tornBytes;
          const catalogue = await NodeCatalogue.open(disk, FOLDER);
          disk.dieAfter(calls);
          written = await catalogue.put(TWO, SECOND).then(
            () => true,
            () => false,
          );
          expect(catalogue.get(TWO), "what failed is not there").toEqual(
            written ? SECOND : undefined,
          );
          await disk.powerCut({ keeps, undoes });
          const again = await NodeCatalogue.open(memory, FOLDER);
          expect(again.get(ONE)).toEqual(FIRST);
          expect(again.get(TWO)).toEqual(written ? SECOND : undefined);
          images += 1;
        }
      }
    }
  }
  expect(images).toBeGreaterThan(60);
});

test("a change that failed keeps the next one from nothing", async () => {
  const memory = new MemoryDisk();
  const disk = new FaultyDisk(memory);
  const catalogue = await NodeCatalogue.open(disk, FOLDER);
  disk.dieAfter(1);
  const lost = catalogue.put(ONE, FIRST);
  await expect(lost).rejects.toMatchObject({ code: "disk/failed" });
  disk.fault = () => undefined;
  await catalogue.put(TWO, SECOND);
  const again = await NodeCatalogue.open(memory, FOLDER);
  expect([again.get(ONE), again.get(TWO)]).toEqual([undefined, SECOND]);
});

test("damage in any byte is told, and a newer version's file is not taken for damage", async () => {
  const disk = new MemoryDisk();
  await (await NodeCatalogue.open(disk, FOLDER)).put(ONE, FIRST);
  const path = `${FOLDER}/disks.json`;
  const whole = Buffer.from(disk.contentOf(path));
  for (let at = 0; at < whole.length - 1; at += 1) {
    disk.corrupt(path, at, Buffer.from([(whole[at] ?? 0) ^ (1 << (at % 8))]));
    await expect(NodeCatalogue.open(disk, FOLDER), `byte ${at}`).rejects.toMatchObject({
      code: "disk/corrupt",
    });
    disk.corrupt(path, at, whole.subarray(at, at + 1));
  }
});
