// Announces this member to whoever leads, as long as the group does not know it by this number and this
// address: its folder may be a new one, its address may have changed. It does so too when no leader was
// heard of for long, since then the group may have given it up.
import {
  type ClusterId,
  type ErrorCode,
  type NodeId,
  SystemError,
  toSystemError,
} from "@ashlar/core";
import type { MemberId } from "@ashlar/raft";
import { GrpcClient, type JoinAnswer, joinGroup, type Network } from "@ashlar/rpc";
import { type Clock, type Log, sleep } from "@ashlar/runtime";

const ASK_INTERVAL_MS = 250;
/** Refused again and again, it waits for people: for a name to be expected, for a process to end. */
const ASK_INTERVAL_MAX_MS = 2_000;
const ATTEMPT_TIMEOUT_MS = 1_000;
/** Refusals are for people to read: not several times a second. */
const REFUSAL_LOG_MS = 30_000;

/** Errors of an election or of the way there, which end by themselves. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "raft/not-leader",
  "rpc/unavailable",
  "rpc/disconnected",
  "rpc/deadline",
  "cluster/unavailable",
]);

export interface JoinWorkerOptions {
  readonly clusterId: ClusterId;
  readonly node: NodeId;
  readonly member: MemberId;
}

export interface JoinWorkerPorts {
  /** Where this member is reached. */
  readonly address: () => string;
  /** Where other members may be, in any order. */
  readonly addresses: () => readonly string[];
  /** Whether the group does not know this member as it is. */
  readonly needed: () => boolean;
  /** What the leader said, for a member that knows nobody yet. */
  readonly onAnswer: (answer: JoinAnswer, address: string) => void;
}

export class JoinWorker {
  private readonly clock: Clock;
  private readonly network: Network;
  private readonly log: Log;
  private readonly ports: JoinWorkerPorts;
  private readonly options: JoinWorkerOptions;
  private readonly stopped = new AbortController();
  private readonly clients = new Map<string, GrpcClient>();
  private working: Promise<void> = Promise.resolve();
  private refusedMs = Number.NEGATIVE_INFINITY;
  private refused = false;
  private leader: string | undefined;

  constructor(
    {
      clock,
      network,
      log,
    }: { readonly clock: Clock; readonly network: Network; readonly log: Log },
    ports: JoinWorkerPorts,
    options: JoinWorkerOptions,
  ) {
    this.clock = clock;
    this.network = network;
    this.log = log;
    this.ports = ports;
    this.options = options;
  }

  async start(): Promise<void> {
    this.working = this.work();
  }

  async stop(): Promise<void> {
    this.stopped.abort(new SystemError("operation/aborted", "the member stops"));
    await this.working;
    this.closeClients();
  }

  private async work(): Promise<void> {
    const { signal } = this.stopped;
    let pauseMs = ASK_INTERVAL_MS;
    while (!signal.aborted) {
      this.refused = false;
      if (this.ports.needed()) await this.askAll();
      else this.closeClients();
      pauseMs = this.refused ? Math.min(2 * pauseMs, ASK_INTERVAL_MAX_MS) : ASK_INTERVAL_MS;
      await sleep(this.clock, pauseMs, { signal }).catch(() => {});
    }
  }

  /** The leader that was told of first, then everybody else, until one answers for the group. */
  private async askAll(): Promise<void> {
    const others = this.ports.addresses().filter((address) => address !== this.leader);
    const first = this.leader === undefined ? [] : [this.leader];
    for (const address of [...first, ...others]) {
      if (this.stopped.signal.aborted || address === this.ports.address()) continue;
      if (await this.ask(address)) return;
    }
  }

  private async ask(address: string): Promise<boolean> {
    const timeout = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
    const signal = AbortSignal.any([this.stopped.signal, timeout]);
    try {
      const { node, member } = this.options;
      const request = { node, member, address: this.ports.address() };
      const answer = await joinGroup(this.client(address), request, { signal });
      this.leader = address;
      this.ports.onAnswer(answer, address);
      return true;
    } catch (thrown) {
      const error = toSystemError(thrown);
      const { leader } = error.meta;
      this.leader = typeof leader === "string" ? leader : undefined;
      if (!timeout.aborted) this.note(address, error);
      return false;
    }
  }

  private note(address: string, error: SystemError): void {
    if (this.stopped.signal.aborted || PASSING.has(error.code)) return;
    this.refused = true;
    const now = this.clock.nowMs();
    if (now < this.refusedMs + REFUSAL_LOG_MS) return;
    this.refusedMs = now;
    this.log.error({ address, code: error.code, error, meta: error.meta }, "cannot join the group");
  }

  private closeClients(): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }

  private client(address: string): GrpcClient {
    const known = this.clients.get(address);
    if (known) return known;
    const { clusterId } = this.options;
    const client = new GrpcClient({ address, clusterId, network: this.network });
    this.clients.set(address, client);
    return client;
  }
}
