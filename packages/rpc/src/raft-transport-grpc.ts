// The RaftTransport over gRPC. Each member is sent to on two streams, so that what must not wait
// (heartbeats, votes) never stands behind entries; snapshots go beside both. What is sent within one
// turn leaves together at its end, which is also when losses are told: never within `send`.
import { type ClusterId, SystemError, toSystemError } from "@ashlar/core";
import type { MemberId, Message, MessageKind } from "@ashlar/raft";
import type { Clock, Log, Random } from "@ashlar/runtime";
import { GrpcClient } from "./grpc-client.ts";
import type { Network } from "./network.ts";
import { isRefusal } from "./raft-envelope.ts";
import { RaftMessageStream } from "./raft-message-stream.ts";
import { type InstallSnapshot, sendSnapshot } from "./raft-snapshot.ts";
import type { RaftInbox, RaftTransport } from "./raft-transport.ts";

export interface RaftTransportOptions {
  readonly clusterId: ClusterId;
  /** This member's number. */
  readonly self: MemberId;
  /** host:port of a member, if it is known; asked again for all that is sent. */
  readonly addressOf: (member: MemberId) => string | undefined;
  readonly inbox: RaftInbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The machine's if absent. */
  readonly network?: Network | undefined;
}

/** Small and awaited: elections, leases and reads depend on them. All else may wait behind entries. */
const URGENT: ReadonlySet<MessageKind> = new Set<MessageKind>([
  "heartbeat",
  "heartbeat-response",
  "request-vote",
  "request-vote-response",
  "timeout-now",
  "read-index",
  "read-index-response",
]);

export function createRaftTransport(options: RaftTransportOptions): RaftTransport {
  return new GrpcRaftTransport(options);
}

interface Peer {
  readonly urgent: RaftMessageStream;
  readonly bulk: RaftMessageStream;
}

class GrpcRaftTransport implements RaftTransport {
  private readonly options: RaftTransportOptions;
  private readonly log: Log;
  private readonly peers = new Map<MemberId, Peer>();
  /** Streams that have something to send at the end of this turn. */
  private readonly pushed = new Set<RaftMessageStream>();
  private snapshots: InstallSnapshot[] = [];
  /** Snapshots under way, one to a member at most. */
  private readonly sending = new Map<MemberId, Promise<void>>();
  private readonly stopped = new AbortController();
  private flushScheduled = false;

  constructor(options: RaftTransportOptions) {
    this.options = options;
    this.log = options.log.child({ component: "raft-transport" });
  }

  send(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.kind === "install-snapshot") this.snapshots.push(message);
      else this.push(message);
    }
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(this.onTurnEnd);
  }

  async stop(): Promise<void> {
    this.stopped.abort(new SystemError("operation/aborted", "the member stops"));
    for (const { urgent, bulk } of this.peers.values()) {
      urgent.close();
      bulk.close();
    }
    this.onTurnEnd();
    await Promise.all(this.sending.values());
  }

  private push(message: Message): void {
    if (this.stopped.signal.aborted) return;
    const { urgent, bulk } = this.peer(message.to);
    const stream = URGENT.has(message.kind) ? urgent : bulk;
    stream.push(message);
    this.pushed.add(stream);
  }

  private readonly onTurnEnd = (): void => {
    this.flushScheduled = false;
    if (!this.stopped.signal.aborted) for (const stream of this.pushed) stream.flush();
    this.pushed.clear();
    const snapshots = this.snapshots;
    this.snapshots = [];
    for (const message of snapshots) this.startSnapshot(message);
  };

  private peer(member: MemberId): Peer {
    const known = this.peers.get(member);
    if (known) return known;
    const peer = { urgent: this.stream(member, "urgent"), bulk: this.stream(member, "bulk") };
    this.peers.set(member, peer);
    return peer;
  }

  private stream(to: MemberId, stream: keyof Peer): RaftMessageStream {
    const { clusterId, self, addressOf, clock, random, network } = this.options;
    return new RaftMessageStream({
      clusterId,
      from: self,
      to,
      address: () => addressOf(to),
      onLoss: (error) => this.onLoss(to, error),
      clock,
      random,
      network,
      log: this.log.child({ member: to, stream }),
    });
  }

  private onLoss(member: MemberId, error: SystemError | undefined): void {
    const { inbox } = this.options;
    inbox.unreachable(member);
    if (error && isRefusal(error)) inbox.refused(member, error.code);
  }

  private startSnapshot(message: InstallSnapshot): void {
    const { to } = message;
    const address = this.options.addressOf(to);
    if (this.stopped.signal.aborted || this.sending.has(to) || address === undefined) {
      this.options.inbox.snapshotSent(to, "failed");
      return;
    }
    const sending = this.sendSnapshot(message, address).then((outcome) => {
      this.sending.delete(to);
      this.options.inbox.snapshotSent(to, outcome);
    });
    this.sending.set(to, sending);
  }

  private async sendSnapshot(
    message: InstallSnapshot,
    address: string,
  ): Promise<"delivered" | "failed"> {
    const { to, snapshot } = message;
    const { index, term, data } = snapshot;
    const fields = { member: to, index, term, bytes: data.length };
    const { clusterId, network } = this.options;
    const client = new GrpcClient({ address, clusterId, network });
    try {
      await sendSnapshot(client, message, { signal: this.stopped.signal });
      this.log.info(fields, "snapshot delivered");
      return "delivered";
    } catch (thrown) {
      const error = toSystemError(thrown);
      this.log.warn({ ...fields, code: error.code, error }, "snapshot not delivered");
      if (isRefusal(error)) this.options.inbox.refused(to, error.code);
      return "failed";
    } finally {
      client.close();
    }
  }
}
