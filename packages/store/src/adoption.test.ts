// A store that another node made becomes this one's where it may, and is either's, whole, whatever happens.
import { CHECKSUM_UNIT, diskId, nodeId, scatterJoin } from "@ashlar/core";
import { patternedBytes, writeEntry } from "@ashlar/replica/testing";
import { seededRandom, silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { createStore, openStore } from "./open.ts";
import { RecordingDisk, SURVIVALS } from "./testing/recording-disk.ts";
import { A, OPTIONS, PATH, SIZES, UUID } from "./testing/small-store.ts";

const PORTS = { log: silentLog, clock: new ManualClock() };
const OTHER = { ...OPTIONS, node: nodeId("storage-2"), diskId: diskId("disk-2") };
const adopts = (): boolean => true;
const DATA = patternedBytes(CHECKSUM_UNIT, 1);

async function written(): Promise<RecordingDisk> {
  const disk = new RecordingDisk(PATH);
  await createStore(disk, { ...OPTIONS, ...SIZES, storeUuid: UUID }, PORTS);
  const store = await openStore(disk, OPTIONS, PORTS);
  await store.append(A, writeEntry(A, { epoch: 1, seq: 1 }, 0, DATA));
  store.commit(A, { epoch: 1, seq: 1 });
  await store.close();
  return disk;
}

test("only who is told to takes it, and then its former owner is refused", async () => {
  const disk = await written();
  const foreign = { code: "disk/foreign" };
  await expect(openStore(disk, OTHER, PORTS)).rejects.toMatchObject(foreign);
  const asked: unknown[] = [];
  const refuses = (owner: unknown): boolean => asked.push(owner) < 0;
  await expect(openStore(disk, { ...OTHER, adopts: refuses }, PORTS)).rejects.toMatchObject(
    foreign,
  );
  expect(asked).toMatchObject([{ node: "storage-1", diskId: "disk-1", storeUuid: UUID }]);
  const store = await openStore(disk, { ...OTHER, adopts }, PORTS);
  expect([store.node, store.disk, store.storeUuid]).toEqual(["storage-2", "disk-2", UUID]);
  expect(scatterJoin((await store.read(A, 0, CHECKSUM_UNIT)).data)).toEqual(DATA);
  await store.close();
  await expect(openStore(disk, OPTIONS, PORTS)).rejects.toMatchObject(foreign);
});

test("one of another cluster, or for chunks of another size, is taken by nobody", async () => {
  const disk = await written();
  const elsewhere = { ...OTHER, chunkSize: 2 * OTHER.chunkSize, adopts };
  await expect(openStore(disk, elsewhere, PORTS)).rejects.toMatchObject({ code: "disk/foreign" });
});

test("after a power cut at any moment of it, it is the one's or the other's, with all that was on it", async () => {
  const disk = await written();
  disk.record();
  const store = await openStore(disk, { ...OTHER, adopts }, PORTS);
  const told = disk.length;
  await store.promise(A, 2);
  await store.close();
  const random = seededRandom(1);
  const owners = new Map<string, number>();
  await disk.eachMoment(async (at, image) => {
    for (const survival of SURVIVALS) {
      const left = await image(survival, random);
      const former = await openStore(left, OPTIONS, PORTS).catch(() => undefined);
      const owner = former ?? (await openStore(left, OTHER, PORTS));
      owners.set(owner.node, (owners.get(owner.node) ?? 0) + 1);
      if (at >= told) expect(owner.node, "it was told").toBe("storage-2");
      expect(scatterJoin((await owner.read(A, 0, CHECKSUM_UNIT)).data)).toEqual(DATA);
      await owner.close();
    }
  });
  expect([...owners.keys()].sort()).toEqual(["storage-1", "storage-2"]);
});
