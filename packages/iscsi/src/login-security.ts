// What a login must prove before it may do anything else (RFC 7143, 6.3.2 and 12.1): nothing, or by
// CHAP who it is. The keys of the security stage have one order: AuthMethod, then those of CHAP.
// Whoever leaves it, leaves something out or comes in a later stage has failed.
import { CHAP_KEYS, ChapAuthenticator } from "./chap-authenticator.ts";
import type { Authentication } from "./directory.ts";
import type { AuthMethod } from "./negotiation.ts";
import { STAGE } from "./opcode.ts";
import type { LoginRequest } from "./pdu.ts";
import { KEY, type TextPair } from "./text.ts";

/** Keys that belong to the proof: the others are negotiated whatever it is. */
export const isChapKey = ([key]: TextPair): boolean => CHAP_KEYS.has(key);

interface Offered {
  readonly chap: readonly TextPair[];
  /** What was answered to each offer of AuthMethod. */
  readonly methods: readonly string[];
}

export class LoginSecurity {
  private readonly authenticator: ChapAuthenticator | undefined;
  private methodAgreed = false;

  constructor(authentication: Authentication | undefined, randomBytes: (length: number) => Buffer) {
    this.authenticator = authentication && new ChapAuthenticator(authentication, randomBytes);
  }

  /** The one method that we agree to: no offer can talk us into another. */
  get method(): AuthMethod {
    return this.authenticator ? "CHAP" : "None";
  }

  /** Nothing is left to be proven. */
  get proven(): boolean {
    return this.authenticator?.proven ?? true;
  }

  /** Answers the CHAP keys of one request; undefined when authentication has failed. */
  take(request: LoginRequest, { chap, methods }: Offered): TextPair[] | undefined {
    const { authenticator } = this;
    if (!authenticator) {
      return chap.length === 0 && methods.every((method) => method === this.method)
        ? []
        : undefined;
    }
    if (request.csg !== STAGE.security) return this.takeLater(methods, chap);
    if (this.methodAgreed) return methods.length === 0 ? authenticator.take(chap) : undefined;
    if (chap.length > 0 || methods.length > 1) return undefined;
    const [method] = methods;
    if (method !== undefined && method !== this.method) return undefined;
    this.methodAgreed = method !== undefined;
    // Without AuthMethod an initiator may still be about to offer it, unless it means to go on.
    return this.methodAgreed || !request.transit ? [] : undefined;
  }

  /** After the security stage: there must have been one, and it is over. */
  private takeLater(methods: readonly string[], chap: readonly TextPair[]): TextPair[] | undefined {
    return this.proven && methods.length === 0 && chap.length === 0 ? [] : undefined;
  }
}

/** What was answered to AuthMethod, each time it was offered. */
export const methodsIn = (answers: readonly TextPair[]): string[] =>
  answers.filter(([key]) => key === KEY.authMethod).map(([, answer]) => answer);
