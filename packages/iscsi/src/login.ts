// The login phase as a state machine (RFC 7143, 6.3): one request in, one step out. It begins in the
// security or the operational stage, moves only forward and only when the initiator proposes it, and
// ends in the full-feature phase or with a status.
import { assert, type ScatterList } from "@ashlar/core";
import type { ScsiTarget } from "@ashlar/scsi";
import type { TargetLookup, TargetQuery } from "./directory.ts";
import { isChapKey, LoginSecurity, methodsIn } from "./login-security.ts";
import {
  defaultParameters,
  negotiate,
  RECEIVE_SEGMENT_MAX,
  type SessionParameters,
} from "./negotiation.ts";
import { LOGIN_STATUS, type LoginStatus, STAGE } from "./opcode.ts";
import type { LoginRequest } from "./pdu.ts";
import { formatText, KEY, parseText, TextAssembler, type TextPair } from "./text.ts";

/** An honest login takes four requests; continued text some more. */
const REQUESTS_MAX = 20;
/** RFC 7143, 4.2.7.1. */
const NAME_LENGTH_MAX = 223;

/** Who logged in to what. */
export type SessionIdentity =
  | { readonly kind: "discovery"; readonly initiatorName: string; readonly isid: string }
  | {
      readonly kind: "normal";
      readonly initiatorName: string;
      readonly isid: string;
      /** As the look-up said. */
      readonly admittedAs: string | undefined;
      readonly targetName: string;
      readonly scsi: ScsiTarget;
    };

/** What a login response says of stages and keys. */
export interface LoginAnswer {
  readonly transit: boolean;
  readonly csg: number;
  readonly nsg: number;
  readonly text: ScatterList;
}

export type LoginStep =
  | { readonly kind: "respond"; readonly answer: LoginAnswer }
  /** Find the target, then go on with `resolve`. */
  | ({ readonly kind: "lookup" } & TargetQuery)
  /** The answer is due once the session is established. */
  | {
      readonly kind: "open";
      readonly answer: LoginAnswer;
      readonly identity: SessionIdentity;
      readonly parameters: SessionParameters;
    }
  | { readonly kind: "refuse"; readonly status: LoginStatus }
  /** The initiator shall log in at this address, `host:port`. */
  | { readonly kind: "redirect"; readonly address: string };

/** A first request whose target is being looked up. */
interface Pending {
  readonly request: LoginRequest;
  readonly pairs: readonly TextPair[];
  readonly query: TargetQuery;
}

type Admitted = Extract<TargetLookup, { authentication: unknown }>;

/** A login that was looked up: what it leads to, and what it must prove before. */
interface Subject {
  readonly query: TargetQuery;
  readonly found: Admitted;
  readonly security: LoginSecurity;
}

export interface LoginOptions {
  readonly tpgt: number;
  /** Unpredictable: challenges are made of them. */
  readonly randomBytes: (length: number) => Buffer;
}

const REFUSALS = {
  forbidden: LOGIN_STATUS.authorizationFailure,
  unknown: LOGIN_STATUS.notFound,
  unavailable: LOGIN_STATUS.serviceUnavailable,
} as const;

const refuse = (status: LoginStatus): LoginStep => ({ kind: "refuse", status });

export class Login {
  private readonly options: LoginOptions;
  private readonly text = new TextAssembler();
  private readonly parameters = defaultParameters();
  private stage: number | undefined;
  private subject: Subject | undefined;
  private isid = "";
  private pending: Pending | undefined;
  private requests = 0;
  private segmentDeclared = false;

  constructor(options: LoginOptions) {
    this.options = options;
  }

  receive(request: LoginRequest): LoginStep {
    this.requests += 1;
    if (this.requests > REQUESTS_MAX) return refuse(LOGIN_STATUS.initiatorError);
    const fault = this.checkRequest(request);
    if (fault !== undefined) return refuse(fault);
    if (!this.text.add(request.data)) return refuse(LOGIN_STATUS.outOfResources);
    if (request.continued) return { kind: "respond", answer: this.stay(request, []) };
    const pairs = parseText(this.text.take());
    if (!pairs) return refuse(LOGIN_STATUS.initiatorError);
    if (this.subject) return this.negotiateStep(request, { pairs, first: false }, this.subject);
    return this.identify(request, pairs);
  }

  /** Goes on with what `lookup` asked for. */
  resolve(found: TargetLookup): LoginStep {
    const { pending } = this;
    this.pending = undefined;
    if (!pending) return refuse(LOGIN_STATUS.initiatorError);
    if (!("authentication" in found)) return refuse(REFUSALS[found.kind]);
    const { request, pairs, query } = pending;
    const security = new LoginSecurity(found.authentication, this.options.randomBytes);
    this.subject = { query, found, security };
    return this.negotiateStep(request, { pairs, first: true }, this.subject);
  }

  /** Stage rules that hold for every request. */
  private checkRequest(request: LoginRequest): LoginStatus | undefined {
    if (request.versionMin > 0) return LOGIN_STATUS.unsupportedVersion;
    this.stage ??= request.csg;
    const stages: readonly number[] = [STAGE.security, STAGE.operational];
    if (!stages.includes(request.csg) || request.csg !== this.stage) {
      return LOGIN_STATUS.initiatorError;
    }
    if (request.transit) {
      const known = request.nsg === STAGE.operational || request.nsg === STAGE.fullFeature;
      if (!known || request.nsg <= request.csg || request.continued) {
        return LOGIN_STATUS.initiatorError;
      }
    }
    // One connection per session: nothing can be added to a session that exists.
    return request.tsih === 0 ? this.rememberIsid(request.isid) : LOGIN_STATUS.sessionDoesNotExist;
  }

  private rememberIsid(isid: string): LoginStatus | undefined {
    if (this.isid !== "" && this.isid !== isid) return LOGIN_STATUS.initiatorError;
    this.isid = isid;
    return undefined;
  }

  /** Takes names and session type from the first complete request. */
  private identify(request: LoginRequest, pairs: readonly TextPair[]): LoginStep {
    const offered = new Map(pairs);
    const initiatorName = offered.get(KEY.initiatorName)?.toLowerCase();
    if (!initiatorName) return refuse(LOGIN_STATUS.missingParameter);
    if (initiatorName.length > NAME_LENGTH_MAX) return refuse(LOGIN_STATUS.initiatorError);
    const sessionType = offered.get(KEY.sessionType) ?? "Normal";
    const isDiscovery = sessionType === "Discovery";
    if (!isDiscovery && sessionType !== "Normal") {
      return refuse(LOGIN_STATUS.sessionTypeNotSupported);
    }
    const targetName = isDiscovery ? undefined : offered.get(KEY.targetName)?.toLowerCase();
    if (!isDiscovery && !targetName) return refuse(LOGIN_STATUS.missingParameter);
    const query = { initiatorName, isid: this.isid, targetName };
    this.pending = { request, pairs, query };
    return { kind: "lookup", ...query };
  }

  private negotiateStep(
    request: LoginRequest,
    { pairs, first }: { readonly pairs: readonly TextPair[]; readonly first: boolean },
    { query, found, security }: Subject,
  ): LoginStep {
    const discovery = query.targetName === undefined;
    const context = { discovery, authMethod: security.method };
    const others = pairs.filter((pair) => !isChapKey(pair));
    const answers = negotiate(others, this.parameters, context);
    const chap = pairs.filter(isChapKey);
    const proof = security.take(request, { chap, methods: methodsIn(answers) });
    if (!proof) return refuse(LOGIN_STATUS.authenticationFailure);
    if (found.kind === "redirect" && security.proven) return found;
    answers.push(...proof);
    if (first && !discovery) answers.push([KEY.targetPortalGroupTag, String(this.options.tpgt)]);
    this.declareSegment(request, answers);
    if (!request.transit || !security.proven) {
      return { kind: "respond", answer: this.stay(request, answers) };
    }
    this.stage = request.nsg;
    const answer: LoginAnswer = {
      transit: true,
      csg: request.csg,
      nsg: request.nsg,
      text: formatText(answers),
    };
    if (request.nsg !== STAGE.fullFeature) return { kind: "respond", answer };
    const identity = identityOf(query, found);
    return { kind: "open", answer, identity, parameters: this.parameters };
  }

  /** Our own segment length is told once in the operational stage, asked or not. */
  private declareSegment(request: LoginRequest, answers: TextPair[]): void {
    const key = KEY.maxRecvDataSegmentLength;
    if (answers.some(([answered]) => answered === key)) this.segmentDeclared = true;
    if (this.segmentDeclared || request.csg !== STAGE.operational) return;
    this.segmentDeclared = true;
    answers.push([key, String(RECEIVE_SEGMENT_MAX)]);
  }

  private stay(request: LoginRequest, answers: readonly TextPair[]): LoginAnswer {
    return { transit: false, csg: request.csg, nsg: 0, text: formatText(answers) };
  }
}

/** A directory answers a query with a target as "found", one without as "discovery". */
function identityOf(
  { initiatorName, isid, targetName }: TargetQuery,
  found: Admitted,
): SessionIdentity {
  if (found.kind === "discovery") return { kind: "discovery", initiatorName, isid };
  assert(found.kind === "found" && targetName !== undefined, `no session leads to ${found.kind}`);
  const { scsi, admittedAs } = found;
  return { kind: "normal", initiatorName, isid, admittedAs, targetName, scsi };
}
