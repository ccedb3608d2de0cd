import { CHUNK_SIZE_MIN, chunkId, familyId, MIB } from "@ashlar/core";
import { expect, test } from "vitest";
import { chunkStoreContract } from "./chunk-store-contract.ts";
import { MemoryChunkStore } from "./memory-chunk-store.ts";

chunkStoreContract("MemoryChunkStore", async () => {
  const store = new MemoryChunkStore({ chunkSize: CHUNK_SIZE_MIN, sizeBytes: 40 * MIB });
  return {
    store,
    damage: async (chunk, unit) => store.damage(chunk, unit),
    dispose: () => store.close(),
  };
});

test("P19: once failed it rejects everything", async () => {
  const store = new MemoryChunkStore();
  store.fail();
  const chunk = chunkId(familyId(1), 0);
  await expect(store.promise(chunk, 1)).rejects.toMatchObject({ code: "disk/failed" });
  await expect(store.read(chunk, 0, 512)).rejects.toMatchObject({ code: "disk/failed" });
});
