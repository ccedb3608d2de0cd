export {
  type MemoryCarrierPair,
  MemoryStream,
  memoryCarrierPair,
} from "./memory-carrier.ts";
export { startMembers, TEST_CLUSTER, TestMember } from "./test-member.ts";
