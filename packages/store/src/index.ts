export { DiskChunkStore } from "./disk-chunk-store.ts";
export type { MirrorEvents, MirrorStatus, MirrorWitness } from "./mirror-file.ts";
export {
  type CreateStoreOptions,
  createStore,
  type OpenStoreOptions,
  openStore,
  type StoreIdentity,
  type StoreOwner,
  type StorePorts,
} from "./open.ts";
