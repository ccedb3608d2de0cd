export {
  type ChunkStoreFixture,
  chunkStoreContract,
  patternedBytes,
  unmapEntry,
  writeEntry,
} from "./chunk-store-contract.ts";
export { MemoryChunkStore, type MemoryChunkStoreOptions } from "./memory-chunk-store.ts";
