// One stream of messages to one member: opened by what is sent, closed by what goes wrong, and never
// waited for. At most one batch is with gRPC, the rest waits here, where it is bounded and where an
// old heartbeat makes way for a new one.
//
// A stream has a channel of its own that lives and dies with it: of all the back-offs on the way only
// ours is left, and a member that has returned is found within BACKOFF_MAX_MS. There are no timers:
// whoever leads sends heartbeats all the time, and whoever sends nothing needs no stream.

import { FORMATS } from "@ashlar/catalog";
import { type ClusterId, type ErrorCode, SystemError, toSystemError } from "@ashlar/core";
import type { MemberId, Message } from "@ashlar/raft";
import type { Clock, Log, Random } from "@ashlar/runtime";
import type { ClientWritableStream } from "@grpc/grpc-js";
import type { RaftBatch } from "./gen/ashlar/v1/RaftBatch.ts";
import { GrpcClient } from "./grpc-client.ts";
import type { Network } from "./network.ts";
import { isRefusal, RAFT_VERSION } from "./raft-envelope.ts";
import { RaftMessageQueue } from "./raft-message-queue.ts";
import { raftService } from "./services.ts";

/** Pauses between two attempts to open: the longest is below an election timeout. */
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 500;
/** Longer than any batch takes: the receiver is stopped, or the path to it swallows packets. */
const STUCK_MS = 2_000;

/** A member that is down is no news to a person, the rest may need one. */
const LOG_LEVEL_OF: Readonly<Partial<Record<ErrorCode, "info">>> = {
  "rpc/unavailable": "info",
  "rpc/disconnected": "info",
};

export interface RaftStreamOptions {
  readonly clusterId: ClusterId;
  readonly from: MemberId;
  readonly to: MemberId;
  /** host:port of the receiver as far as it is known now. */
  readonly address: () => string | undefined;
  /** What was sent may be lost; `error` if the stream broke. Never called within `push`. */
  readonly onLoss: (error: SystemError | undefined) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly network: Network | undefined;
}

interface OpenStream {
  readonly address: string;
  readonly client: GrpcClient;
  readonly call: ClientWritableStream<RaftBatch>;
  readonly hangUp: AbortController;
  readonly openedMs: number;
}

/** Told with each batch: who takes it may have started since the last one. */
const OWN = { commandFormat: FORMATS.command, stateFormat: FORMATS.state };

export class RaftMessageStream {
  private readonly options: RaftStreamOptions;
  private readonly queue = new RaftMessageQueue();
  private stream: OpenStream | undefined;
  /** Since when a batch waits for gRPC to take it. */
  private writingSinceMs: number | undefined;
  private lastAddress: string | undefined;
  private backoffMs = 0;
  private retryAtMs = 0;
  private overflowed = false;
  /** How the stream broke the last time: told once, not at each attempt. */
  private lastCode: ErrorCode | undefined;
  /** The loss of messages was told, and none has gone out since. */
  private told = false;

  constructor(options: RaftStreamOptions) {
    this.options = options;
  }

  /** Takes a message for the next flush. */
  push(message: Message): void {
    if (!this.queue.push(message)) this.overflowed = true;
  }

  /** Sends what was pushed, as far as the receiver takes it. */
  flush(): void {
    if (this.overflowed) this.tellLoss();
    this.overflowed = false;
    if (this.queue.length === 0) return;
    const address = this.options.address();
    const nowMs = this.options.clock.nowMs();
    if (address !== this.lastAddress) this.moveTo(address);
    if (address === undefined || (!this.stream && nowMs < this.retryAtMs)) {
      this.queue.clear();
      this.tellLoss();
      return;
    }
    this.stream ??= this.open(address, nowMs);
    if (this.writingSinceMs === undefined) this.write(this.stream);
    else if (nowMs - this.writingSinceMs > STUCK_MS) {
      const silence = `${address}: nothing was taken for ${STUCK_MS} ms`;
      this.lose(new SystemError("rpc/unavailable", silence, { address }));
    }
  }

  /** Lets the stream go; nothing is told. */
  close(): void {
    this.queue.clear();
    this.hangUp();
  }

  /** What waits goes to the new address: the receiver checks that it is meant. */
  private moveTo(address: string | undefined): void {
    this.hangUp();
    this.lastAddress = address;
    this.retryAtMs = 0;
    this.backoffMs = 0;
  }

  private open(address: string, openedMs: number): OpenStream {
    const { clusterId, network } = this.options;
    const hangUp = new AbortController();
    const client = new GrpcClient({ address, clusterId, unbuffered: true, network });
    const { call, reply } = client.clientStream(raftService.Messages, { signal: hangUp.signal });
    const stream: OpenStream = { address, client, call, hangUp, openedMs };
    const ended = (error: SystemError): void => {
      if (this.stream === stream) this.lose(error);
    };
    reply.then(
      () => ended(new SystemError("rpc/disconnected", `${address}: ended the stream`, { address })),
      (thrown) => ended(toSystemError(thrown)),
    );
    call.on("error", () => {});
    return stream;
  }

  private write(stream: OpenStream): void {
    const { from, to, clock } = this.options;
    this.writingSinceMs = clock.nowMs();
    const batch = { version: RAFT_VERSION, from, to, messages: this.queue.takeBatch(), ...OWN };
    stream.call.write(batch, (error: Error | null | undefined) => {
      // The reply of a stream that broke says why.
      if (error || this.stream !== stream) return;
      this.writingSinceMs = undefined;
      this.told = false;
      if (this.queue.length > 0) this.write(stream);
    });
  }

  private lose(error: SystemError): void {
    const { clock, random, log, onLoss } = this.options;
    const nowMs = clock.nowMs();
    const { address, openedMs } = this.stream ?? {};
    const lived = openedMs !== undefined && nowMs - openedMs > BACKOFF_MAX_MS;
    if (lived) this.lastCode = undefined;
    const level = error.code === this.lastCode ? "debug" : LOG_LEVEL_OF[error.code];
    log[level ?? "warn"]({ address, code: error.code, error }, "stream of raft messages broke");
    this.lastCode = error.code;
    this.hangUp();
    this.queue.clear();
    const longer = lived ? BACKOFF_MIN_MS : this.backoffMs * 2 || BACKOFF_MIN_MS;
    this.backoffMs = isRefusal(error) ? BACKOFF_MAX_MS : Math.min(longer, BACKOFF_MAX_MS);
    // Some of it at random, so that members do not come back all at once.
    this.retryAtMs = nowMs + this.backoffMs - random.below(BACKOFF_MIN_MS / 2);
    this.told = true;
    onLoss(error);
  }

  private hangUp(): void {
    const { stream } = this;
    this.stream = undefined;
    this.writingSinceMs = undefined;
    stream?.hangUp.abort();
    stream?.client.close();
  }

  private tellLoss(): void {
    if (this.told) return;
    this.told = true;
    this.options.onLoss(undefined);
  }
}
