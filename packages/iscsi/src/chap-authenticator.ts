// The target's half of a CHAP exchange (RFC 7143, 12.1.3): the initiator lists algorithms, is given a
// challenge, answers it with its name, and may have the target prove itself in turn. Each key has its
// place and is taken once; whatever else comes fails the login, and never says which part was wrong.
import {
  CHAP_ALGORITHMS,
  type ChapAlgorithm,
  type ChapChallenge,
  chapResponse,
  equalText,
  formatBinary,
  freshChallenge,
  parseBinary,
  parseIdentifier,
  provesAccount,
} from "./chap.ts";
import type { Authentication } from "./directory.ts";
import { KEY, type TextPair } from "./text.ts";

export const CHAP_KEYS: ReadonlySet<string> = new Set([
  KEY.chapAlgorithm,
  KEY.chapIdentifier,
  KEY.chapChallenge,
  KEY.chapName,
  KEY.chapResponse,
]);

/** Keys a step takes: all of `needed`, and of `mutual` all or none. */
const STEP_KEYS = {
  algorithm: { needed: [KEY.chapAlgorithm], mutual: [] },
  response: {
    needed: [KEY.chapName, KEY.chapResponse],
    mutual: [KEY.chapIdentifier, KEY.chapChallenge],
  },
  proven: { needed: [], mutual: [] },
} as const;

type Step =
  | { readonly kind: "algorithm" }
  | {
      readonly kind: "response";
      readonly algorithm: ChapAlgorithm;
      readonly challenge: ChapChallenge;
    }
  | { readonly kind: "proven" };

export class ChapAuthenticator {
  private readonly authentication: Authentication;
  private readonly randomBytes: (length: number) => Buffer;
  private step: Step = { kind: "algorithm" };

  constructor(authentication: Authentication, randomBytes: (length: number) => Buffer) {
    this.authentication = authentication;
    this.randomBytes = randomBytes;
  }

  /** The initiator has shown that it knows the secret. */
  get proven(): boolean {
    return this.step.kind === "proven";
  }

  /** Answers the CHAP keys of one request; undefined when authentication has failed. */
  take(pairs: readonly TextPair[]): TextPair[] | undefined {
    const { step } = this;
    const keys = new Map(pairs);
    if (!fits(pairs, keys, STEP_KEYS[step.kind])) return undefined;
    switch (step.kind) {
      case "algorithm":
        return this.challenge(keys.get(KEY.chapAlgorithm) ?? "");
      case "response":
        return this.verify(keys, step);
      case "proven":
        return [];
    }
  }

  /** Takes the first algorithm of the initiator's list that we know. */
  private challenge(offer: string): TextPair[] | undefined {
    const known = offer
      .split(",")
      .map((one) => CHAP_ALGORITHMS.find(({ number }) => String(number) === one));
    const algorithm = known.find((one) => one !== undefined);
    if (!algorithm) return undefined;
    const challenge = freshChallenge(algorithm, this.randomBytes);
    this.step = { kind: "response", algorithm, challenge };
    return [
      [KEY.chapAlgorithm, String(algorithm.number)],
      [KEY.chapIdentifier, String(challenge.identifier)],
      [KEY.chapChallenge, formatBinary(challenge.bytes)],
    ];
  }

  private verify(
    keys: ReadonlyMap<string, string>,
    step: Extract<Step, { kind: "response" }>,
  ): TextPair[] | undefined {
    const name = keys.get(KEY.chapName) ?? "";
    // A response that is none costs as much time as a wrong one.
    const response = parseBinary(keys.get(KEY.chapResponse) ?? "") ?? Buffer.alloc(0);
    const { algorithm, challenge } = step;
    const { initiator } = this.authentication;
    if (!provesAccount(initiator, algorithm, challenge, { name, response })) return undefined;
    const answers = keys.has(KEY.chapChallenge) ? this.proveOurselves(keys, step) : [];
    if (answers) this.step = { kind: "proven" };
    return answers;
  }

  /** Mutual: only after the initiator's own proof, and never for a challenge of ours sent back. */
  private proveOurselves(
    keys: ReadonlyMap<string, string>,
    { algorithm, challenge: ours }: Extract<Step, { kind: "response" }>,
  ): TextPair[] | undefined {
    const { initiator, target } = this.authentication;
    const identifier = parseIdentifier(keys.get(KEY.chapIdentifier) ?? "");
    const bytes = parseBinary(keys.get(KEY.chapChallenge) ?? "");
    if (!target || identifier === undefined || !bytes) return undefined;
    if (bytes.equals(ours.bytes) || equalText(initiator.secret, target.secret)) return undefined;
    const response = chapResponse(algorithm, { identifier, bytes }, target.secret);
    return [
      [KEY.chapName, target.name],
      [KEY.chapResponse, formatBinary(response)],
    ];
  }
}

/** Each key once, none missing, none beyond. */
function fits(
  pairs: readonly TextPair[],
  keys: ReadonlyMap<string, string>,
  { needed, mutual }: { readonly needed: readonly string[]; readonly mutual: readonly string[] },
): boolean {
  if (keys.size < pairs.length || !needed.every((key) => keys.has(key))) return false;
  const beyond = [...keys.keys()].filter((key) => !needed.includes(key));
  if (beyond.length === 0) return true;
  return beyond.length === mutual.length && beyond.every((key) => mutual.includes(key));
}
