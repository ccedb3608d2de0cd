export { arbitraryInitiatorPdu, arbitraryTargetPdu } from "./arbitrary-pdus.ts";
export {
  ConnectionScript,
  commandPdu,
  dataOutPdu,
  formatPdu,
  loginTo,
  type ScriptOptions,
} from "./transcript.ts";
