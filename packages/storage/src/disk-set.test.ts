import { clusterId, diskId, MIB, nodeId } from "@ashlar/core";
import { nodeClock, nodeRandom, Registry, silentLog } from "@ashlar/runtime";
import { MemoryDisk } from "@ashlar/runtime/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { DiskSet } from "./disk-set.ts";
import { NodeCatalogue } from "./node-catalogue.ts";

const CHUNK_SIZE = 16 * MIB;
const one = { diskId: diskId("disk-1"), path: "/data/disk-1", sizeBytes: 24 * MIB };
const two = { diskId: diskId("disk-2"), path: "/data/disk-2", sizeBytes: 24 * MIB };

let catalogue: NodeCatalogue;
let disk: MemoryDisk;
beforeEach(async () => {
  disk = new MemoryDisk();
  catalogue = await NodeCatalogue.open(disk, "/data");
});

async function opened(
  disks: readonly (typeof one)[],
  {
    node = "storage-1",
    isOutOfUse = (_store: string): boolean => false,
    isElsewhere = (_store: string): boolean => false,
  } = {},
): Promise<DiskSet> {
  const ports = { disk, clock: nodeClock, random: nodeRandom, log: silentLog };
  const deps = { ...ports, registry: new Registry(), catalogue, isOutOfUse, isElsewhere };
  const config = {
    clusterId: clusterId("abcdef01-0000-4000-8000-000000000000"),
    nodeId: nodeId(node),
    disks: [...disks],
    pageCacheBytes: MIB,
  };
  const set = new DiskSet(deps, config);
  await set.open(CHUNK_SIZE);
  return set;
}

describe("the disks of a node", () => {
  it("are made once and are the same stores ever after", async () => {
    const first = await opened([one, two]);
    const uuids = first.all.map(({ store }) => store.storeUuid);
    expect(new Set(uuids).size).toBe(2);
    await first.close();
    const again = await opened([one, two]);
    expect(again.all.map(({ store }) => store.storeUuid)).toEqual(uuids);
    expect(again.report().disks.map(({ state }) => state)).toEqual(["up", "up"]);
    await again.close();
  });

  it("are never made anew where a store is known: a missing one is reported, the others serve", async () => {
    await (await opened([one, two])).close();
    await disk.remove(one.path);
    const rest = await opened([one, two]);
    expect(rest.all.map(({ disk: id }) => id)).toEqual([two.diskId]);
    expect(rest.missing).toEqual([
      {
        disk: one.diskId,
        storeUuid: catalogue.get(one.diskId)?.storeUuid,
        sizeBytes: one.sizeBytes,
      },
    ]);
    expect(await disk.exists(one.path)).toBe(false);
    await rest.close();
  });

  it("are made anew in the place of one that is out of use and was taken away", async () => {
    const first = await opened([one, two]);
    const retired = first.all[0]!.store.storeUuid;
    await first.close();
    const isRetired = (store: string): boolean => store === retired;
    const still = await opened([one, two], { isOutOfUse: isRetired });
    expect(still.all[0]!.store.storeUuid).toBe(retired);
    await still.close();
    await disk.remove(one.path);
    // By now the catalog does not name it any more.
    const replaced = await opened([one, two]);
    expect(replaced.all.map(({ disk: id }) => id)).toEqual([one.diskId, two.diskId]);
    expect(replaced.all[0]!.store.storeUuid).not.toBe(retired);
    await replaced.close();
  });

  it("tell who they are when the node's catalogue is lost, and those that are missing are made", async () => {
    const first = await opened([one, two]);
    const uuids = first.all.map(({ store }) => store.storeUuid);
    await first.close();
    await disk.remove(two.path);
    catalogue = NodeCatalogue.empty(disk, "/data");
    const again = await opened([one, two]);
    const [kept, made] = again.all.map(({ store }) => store.storeUuid);
    expect(kept).toBe(uuids[0]);
    expect(uuids).not.toContain(made);
    expect(catalogue.get(one.diskId)).toEqual({ storeUuid: uuids[0], state: "ready" });
    await again.close();
  });

  it("of a node that is gone are used where they lie now, copies of those in use are not", async () => {
    const first = await opened([one]);
    const { storeUuid } = first.all[0]!.store;
    await first.close();
    catalogue = NodeCatalogue.empty(disk, "/data");
    const place = { ...two, path: one.path };
    const copied = await opened([place], { node: "storage-2", isElsewhere: () => true });
    expect(copied.all).toHaveLength(0);
    expect(catalogue.get(two.diskId)).toBeUndefined();
    const moved = await opened([place], { node: "storage-2" });
    const found = moved.all.map(({ disk: id, store }) => [id, store.storeUuid, store.node]);
    expect(found).toEqual([[two.diskId, storeUuid, nodeId("storage-2")]]);
    await moved.close();
    // It is this node's from now on, and nobody else's.
    await (await opened([place], { node: "storage-2", isElsewhere: () => true })).close();
    const back = await opened([one], { isElsewhere: () => true });
    expect(back.all).toHaveLength(0);
  });

  it("that a crash left half made are made again", async () => {
    const first = await opened([one]);
    const [made] = first.all;
    await first.close();
    await catalogue.put(one.diskId, { storeUuid: made!.store.storeUuid, state: "creating" });
    await (await disk.open(one.path, { mode: "open" })).truncate(MIB);
    const again = await opened([one]);
    expect(again.all.map(({ store }) => store.storeUuid)).toEqual([made!.store.storeUuid]);
    await again.close();
  });
});
