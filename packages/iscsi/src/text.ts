// Text keys of login and text PDUs: `Key=Value` pairs, each ended by a NUL (RFC 7143, 6.1). A
// segment may be continued over several PDUs (the C bit); its length is bounded.
import { type ScatterList, scatterLength } from "@ashlar/core";

/** Longest text accepted over all PDUs of one negotiation step; a login needs about 1 KiB. */
export const TEXT_LENGTH_MAX = 64 * 1024;
/** RFC 7143, 6.1. */
const KEY_LENGTH_MAX = 63;

export type TextPair = readonly [key: string, value: string];

/** Names of keys, verbatim (RFC 7143, 13). */
export const KEY = {
  authMethod: "AuthMethod",
  chapAlgorithm: "CHAP_A",
  chapIdentifier: "CHAP_I",
  chapChallenge: "CHAP_C",
  chapName: "CHAP_N",
  chapResponse: "CHAP_R",
  headerDigest: "HeaderDigest",
  dataDigest: "DataDigest",
  maxConnections: "MaxConnections",
  sendTargets: "SendTargets",
  targetName: "TargetName",
  initiatorName: "InitiatorName",
  targetAlias: "TargetAlias",
  initiatorAlias: "InitiatorAlias",
  targetAddress: "TargetAddress",
  targetPortalGroupTag: "TargetPortalGroupTag",
  initialR2t: "InitialR2T",
  immediateData: "ImmediateData",
  maxRecvDataSegmentLength: "MaxRecvDataSegmentLength",
  maxBurstLength: "MaxBurstLength",
  firstBurstLength: "FirstBurstLength",
  defaultTime2Wait: "DefaultTime2Wait",
  defaultTime2Retain: "DefaultTime2Retain",
  maxOutstandingR2t: "MaxOutstandingR2T",
  dataPduInOrder: "DataPDUInOrder",
  dataSequenceInOrder: "DataSequenceInOrder",
  errorRecoveryLevel: "ErrorRecoveryLevel",
  sessionType: "SessionType",
  ifMarker: "IFMarker",
  ofMarker: "OFMarker",
  ifMarkInt: "IFMarkInt",
  ofMarkInt: "OFMarkInt",
  protocolLevel: "iSCSIProtocolLevel",
  taskReporting: "TaskReporting",
} as const;

export function formatText(pairs: readonly TextPair[]): ScatterList {
  if (pairs.length === 0) return [];
  return [Buffer.from(pairs.map(([key, value]) => `${key}=${value}\0`).join(""), "utf8")];
}

/**
 * Pairs of a complete text in order; undefined when it is malformed. Empty keys, which Windows makes
 * of counted pad bytes, and a missing last NUL are let pass.
 */
export function parseText(text: ScatterList): TextPair[] | undefined {
  const pairs: TextPair[] = [];
  for (const piece of Buffer.concat(text).toString("utf8").split("\0")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    if (equals < 1 || equals > KEY_LENGTH_MAX) return undefined;
    pairs.push([piece.slice(0, equals), piece.slice(equals + 1)]);
  }
  return pairs;
}

/** Joins the text of PDUs that continue each other. */
export class TextAssembler {
  private parts: Buffer[] = [];
  private length = 0;

  /** Adds a segment; false when the whole grew beyond TEXT_LENGTH_MAX. */
  add(data: ScatterList): boolean {
    this.length += scatterLength(data);
    if (this.length > TEXT_LENGTH_MAX) return false;
    this.parts.push(...data);
    return true;
  }

  /** The whole text; the assembler is empty afterwards. */
  take(): ScatterList {
    const parts = this.parts;
    this.parts = [];
    this.length = 0;
    return parts;
  }
}
