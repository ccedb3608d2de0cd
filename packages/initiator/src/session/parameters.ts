// What the initiator offers at login and what came of it (RFC 7143, 13). The target's answer to a
// key is the result; a key it left out keeps its default.
import { KEY, type TextPair } from "@ashlar/iscsi";

export interface OfferedParameters {
  /** Digests wanted first; "None" is always acceptable. */
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  readonly initialR2t: boolean;
  readonly immediateData: boolean;
  /** Longest data segment this side takes, in bytes. */
  readonly maxRecvDataSegmentLength: number;
  readonly maxBurstLength: number;
  readonly firstBurstLength: number;
  readonly maxOutstandingR2t: number;
}

export const OFFERED_DEFAULT: OfferedParameters = {
  headerDigest: false,
  dataDigest: false,
  initialR2t: false,
  immediateData: true,
  maxRecvDataSegmentLength: 256 * 1024,
  maxBurstLength: 256 * 1024,
  firstBurstLength: 256 * 1024,
  maxOutstandingR2t: 1,
};

export interface SessionParameters {
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  readonly initialR2t: boolean;
  readonly immediateData: boolean;
  /** Longest data segment the target takes, in bytes. */
  readonly targetDataSegmentMax: number;
  readonly maxBurstLength: number;
  readonly firstBurstLength: number;
  readonly targetPortalGroupTag: number | undefined;
}

const yesNo = (value: boolean): string => (value ? "Yes" : "No");
const digestOffer = (wanted: boolean): string => (wanted ? "CRC32C,None" : "None");

/** Keys of the operational stage; a discovery session negotiates only those that apply to it. */
export function operationalKeys(offer: OfferedParameters, discovery: boolean): TextPair[] {
  const both: TextPair[] = [
    [KEY.headerDigest, digestOffer(offer.headerDigest)],
    [KEY.dataDigest, digestOffer(offer.dataDigest)],
    [KEY.maxRecvDataSegmentLength, String(offer.maxRecvDataSegmentLength)],
    [KEY.defaultTime2Wait, "2"],
    [KEY.defaultTime2Retain, "0"],
    [KEY.errorRecoveryLevel, "0"],
  ];
  if (discovery) return both;
  return [
    ...both,
    [KEY.maxConnections, "1"],
    [KEY.initialR2t, yesNo(offer.initialR2t)],
    [KEY.immediateData, yesNo(offer.immediateData)],
    [KEY.maxBurstLength, String(offer.maxBurstLength)],
    [KEY.firstBurstLength, String(Math.min(offer.firstBurstLength, offer.maxBurstLength))],
    [KEY.maxOutstandingR2t, String(offer.maxOutstandingR2t)],
    [KEY.dataPduInOrder, "Yes"],
    [KEY.dataSequenceInOrder, "Yes"],
  ];
}

/** The result of the negotiation; undefined with an answer that breaks a key's rule. */
export function concludeParameters(
  offer: OfferedParameters,
  answers: ReadonlyMap<string, string>,
): SessionParameters | undefined {
  const flag = (key: string, unanswered: boolean): boolean => {
    const value = answers.get(key);
    return value === undefined ? unanswered : value === "Yes";
  };
  const bytes = (key: string, unanswered: number): number => Number(answers.get(key) ?? unanswered);
  const tag = answers.get(KEY.targetPortalGroupTag);
  const parameters: SessionParameters = {
    headerDigest: answers.get(KEY.headerDigest) === "CRC32C",
    dataDigest: answers.get(KEY.dataDigest) === "CRC32C",
    initialR2t: flag(KEY.initialR2t, true),
    immediateData: flag(KEY.immediateData, offer.immediateData),
    targetDataSegmentMax: bytes(KEY.maxRecvDataSegmentLength, 8192),
    maxBurstLength: bytes(KEY.maxBurstLength, Math.min(262144, offer.maxBurstLength)),
    firstBurstLength: bytes(KEY.firstBurstLength, Math.min(65536, offer.firstBurstLength)),
    targetPortalGroupTag: tag === undefined ? undefined : Number(tag),
  };
  return obeysOffer(offer, parameters) ? parameters : undefined;
}

/** InitialR2T is an OR, ImmediateData an AND, lengths are minima, digests must have been offered. */
function obeysOffer(offer: OfferedParameters, result: SessionParameters): boolean {
  return (
    (offer.headerDigest || !result.headerDigest) &&
    (offer.dataDigest || !result.dataDigest) &&
    (result.initialR2t || !offer.initialR2t) &&
    (offer.immediateData || !result.immediateData) &&
    result.targetDataSegmentMax >= 512 &&
    result.maxBurstLength >= 512 &&
    result.maxBurstLength <= offer.maxBurstLength &&
    result.firstBurstLength >= 512 &&
    result.firstBurstLength <= offer.firstBurstLength
  );
}
