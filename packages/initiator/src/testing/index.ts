export { type DeviceFaults, MemoryDevice, type StoredWrite } from "./memory-device.ts";
export {
  dialMemory,
  MemoryPortal,
  type MemoryPortalOptions,
  memoryTarget,
} from "./memory-portal.ts";
export { startTgt, TGT_LUN, TGT_TARGET, type TgtTarget } from "./tgt.ts";
