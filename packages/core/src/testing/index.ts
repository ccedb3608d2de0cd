export { type BlockDeviceFixture, blockDeviceContract } from "./block-device-contract.ts";
export { MemoryBlockDevice } from "./memory-block-device.ts";
export { copyGraph, freezeGraph, type PrintOptions, printGraph } from "./search/object-graph.ts";
export { StateTable } from "./search/state-table.ts";
export { FIRST_SEED, SOAKS, soaked } from "./soak.ts";
