export { arbitraryInitiatorPdu, arbitraryTargetPdu } from "./arbitrary-pdus.ts";
