export { MemoryChunkStore, type MemoryChunkStoreOptions } from "./memory-chunk-store.ts";
