export {
  CHAP_ALGORITHMS,
  type ChapAlgorithm,
  type ChapChallenge,
  chapResponse,
  formatBinary,
  freshChallenge,
  parseBinary,
  parseIdentifier,
  provesAccount,
} from "./chap.ts";
export { Connection, TICK_INTERVAL_MS } from "./connection.ts";
export type { ConnectionOptions } from "./connection-options.ts";
export type {
  Authentication,
  ChapAccount,
  DiscoveredTarget,
  TargetDirectory,
  TargetLookup,
  TargetQuery,
} from "./directory.ts";
export type { CloseReason, ConnectionEffect, Management } from "./effect.ts";
export type { SessionIdentity } from "./login.ts";
export {
  ASYNC_EVENT,
  ISCSI_PORT,
  LOGIN_STATUS,
  LOGOUT_REASON,
  type LoginStatus,
  STAGE,
  type Stage,
  TAG_NONE,
  TASK_ATTRIBUTE,
  TASK_FUNCTION,
  TASK_RESPONSE,
} from "./opcode.ts";
export {
  type AsyncMessage,
  type DataIn,
  type DataOut,
  type Digests,
  type InitiatorPdu,
  type LoginRequest,
  type LoginResponse,
  type LogoutRequest,
  type LogoutResponse,
  NO_DIGESTS,
  type NopIn,
  type NopOut,
  type R2t,
  type Reject,
  type ScsiCommand,
  type ScsiResponse,
  type TargetPdu,
  type TaskManagementRequest,
  type TaskManagementResponse,
  type TextRequest,
  type TextResponse,
  type UnknownPdu,
} from "./pdu.ts";
export {
  type DecodeFault,
  initiatorPduDecoder,
  PduDecoder,
  targetPduDecoder,
} from "./pdu-decoder.ts";
export { encodeInitiatorPdu, encodeTargetPdu } from "./pdu-encoder.ts";
export { serialAdd, serialDistance } from "./serial.ts";
export { Task } from "./task.ts";
export { formatText, KEY, parseText, TextAssembler, type TextPair } from "./text.ts";
