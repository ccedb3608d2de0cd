// A store small enough for memory, as tests of damage make it: what it is called and how large it is.
import { chunkId, clusterId, diskId, familyId, MIB, nodeId, storeUuid } from "@ashlar/core";

export const PATH = "/disk-1";
export const OPTIONS = {
  path: PATH,
  clusterId: clusterId("6b1f7f0e-58a5-4b43-a3bd-2d6b7cf1d2aa"),
  node: nodeId("storage-1"),
  diskId: diskId("disk-1"),
  chunkSize: MIB,
};
export const SIZES = { sizeBytes: 12 * MIB, journalBytes: 2 * MIB };
export const UUID: ReturnType<typeof storeUuid> = storeUuid("00000000-0000-4000-8000-00000000000a");
/** Two chunks of it. */
export const A: ReturnType<typeof chunkId> = chunkId(familyId(1), 0);
export const B: ReturnType<typeof chunkId> = chunkId(familyId(1), 1);
