export {
  type CreateStoreOptions,
  createStore,
  type OpenStoreOptions,
  openStore,
  type StoreIdentity,
} from "./open.ts";
