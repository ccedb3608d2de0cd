export { type DiskFixture, diskContract } from "./disk-contract.ts";
export { ManualClock } from "./manual-clock.ts";
export { MemoryDisk } from "./memory-disk.ts";
