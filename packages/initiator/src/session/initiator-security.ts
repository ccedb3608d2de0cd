// The initiator's half of the security stage (RFC 7143, 12.1): nothing to prove, or CHAP one way, or
// CHAP both ways. One answer of the target in, the keys of the next request out, or the rule that the
// target broke. Secrets appear in neither.
import {
  type Authentication,
  CHAP_ALGORITHMS,
  type ChapAlgorithm,
  type ChapChallenge,
  chapResponse,
  formatBinary,
  freshChallenge,
  KEY,
  parseBinary,
  parseIdentifier,
  provesAccount,
  type TextPair,
} from "@ashlar/iscsi";

/** What a login proves, and what it is proven with `target`. */
export interface LoginProof extends Authentication {
  /** Numbers of CHAP_A, best first. */
  readonly algorithms: readonly number[];
  /** Unpredictable: our challenges are made of them. */
  readonly randomBytes: (length: number) => Buffer;
}

export type SecurityStep =
  | { readonly kind: "next"; readonly keys: readonly TextPair[]; readonly transit: boolean }
  | { readonly kind: "violation"; readonly rule: string };

/** What the target's next answer must be about. */
type Awaited =
  | { readonly kind: "method" }
  | { readonly kind: "challenge" }
  | { readonly kind: "proof"; readonly algorithm: ChapAlgorithm; readonly ours: ChapChallenge }
  | { readonly kind: "nothing" };

const violation = (rule: string): SecurityStep => ({ kind: "violation", rule });
const MOVE_ON: SecurityStep = { kind: "next", keys: [], transit: true };

export class InitiatorSecurity {
  private readonly proof: LoginProof | undefined;
  private awaited: Awaited = { kind: "method" };

  constructor(proof: LoginProof | undefined) {
    this.proof = proof;
  }

  /** A target that shall prove itself must not get by with None. */
  get offer(): { readonly methods: readonly string[]; readonly transit: boolean } {
    if (!this.proof) return { methods: ["None"], transit: true };
    return { methods: this.proof.target ? ["CHAP"] : ["CHAP", "None"], transit: false };
  }

  /** Both sides have proven what was asked of them. */
  get done(): boolean {
    return this.awaited.kind === "nothing";
  }

  take(answers: ReadonlyMap<string, string>): SecurityStep {
    switch (this.awaited.kind) {
      case "method":
        return this.takeMethod(answers.get(KEY.authMethod));
      case "challenge":
        return this.takeChallenge(answers);
      case "proof":
        return this.takeProof(answers, this.awaited);
      case "nothing":
        return MOVE_ON;
    }
  }

  private takeMethod(method: string | undefined): SecurityStep {
    const { proof, offer } = this;
    // Without CHAP in the offer, a target may leave out an answer that can only be None.
    const chosen = method ?? (proof ? undefined : "None");
    if (chosen === undefined || !offer.methods.includes(chosen)) {
      return violation(`target chose AuthMethod=${chosen}`);
    }
    if (!proof || chosen === "None") {
      this.awaited = { kind: "nothing" };
      return MOVE_ON;
    }
    this.awaited = { kind: "challenge" };
    const keys: TextPair[] = [[KEY.chapAlgorithm, proof.algorithms.join(",")]];
    return { kind: "next", keys, transit: false };
  }

  private takeChallenge(answers: ReadonlyMap<string, string>): SecurityStep {
    const { proof } = this;
    const chosen = Number(answers.get(KEY.chapAlgorithm));
    const algorithm = CHAP_ALGORITHMS.find(({ number }) => number === chosen);
    if (!proof || !algorithm || !proof.algorithms.includes(chosen)) {
      return violation("target chose a CHAP algorithm that was not offered");
    }
    const identifier = parseIdentifier(answers.get(KEY.chapIdentifier) ?? "");
    const bytes = parseBinary(answers.get(KEY.chapChallenge) ?? "");
    if (identifier === undefined || !bytes) return violation("the target's challenge is none");
    const ours = freshChallenge(algorithm, proof.randomBytes);
    const { initiator } = proof;
    const response = chapResponse(algorithm, { identifier, bytes }, initiator.secret);
    const keys: TextPair[] = [
      [KEY.chapName, initiator.name],
      [KEY.chapResponse, formatBinary(response)],
    ];
    if (proof.target) {
      keys.push([KEY.chapIdentifier, String(ours.identifier)]);
      keys.push([KEY.chapChallenge, formatBinary(ours.bytes)]);
    }
    this.awaited = { kind: "proof", algorithm, ours };
    return { kind: "next", keys, transit: true };
  }

  private takeProof(
    answers: ReadonlyMap<string, string>,
    { algorithm, ours }: Extract<Awaited, { kind: "proof" }>,
  ): SecurityStep {
    const account = this.proof?.target;
    if (account) {
      const name = answers.get(KEY.chapName) ?? "";
      const response = parseBinary(answers.get(KEY.chapResponse) ?? "") ?? Buffer.alloc(0);
      if (!provesAccount(account, algorithm, ours, { name, response })) {
        return violation("the target does not prove who it is");
      }
    }
    this.awaited = { kind: "nothing" };
    return MOVE_ON;
  }
}
