export {
  type MemoryCarrierPair,
  MemoryStream,
  memoryCarrierPair,
} from "./memory-carrier.ts";
