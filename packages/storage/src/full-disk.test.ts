// P18: a full disk loses no ack, diverges no replica, wedges no chunk.
import { testNode, testStore } from "@ashlar/catalog/testing";
import { clusterId, diskId, EXTENT_SIZE, MIB } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import { createStore, type DiskChunkStore, openStore } from "@ashlar/store";
import { afterEach, describe, expect, it } from "vitest";
import { chunkOf, ReplicaNodes } from "./testing/replica-nodes.ts";

const CHUNKS = 8;
const WRITES_OF_CHUNK = 60;

let nodes: ReplicaNodes | undefined;
const opened: DiskChunkStore[] = [];
afterEach(async () => {
  nodes?.stop();
  for (const store of opened.splice(0)) await store.close();
});

async function storeOf(number: number, sizeBytes: number): Promise<DiskChunkStore> {
  const disk = new MemoryDisk();
  const identity = {
    path: "/disk",
    clusterId: clusterId("6b1f7f0e-58a5-4b43-a3bd-2d6b7cf1d2aa"),
    node: testNode(number),
    diskId: diskId("disk-1"),
    chunkSize: 16 * MIB,
  };
  const sizes = { sizeBytes, journalBytes: 2 * MIB, storeUuid: testStore(number) };
  await createStore(disk, { ...identity, ...sizes }, { log: silentLog });
  const store = await openStore(disk, identity, { log: silentLog, clock: new ManualClock() });
  opened.push(store);
  return store;
}

describe("many chunks that fill their stores at the same time (P18)", () => {
  it.each([
    ["equal stores", [18, 18]],
    ["one store smaller than the other", [18, 17]],
  ])(
    "%s: acked writes are there, replicas are equal, and writes go on when there is room",
    async (_, sizes) => {
      const stores = await Promise.all(sizes.map((size, at) => storeOf(at + 1, size * MIB)));
      nodes = new ReplicaNodes(stores);
      const cluster = nodes;
      const family = cluster.volume(1, CHUNKS, 2);
      const chunks = Array.from({ length: CHUNKS }, (_, index) => chunkOf(family, index));
      const places = chunks.flatMap((chunk) =>
        Array.from({ length: WRITES_OF_CHUNK }, (_, at) => ({ chunk, offset: at * EXTENT_SIZE })),
      );
      const replies = await Promise.all(
        places.map(({ chunk, offset }) =>
          cluster.operate(chunk, { offset, length: 4096, lowestUnresolvedSeq: 1 }),
        ),
      );
      const statuses = new Set(replies.map(({ status }) => status));
      expect([...statuses].sort()).toEqual(["good", "noSpace"]);
      for (const [at, { chunk, offset }] of places.entries()) {
        const [byte] = await cluster.read(chunk, offset);
        expect(byte, `write ${at}`).toBe(replies[at]?.status === "good" ? (at + 1) & 255 : 0);
      }
      await cluster.until(() => cluster.areAlike(...chunks));
      for (const chunk of chunks) {
        const unmap = { kind: "unmap", offset: 0, length: 30 * EXTENT_SIZE } as const;
        expect((await cluster.operate(chunk, unmap)).status).toBe("good");
      }
      for (const store of stores) await store.checkpoint();
      for (const chunk of chunks) {
        await cluster.until(() => stores.every((store) => store.space().freeBytes > MIB));
        // The first may still go by what a member told while it was full.
        let status = "noSpace";
        while (status === "noSpace") status = (await cluster.operate(chunk)).status;
        expect(status).toBe("good");
      }
      await cluster.until(() => cluster.areAlike(...chunks));
      expect(cluster.catalog.faults).toEqual([]);
    },
  );
});
