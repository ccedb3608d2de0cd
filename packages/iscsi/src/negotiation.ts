// The negotiation table (RFC 7143, 6.2 and 13) and its interpreter: one row per key with the rule
// that makes one result of two offers. Every offered key is answered exactly once, unknown ones with
// NotUnderstood; nothing is offered unasked but our own MaxRecvDataSegmentLength.
import { KIB, MIB } from "@ashlar/core";
import { KEY, type TextPair } from "./text.ts";

/** Longest data segment we accept; declared to the initiator. */
export const RECEIVE_SEGMENT_MAX = 256 * KIB;
/** Longest data segment before anything was declared (RFC 7143, 13.12). */
export const SEGMENT_DEFAULT = 8 * KIB;
/** Linux gains from longer bursts; Windows offers 256 KiB and gets them. */
const BURST_MAX = 1 * MIB;
/** Unsolicited bytes per command: times the command window, the memory a session can claim. */
const FIRST_BURST_MAX = 64 * KIB;

/** What a session agreed on. */
export interface SessionParameters {
  headerDigest: boolean;
  dataDigest: boolean;
  /** Longest data segment the initiator takes. */
  sendSegmentMax: number;
  maxBurstLength: number;
  firstBurstLength: number;
  immediateData: boolean;
  initialR2t: boolean;
}

type BooleanParameter = "headerDigest" | "dataDigest" | "immediateData" | "initialR2t";
type NumberParameter = "sendSegmentMax" | "maxBurstLength" | "firstBurstLength";

/** Values before negotiation (RFC 7143, 13). */
export const defaultParameters = (): SessionParameters => ({
  headerDigest: false,
  dataDigest: false,
  sendSegmentMax: SEGMENT_DEFAULT,
  maxBurstLength: 256 * KIB,
  firstBurstLength: FIRST_BURST_MAX,
  immediateData: true,
  initialR2t: true,
});

const REJECT = "Reject";
const IRRELEVANT = "Irrelevant";
const NOT_UNDERSTOOD = "NotUnderstood";

export type AuthMethod = "None" | "CHAP";

/** What the login is for, and what it must prove. */
export interface NegotiationContext {
  readonly discovery: boolean;
  /** The one that this login needs. */
  readonly authMethod: AuthMethod;
}

interface KeyRow {
  /** The answer to an offer, or undefined for a key that takes none. Stores the result. */
  answer(
    offer: string,
    parameters: SessionParameters,
    context: NegotiationContext,
  ): string | undefined;
  /** Has no meaning in a discovery session. */
  readonly normalOnly: boolean;
}

const row = (answer: KeyRow["answer"], normalOnly = false): KeyRow => ({ answer, normalOnly });

/** Decimal or hexadecimal, within the range of the key. */
function parseNumber(text: string, from: number, to: number): number | undefined {
  if (!/^(?:\d{1,10}|0[xX][0-9a-fA-F]{1,8})$/.test(text)) return undefined;
  const value = Number(text);
  return value >= from && value <= to ? value : undefined;
}

interface NumberRule {
  readonly ours: number;
  readonly from: number;
  readonly to: number;
  readonly take: "min" | "max";
  readonly store?: NumberParameter;
}

const numeric = ({ ours, from, to, take, store }: NumberRule): KeyRow =>
  row((offer, parameters) => {
    const value = parseNumber(offer, from, to);
    if (value === undefined) return REJECT;
    const result = take === "min" ? Math.min(ours, value) : Math.max(ours, value);
    if (store) parameters[store] = result;
    return String(result);
  }, true);

const boolean = (
  { ours, take }: { readonly ours: boolean; readonly take: "and" | "or" },
  store?: BooleanParameter,
): KeyRow =>
  row((offer, parameters) => {
    if (offer !== "Yes" && offer !== "No") return REJECT;
    const result = take === "and" ? ours && offer === "Yes" : ours || offer === "Yes";
    if (store) parameters[store] = result;
    return result ? "Yes" : "No";
  }, true);

/** The first of the initiator's list that we know. */
const firstOf = (offer: string, supported: readonly string[]): string | undefined =>
  offer.split(",").find((value) => supported.includes(value));

const choice = (supported: readonly string[], store?: BooleanParameter): KeyRow =>
  row((offer, parameters) => {
    const chosen = firstOf(offer, supported);
    if (chosen === undefined) return REJECT;
    if (store) parameters[store] = chosen === "CRC32C";
    return chosen;
  });

const authMethod: KeyRow = row(
  (offer, _parameters, { authMethod: needed }) => firstOf(offer, [needed]) ?? REJECT,
);

/** Told to us; no answer is due. */
const declared: KeyRow = row(() => undefined);

const SEGMENT_LIMITS = { from: 512, to: 2 ** 24 - 1 };

const receiveSegment: KeyRow = row((offer, parameters) => {
  const value = parseNumber(offer, SEGMENT_LIMITS.from, SEGMENT_LIMITS.to);
  if (value === undefined) return REJECT;
  parameters.sendSegmentMax = value;
  return String(RECEIVE_SEGMENT_MAX);
});

const DIGEST_KINDS = ["None", "CRC32C"];

const TABLE: ReadonlyMap<string, KeyRow> = new Map([
  [KEY.initiatorName, declared],
  [KEY.initiatorAlias, declared],
  [KEY.sessionType, declared],
  [KEY.targetName, declared],
  [KEY.authMethod, authMethod],
  [KEY.headerDigest, choice(DIGEST_KINDS, "headerDigest")],
  [KEY.dataDigest, choice(DIGEST_KINDS, "dataDigest")],
  [KEY.maxRecvDataSegmentLength, receiveSegment],
  [KEY.maxConnections, numeric({ ours: 1, from: 1, to: 65535, take: "min" })],
  [KEY.initialR2t, boolean({ ours: true, take: "or" }, "initialR2t")],
  [KEY.immediateData, boolean({ ours: true, take: "and" }, "immediateData")],
  [
    KEY.maxBurstLength,
    numeric({ ours: BURST_MAX, ...SEGMENT_LIMITS, take: "min", store: "maxBurstLength" }),
  ],
  [
    KEY.firstBurstLength,
    numeric({ ours: FIRST_BURST_MAX, ...SEGMENT_LIMITS, take: "min", store: "firstBurstLength" }),
  ],
  [KEY.defaultTime2Wait, numeric({ ours: 0, from: 0, to: 3600, take: "max" })],
  // ERL 0: no task outlives its connection, so there is nothing to retain for long.
  [KEY.defaultTime2Retain, numeric({ ours: 20, from: 0, to: 3600, take: "min" })],
  [KEY.maxOutstandingR2t, numeric({ ours: 1, from: 1, to: 65535, take: "min" })],
  [KEY.dataPduInOrder, boolean({ ours: true, take: "or" })],
  [KEY.dataSequenceInOrder, boolean({ ours: true, take: "or" })],
  [KEY.errorRecoveryLevel, numeric({ ours: 0, from: 0, to: 2, take: "min" })],
  [KEY.protocolLevel, numeric({ ours: 1, from: 0, to: 31, take: "min" })],
  [KEY.taskReporting, choice(["RFC3720"])],
  [KEY.ifMarker, boolean({ ours: false, take: "and" })],
  [KEY.ofMarker, boolean({ ours: false, take: "and" })],
  [KEY.ifMarkInt, row(() => IRRELEVANT)],
  [KEY.ofMarkInt, row(() => IRRELEVANT)],
]);

/** Keys that stay meaningful in a discovery session although a numeric rule governs them. */
const ALSO_IN_DISCOVERY: ReadonlySet<string> = new Set([
  KEY.defaultTime2Wait,
  KEY.defaultTime2Retain,
  KEY.errorRecoveryLevel,
  KEY.protocolLevel,
]);

/** Answers the offers of one step and stores their results in `parameters`. */
export function negotiate(
  offers: readonly TextPair[],
  parameters: SessionParameters,
  context: NegotiationContext,
): TextPair[] {
  const answers: TextPair[] = [];
  for (const [key, offer] of offers) {
    const known = TABLE.get(key);
    if (!known) {
      answers.push([key, NOT_UNDERSTOOD]);
      continue;
    }
    const irrelevant = context.discovery && known.normalOnly && !ALSO_IN_DISCOVERY.has(key);
    const answer = irrelevant ? IRRELEVANT : known.answer(offer, parameters, context);
    if (answer !== undefined) answers.push([key, answer]);
  }
  if (parameters.firstBurstLength > parameters.maxBurstLength) {
    parameters.firstBurstLength = parameters.maxBurstLength;
  }
  return answers;
}
