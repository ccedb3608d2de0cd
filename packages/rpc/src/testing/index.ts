export {
  type MemoryCarrierPair,
  MemoryStream,
  memoryCarrierPair,
} from "./memory-carrier.ts";
export type { MessageLine, MessageLineEvents, MessageNetwork } from "./message-line.ts";
export { simulatedGrpc } from "./simulated-grpc.ts";
export { startMembers, TEST_CLUSTER, TestMember } from "./test-member.ts";
