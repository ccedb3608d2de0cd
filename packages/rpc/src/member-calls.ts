// Calls to whichever metadata member answers. A restart of the metadata service is not an error to
// the caller: a call is made again, with growing pauses, until it is answered or its signal aborts.
// Every call made through here takes effect once however often it is made.
import { type ClusterId, type ErrorCode, present, toSystemError } from "@ashlar/core";
import { type Clock, type Log, type Random, sleep } from "@ashlar/runtime";
import { GrpcClient } from "./grpc-client.ts";

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

const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 1_000;

/** Growing pauses with jitter, so that a cluster's processes do not all return at once. */
export class Backoff {
  private readonly clock: Clock;
  private readonly random: Random;
  private pauseMs = PAUSE_MIN_MS;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.clock = clock;
    this.random = random;
  }

  reset(): void {
    this.pauseMs = PAUSE_MIN_MS;
  }

  async pause({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const pauseMs = this.pauseMs / 2 + this.random.below(Math.ceil(this.pauseMs / 2));
    this.pauseMs = Math.min(this.pauseMs * 2, PAUSE_MAX_MS);
    await sleep(this.clock, pauseMs, { signal });
  }
}

export interface MemberCallsOptions {
  readonly clusterId: ClusterId;
  /** host:port of the metadata members, at least one. */
  readonly addresses: readonly string[];
}

export class MemberCalls {
  private readonly deps: { readonly clock: Clock; readonly random: Random; readonly log: Log };
  private readonly members: readonly GrpcClient[];
  private turn = 0;

  constructor(
    deps: { readonly clock: Clock; readonly random: Random; readonly log: Log },
    { clusterId, addresses }: MemberCallsOptions,
  ) {
    this.deps = deps;
    this.members = addresses.map((address) => new GrpcClient({ address, clusterId }));
  }

  /** The member whose turn it is. */
  current(): GrpcClient {
    return present(this.members[this.turn % this.members.length], "a metadata address is given");
  }

  /** The present member did not answer: the next one's turn. */
  next(): void {
    this.turn += 1;
  }

  newBackoff(): Backoff {
    return new Backoff(this.deps);
  }

  /** @throws SystemError what the service refused, or the signal's reason. */
  async ask<T>(
    call: (member: GrpcClient) => Promise<T>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<T> {
    const backoff = this.newBackoff();
    for (;;) {
      signal.throwIfAborted();
      try {
        return await call(this.current());
      } catch (thrown) {
        signal.throwIfAborted();
        const error = toSystemError(thrown);
        if (!isPassing(error.code)) throw error;
        this.deps.log.debug({ code: error.code, error }, "metadata member does not answer");
        this.next();
      }
      await backoff.pause({ signal });
    }
  }

  close(): void {
    for (const member of this.members) member.close();
  }
}
