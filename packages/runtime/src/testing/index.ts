export { type DiskFixture, diskContract } from "./disk-contract.ts";
export { type ChangingCall, type DiskFault, FaultyDisk } from "./faulty-disk.ts";
export { ManualClock } from "./manual-clock.ts";
export { MemoryDisk } from "./memory-disk.ts";
