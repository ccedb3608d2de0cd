export { type BlockDeviceFixture, blockDeviceContract } from "./block-device-contract.ts";
export { MemoryBlockDevice } from "./memory-block-device.ts";
