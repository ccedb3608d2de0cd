export { ManualClock } from "./manual-clock.ts";
export { MemoryDisk } from "./memory-disk.ts";
