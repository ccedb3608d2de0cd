export { METADATA_CONFIG, type MetadataConfig } from "./config.ts";
export { foundCluster } from "./group/member-folder.ts";
export { main } from "./main.ts";
export { MetadataNode, type MetadataNodeDeps } from "./node.ts";
