// The initiator's side of the login phase (RFC 7143, 6.3): security stage with or without CHAP, then
// the operational stage, then full feature phase. Pure: one response in, one outcome out.
import {
  formatText,
  KEY,
  LOGIN_STATUS,
  type LoginRequest,
  type LoginResponse,
  parseText,
  STAGE,
  TextAssembler,
  type TextPair,
} from "@ashlar/iscsi";
import type { LoginRefused } from "./effects.ts";
import { InitiatorSecurity, type LoginProof } from "./initiator-security.ts";
import {
  concludeParameters,
  type OfferedParameters,
  operationalKeys,
  type SessionParameters,
} from "./parameters.ts";

export interface LoginIdentity {
  readonly initiatorName: string;
  /** Twelve hexadecimal digits. */
  readonly isid: string;
  /** Absent for a discovery session. */
  readonly targetName: string | undefined;
  /** Absent: this side can prove nothing. */
  readonly proof?: LoginProof | undefined;
}

export type LoginOutcome =
  | { readonly kind: "continue"; readonly request: LoginRequest }
  | { readonly kind: "done"; readonly parameters: SessionParameters; readonly tsih: number }
  | LoginRefused
  | { readonly kind: "violation"; readonly rule: string };

/** Requests of one login; a target that needs more does not come to an end. */
const LOGIN_REQUESTS_MAX = 20;
/** Every login PDU carries one tag; the session's own begin above it. */
const LOGIN_ITT = 0;

export class InitiatorLogin {
  private readonly identity: LoginIdentity;
  private readonly offer: OfferedParameters;
  private readonly cmdSn: number;
  private readonly answers = new Map<string, string>();
  private readonly security: InitiatorSecurity;
  private readonly text = new TextAssembler();
  private stage: number = STAGE.security;
  private requests = 0;
  private keysSent = false;

  constructor(identity: LoginIdentity, offer: OfferedParameters, cmdSn: number) {
    this.identity = identity;
    this.offer = offer;
    this.cmdSn = cmdSn;
    this.security = new InitiatorSecurity(identity.proof);
  }

  first(): LoginRequest {
    const { initiatorName, targetName } = this.identity;
    const { methods, transit } = this.security.offer;
    const keys: TextPair[] = [
      [KEY.initiatorName, initiatorName],
      [KEY.sessionType, targetName === undefined ? "Discovery" : "Normal"],
      ...(targetName === undefined ? [] : [[KEY.targetName, targetName] as const]),
      [KEY.authMethod, methods.join(",")],
    ];
    return this.request(keys, { transit, expStatSn: 0 });
  }

  receive(response: LoginResponse): LoginOutcome {
    const { status } = response;
    const pairs = this.pairsOf(response);
    if (pairs === undefined) return { kind: "violation", rule: "login text is not well formed" };
    if (status !== LOGIN_STATUS.success) {
      const [, targetAddress] = pairs.find(([key]) => key === KEY.targetAddress) ?? [];
      return { kind: "loginRefused", status, targetAddress };
    }
    for (const [key, value] of pairs) this.answers.set(key, value);
    const expStatSn = (response.statSn + 1) >>> 0;
    if (response.csg !== this.stage) {
      return { kind: "violation", rule: `login response is for stage ${response.csg}` };
    }
    if (response.continued) return this.next([], { transit: false, expStatSn });
    if (this.stage === STAGE.security) {
      const step = this.security.take(new Map(pairs));
      if (step.kind === "violation") return step;
      if (!response.transit) return this.next(step.keys, { transit: step.transit, expStatSn });
      if (!this.security.done) {
        return { kind: "violation", rule: "the target moves on before all is proven" };
      }
    } else if (!response.transit) return this.negotiate(expStatSn);
    if (response.nsg === STAGE.fullFeature) return this.conclude(response.tsih);
    if (response.nsg !== STAGE.operational || this.stage !== STAGE.security) {
      return { kind: "violation", rule: `login moves from ${this.stage} to ${response.nsg}` };
    }
    this.stage = STAGE.operational;
    return this.negotiate(expStatSn);
  }

  private negotiate(expStatSn: number): LoginOutcome {
    if (this.keysSent) return this.next([], { transit: true, expStatSn });
    this.keysSent = true;
    const keys = operationalKeys(this.offer, this.identity.targetName === undefined);
    return this.next(keys, { transit: true, expStatSn });
  }

  private conclude(tsih: number): LoginOutcome {
    const parameters = concludeParameters(this.offer, this.answers);
    if (!parameters) return { kind: "violation", rule: "a negotiated value breaks its key's rule" };
    if (tsih === 0) return { kind: "violation", rule: "the final login response has TSIH 0" };
    return { kind: "done", parameters, tsih };
  }

  private next(
    keys: readonly TextPair[],
    options: { readonly transit: boolean; readonly expStatSn: number },
  ): LoginOutcome {
    if (this.requests >= LOGIN_REQUESTS_MAX) {
      return { kind: "violation", rule: `login takes more than ${LOGIN_REQUESTS_MAX} requests` };
    }
    return { kind: "continue", request: this.request(keys, options) };
  }

  private request(
    keys: readonly TextPair[],
    { transit, expStatSn }: { readonly transit: boolean; readonly expStatSn: number },
  ): LoginRequest {
    this.requests++;
    const next = this.stage === STAGE.security ? STAGE.operational : STAGE.fullFeature;
    return {
      kind: "loginRequest",
      transit,
      continued: false,
      csg: this.stage,
      nsg: transit ? next : 0,
      versionMax: 0,
      versionMin: 0,
      isid: this.identity.isid,
      tsih: 0,
      itt: LOGIN_ITT,
      cid: 0,
      cmdSn: this.cmdSn,
      expStatSn,
      data: formatText(keys),
    };
  }

  /** Pairs of a completed text; none while it continues. */
  private pairsOf(response: LoginResponse): readonly TextPair[] | undefined {
    if (!this.text.add(response.data)) return undefined;
    return response.continued ? [] : parseText(this.text.take());
  }
}
