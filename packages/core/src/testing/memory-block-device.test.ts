import { KIB, MIB } from "../units.ts";
import { blockDeviceContract } from "./block-device-contract.ts";
import { MemoryBlockDevice } from "./memory-block-device.ts";

for (const blockSize of [512, 4096]) {
  blockDeviceContract(`memory with blocks of ${blockSize}`, async () => ({
    device: new MemoryBlockDevice({ sizeBytes: 4 * MIB, blockSize }),
    border: 64 * KIB,
    dispose: async () => {},
  }));
}
