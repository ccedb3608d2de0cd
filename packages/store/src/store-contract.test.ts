import {
  CHUNK_SIZE_MIN,
  type ChunkId,
  clusterId,
  diskId,
  MIB,
  nodeId,
  storeUuid,
} from "@ashlar/core";
import { chunkStoreContract } from "@ashlar/replica/testing";
import { silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import { createStore, openStore } from "./open.ts";

chunkStoreContract("DiskChunkStore", async () => {
  const disk = new MemoryDisk();
  const options = {
    path: "/disk-1",
    clusterId: clusterId("6b1f7f0e-58a5-4b43-a3bd-2d6b7cf1d2aa"),
    node: nodeId("storage-1"),
    diskId: diskId("disk-1"),
    chunkSize: CHUNK_SIZE_MIN,
  };
  const uuid = storeUuid("00000000-0000-4000-8000-00000000000a");
  const sizes = { sizeBytes: 48 * MIB, journalBytes: 4 * MIB };
  await createStore(disk, { ...options, ...sizes, storeUuid: uuid }, { log: silentLog });
  const store = await openStore(disk, options, { log: silentLog, clock: new ManualClock() });
  const damage = async (_chunk: ChunkId, _unit: number, content: Buffer): Promise<void> => {
    const at = disk.contentOf(options.path).lastIndexOf(content);
    disk.corrupt(options.path, at + 9, Buffer.from([(content[9] ?? 0) ^ 1]));
  };
  return { store, damage, dispose: () => store.close() };
});
