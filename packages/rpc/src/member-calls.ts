// Calls to whichever metadata member leads. A lost leader is not an error to the caller: a call is made
// again, where the others point or where nobody was asked yet, until it is served or its signal aborts.
// Every call made through here takes effect once however often it is made.
import { type ClusterId, type ErrorCode, type SystemError, toSystemError } from "@ashlar/core";
import { type Clock, type Log, pathsOf, type Random, sleep } from "@ashlar/runtime";
import { CALL_DEADLINE_MS } from "./conventions.ts";
import { type Abortable, type CallOptions, GrpcClient } from "./grpc-client.ts";
import type { LeaderBelief, Refusal } from "./leader-belief.ts";
import type { Network } from "./network.ts";

/** Errors of the way to the service, not of the request. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "rpc/unavailable",
  "rpc/disconnected",
  "rpc/deadline",
  "raft/not-leader",
  "cluster/unavailable",
]);

/** Whether a call that failed so may succeed a little later, with this member or another. */
export const isPassing = (code: ErrorCode): boolean => PASSING.has(code);

/** Pauses of a search. The longest is well below an election, so that a new leader is found at once. */
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 500;

/** Such calls take milliseconds: a member that is silent for longer is stopped or cut off. */
const ATTEMPT_MS = 1_500;

/** Whom a member takes for the leader, when it says that it does not lead. */
function hintOf({ code, meta }: SystemError): string | undefined {
  const { leader } = meta as { readonly leader?: unknown };
  return code === "raft/not-leader" && typeof leader === "string" && leader !== ""
    ? leader
    : undefined;
}

/** What came of asking a member that does not serve, in the form of {@link LeaderBelief.leave}. */
export const refusal = (error: SystemError, tried: ReadonlySet<string>): Refusal => ({
  hint: hintOf(error),
  silent: error.code === "rpc/deadline",
  tried,
});

export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The machine's if absent. */
  readonly network?: Network | undefined;
}

/** One caller's way to the leader: between two pauses it asks no member twice. */
export class LeaderSearch {
  private readonly ports: Ports;
  private readonly belief: LeaderBelief;
  private readonly attemptMinMs: number;
  private readonly tried = new Set<string>();
  /** How often each let an attempt run into its deadline. */
  private readonly silences = new Map<string, number>();
  private pauses = 0;

  constructor(ports: Ports, belief: LeaderBelief, attemptMs: number) {
    this.ports = ports;
    this.belief = belief;
    this.attemptMinMs = attemptMs;
  }

  /** How long a member has to answer: longer each time, since it may be slow and not gone. */
  attemptMs(address: string): number {
    const longerMs = this.attemptMinMs * 2 ** (this.silences.get(address) ?? 0);
    return Math.max(this.attemptMinMs, Math.min(longerMs, CALL_DEADLINE_MS));
  }

  /** The member at `address` did not serve; resolves when it is time to ask the next one. */
  async failed(address: string, error: SystemError, { signal }: Abortable): Promise<void> {
    this.tried.add(address);
    const word = refusal(error, this.tried);
    if (word.silent) this.silences.set(address, (this.silences.get(address) ?? 0) + 1);
    this.belief.leave(address, word);
    if (this.tried.has(this.belief.leader)) await this.pause({ signal });
  }

  /** Longer each time, until {@link found}. */
  async pause({ signal }: Abortable): Promise<void> {
    this.tried.clear();
    const pauseMs = Math.min(PAUSE_MIN_MS * 2 ** this.pauses, PAUSE_MAX_MS);
    this.pauses += 1;
    // Half of each pause is left to chance, so that a cluster's processes do not all return at once.
    const jitterMs = this.ports.random.below(Math.ceil(pauseMs / 2));
    await sleep(this.ports.clock, pauseMs / 2 + jitterMs, { signal });
  }

  /** A member serves: the search is over, and another one may begin. */
  found(): void {
    this.tried.clear();
    this.silences.clear();
    this.pauses = 0;
  }
}

/** How one attempt of a call is made. */
export type Attempt = Required<Pick<CallOptions, "signal" | "deadlineMs">>;

interface AskOptions extends Abortable {
  /** Called after each attempt that failed; ends the search by throwing. */
  readonly onFailed?: (member: GrpcClient, error: SystemError) => void | Promise<void>;
}

export interface MemberCallsOptions {
  /** Absent for those who cannot know it: then only the Admin service answers. */
  readonly clusterId?: ClusterId | undefined;
  readonly belief: LeaderBelief;
  /** Of the first attempts. */
  readonly attemptMs?: number | undefined;
}

export class MemberCalls {
  readonly belief: LeaderBelief;
  private readonly ports: Ports;
  private readonly clusterId: ClusterId | undefined;
  private readonly attemptMs: number;
  /** One connection each, made when it is first used: to a member, or by one of its addresses alone. */
  private readonly members = new Map<
    string,
    { readonly address: string; readonly client: GrpcClient }
  >();

  constructor(ports: Ports, { clusterId, belief, attemptMs = ATTEMPT_MS }: MemberCallsOptions) {
    this.ports = ports;
    this.clusterId = clusterId;
    this.belief = belief;
    this.attemptMs = attemptMs;
  }

  /** The member that is believed to lead. */
  current(): GrpcClient {
    return this.member(this.belief.leader, this.belief.leader);
  }

  /** The same, by each of its addresses alone. */
  currentPaths(): readonly GrpcClient[] {
    const { leader } = this.belief;
    return pathsOf(leader).map((path) => this.member(leader, path));
  }

  newSearch(): LeaderSearch {
    return new LeaderSearch(this.ports, this.belief, this.attemptMs);
  }

  /** @throws SystemError what the service refused, or the signal's reason. */
  async ask<T>(
    call: (member: GrpcClient, attempt: Attempt) => Promise<T>,
    { signal, onFailed = () => {} }: AskOptions,
  ): Promise<T> {
    const search = this.newSearch();
    for (;;) {
      signal.throwIfAborted();
      const member = this.current();
      try {
        return await call(member, { signal, deadlineMs: search.attemptMs(member.address) });
      } catch (thrown) {
        signal.throwIfAborted();
        const error = toSystemError(thrown);
        if (!isPassing(error.code)) throw error;
        const { address } = member;
        this.ports.log.debug(
          { address, code: error.code, error },
          "metadata member does not serve",
        );
        await onFailed(member, error);
        await search.failed(address, error, { signal });
      }
    }
  }

  close(): void {
    for (const { client } of this.members.values()) client.close();
    this.members.clear();
  }

  private member(address: string, path: string): GrpcClient {
    const known = this.members.get(path);
    if (known) return known.client;
    this.closeFormer();
    const { clusterId } = this;
    const { network } = this.ports;
    const ofSeveral = path !== address;
    const client = new GrpcClient({ address: path, ofSeveral, clusterId, network });
    this.members.set(path, { address, client });
    return client;
  }

  /** Members that left the group, and addresses that were only hinted at, hold no connections. */
  private closeFormer(): void {
    const { addresses, leader } = this.belief;
    for (const [path, { address, client }] of this.members) {
      if (address === leader || addresses.includes(address)) continue;
      client.close();
      this.members.delete(path);
    }
  }
}
