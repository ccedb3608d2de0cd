export { STORAGE_CONFIG, type StorageConfig } from "./config.ts";
export { main } from "./main.ts";
export { StorageNode, type StorageNodeDeps } from "./node.ts";
