export { type ChunkStoreFixture, chunkStoreContract } from "./chunk-store-contract.ts";
export { SCOPES, SCOPES_OF_MINUTES } from "./exhaustive/scopes.ts";
export { Search } from "./exhaustive/search.ts";
export { MemoryChunkStore, type MemoryChunkStoreOptions } from "./memory-chunk-store.ts";
export { SIM_SHAPES, type SimFigures, simulate } from "./simulation/shapes.ts";
export { patternedBytes, unmapEntry, writeEntry } from "./store-entries.ts";
