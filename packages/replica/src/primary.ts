// The replica that orders a chunk's writes in one epoch. It makes its own promise durable through
// its own queue first; only then is its log fixed and may it ask the others. ACTIVE is when every
// member of the possible ISR has promised this epoch with a durable tail equal to its own; then all
// of its log is committed and it serves. Committed = durable here and on every required member.
import { assertNever, compareLsn, LSN_ZERO } from "@ashlar/core";
import { ReplicaComparison } from "./comparison.ts";
import { Confirmations } from "./confirmations.ts";
import type { ReplicaConfig, ReplicaEvent, ReplyTo } from "./events.ts";
import { HELD_TICKS_MAX, RETRY_TICKS, WAITING_OPERATIONS_MAX } from "./limits.ts";
import type { MemberMessage } from "./messages.ts";
import type { Cancellation } from "./operations.ts";
import type { Peer } from "./peer.ts";
import { PrimaryOperations, sameOperation } from "./primary-operations.ts";
import { PrimaryPeers } from "./primary-peers.ts";
import { RangeLocks } from "./range-locks.ts";
import type { ReplicaCore } from "./replica-core.ts";

type Phase = "promising" | "gathering" | "active" | "over";

type OperationEvent = ReplicaEvent & { readonly kind: "operation" };

/** What waits for an activation. */
type Held = { ticksLeft: number; readonly replyTo: ReplyTo } & (
  | { readonly kind: "operation"; readonly event: OperationEvent }
  | { readonly kind: "cancel"; readonly cancellation: Cancellation }
);

export class Primary {
  readonly epoch: number;
  phase: Phase = "promising";
  private readonly core: ReplicaCore;
  private readonly locks: RangeLocks;
  private readonly peers: PrimaryPeers;
  private readonly confirmations: Confirmations;
  private readonly operations: PrimaryOperations;
  private held: Held[] = [];
  private comparison: ReplicaComparison | undefined;
  private ticksToRetry = RETRY_TICKS;

  constructor(core: ReplicaCore, config: ReplicaConfig) {
    this.core = core;
    this.epoch = config.epoch;
    this.locks = new RangeLocks(
      (offset, length) => core.log.lastOverlap(offset, length) !== undefined,
    );
    this.peers = new PrimaryPeers(core, this.locks, config);
    this.confirmations = new Confirmations(this.peers);
    this.operations = new PrimaryOperations({
      core,
      epoch: config.epoch,
      locks: this.locks,
      peers: this.peers,
      confirmations: this.confirmations,
    });
    core.promise(config.epoch, () => this.gather());
  }

  /** A newer configuration of the same epoch. */
  follow(config: ReplicaConfig): void {
    this.peers.follow(config);
    this.comparison?.onPeersChanged();
    this.progress();
  }

  operation(event: OperationEvent): void {
    if (this.phase === "active") this.operations.decide(event);
    else this.hold({ kind: "operation", event, replyTo: event.replyTo, ticksLeft: HELD_TICKS_MAX });
  }

  /**
   * Drops an operation that has no LSN. What becomes of one that may have been logged in an earlier
   * epoch is known when this one is ACTIVE: until then another member might still win with it.
   */
  cancel(cancellation: Cancellation, replyTo: ReplyTo | undefined): void {
    const { opId } = cancellation;
    this.held = this.held.filter((held) => {
      if (held.kind === "cancel" || !sameOperation(held.event.operation.opId, opId)) return true;
      this.core.answer(held.replyTo, "cancelled");
      return false;
    });
    if (this.phase === "active") this.operations.cancel(cancellation, replyTo);
    else if (replyTo) {
      this.hold({ kind: "cancel", cancellation, replyTo, ticksLeft: HELD_TICKS_MAX });
    }
  }

  onMessage(peer: Peer, message: MemberMessage): void {
    if (message.session !== peer.session) return;
    switch (message.kind) {
      case "promise":
        this.peers.onPromise(peer, message);
        break;
      case "appendAck":
        this.onAppendAck(peer, message);
        break;
      case "nak":
        if (message.promisedEpoch <= this.epoch) this.peers.restart(peer);
        break;
      case "resyncReady":
        peer.resync?.onReady(message.extents);
        break;
      case "copyAck":
        peer.resync?.onCopyAck(message.extent);
        break;
      case "resyncEnded":
        if (!peer.resync?.isEnding) break;
        peer.resync.finish();
        peer.resync = undefined;
        peer.complete = true;
        break;
      case "digest":
        this.comparison?.onDigest(peer, message);
        break;
      case "verified":
        this.comparison?.onVerified(peer, message);
        break;
      case "unit":
        this.peers.repairs.onUnit(peer, message);
        break;
      case "confirmed":
        this.confirmations.onConfirmed(peer, message.round);
        break;
      default:
        assertNever(message);
    }
    this.progress();
  }

  onLinkUp(peer: Peer): void {
    this.peers.linkUp(peer.node);
  }

  onLinkDown(peer: Peer): void {
    this.peers.linkDown(peer.node);
    this.comparison?.onPeersChanged();
  }

  onResyncGranted(peer: Peer): void {
    this.peers.onResyncGranted(peer.node);
  }

  onAdmissionUnanswered(store: Peer["store"]): void {
    this.peers.onAdmissionUnanswered(store);
  }

  peer(node: Peer["node"]): Peer | undefined {
    return this.peers.get(node);
  }

  /** After anything that may have made more of the log durable somewhere, or confirmed. */
  progress(): void {
    if (this.phase === "gathering" && this.peers.areLevel) this.activate();
    if (this.phase !== "active") return;
    const { log } = this.core;
    const seq = this.peers.ackedByAll(log.durable.seq);
    if (seq > log.commit.seq) this.commitTo(seq);
    this.peers.admit();
    // Last: whoever was asked to be admitted just now must confirm, too.
    this.confirmations.advance();
  }

  onTick(): void {
    for (const held of this.held) held.ticksLeft -= 1;
    const late = this.held.filter(({ ticksLeft }) => ticksLeft <= 0);
    this.held = this.held.filter(({ ticksLeft }) => ticksLeft > 0);
    for (const { replyTo } of late) this.core.answer(replyTo, "notActive");
    if (this.held.length > 0) this.core.emit({ kind: "wake" });
    this.peers.tick();
    this.confirmations.advance();
    this.retryRefused();
  }

  check({ deep, outcome: report }: ReplicaEvent & { readonly kind: "check" }): void {
    if (this.phase !== "active" || this.comparison) {
      this.core.emit({ kind: "checked", report, outcome: { kind: "unavailable" } });
      return;
    }
    const { core, locks, peers } = this;
    const comparison = new ReplicaComparison({ core, locks, peers, deep }, (outcome) => {
      this.comparison = undefined;
      core.emit({ kind: "checked", report, outcome });
    });
    this.comparison = comparison;
    // It may be over at once, when a member is not connected.
    comparison.start();
  }

  /** Another epoch, another incarnation, a dead store: nothing is answered good any more. */
  end(): void {
    const { core } = this;
    const wasActive = this.phase === "active";
    this.phase = "over";
    if (wasActive) {
      core.notice({ what: "deposed", epoch: this.epoch, byEpoch: core.knownEpoch });
    }
    // First who waits for a range: what is released below must not let anyone in.
    this.operations.end();
    this.locks.dropAll();
    this.comparison?.fail();
    this.peers.stop();
    for (const held of this.held.splice(0)) {
      const { epoch } = held.kind === "operation" ? held.event.operation : held.cancellation;
      core.refuseLead({ epoch }, held.replyTo);
    }
    for (const logged of core.log.uncommitted) {
      for (const { replyTo } of logged.waiters.splice(0)) {
        core.refuseLead({ epoch: this.epoch }, replyTo);
      }
    }
    core.dropRefused();
  }

  /** What the own store had no room for has its LSN, and members hold it: it is passed again. */
  private retryRefused(): void {
    const { core } = this;
    if (!core.waitsForRoom) return;
    this.ticksToRetry -= 1;
    if (this.ticksToRetry > 0) core.emit({ kind: "wake" });
    else {
      this.ticksToRetry = RETRY_TICKS;
      core.retryRefused();
    }
  }

  private gather(): void {
    if (this.phase !== "promising") return;
    this.phase = "gathering";
    this.peers.gather();
    this.progress();
  }

  private activate(): void {
    const { core } = this;
    this.phase = "active";
    core.notice({ what: "active", epoch: this.epoch, tail: core.log.tail });
    this.commitTo(core.log.tail.seq);
    this.peers.activate();
    for (const held of this.held.splice(0)) {
      if (held.kind === "operation") this.operations.decide(held.event);
      else this.operations.cancel(held.cancellation, held.replyTo);
    }
  }

  private hold(held: Held): void {
    if (this.held.length >= WAITING_OPERATIONS_MAX) this.core.answer(held.replyTo, "notActive");
    else {
      this.held.push(held);
      this.core.emit({ kind: "wake" });
    }
  }

  private onAppendAck(peer: Peer, { lsn, freeBytes }: MemberMessage & { kind: "appendAck" }): void {
    this.core.claims.told(peer.store, freeBytes);
    peer.claims.settle(lsn.seq);
    if (!peer.promise || lsn.seq > this.core.log.tail.seq) {
      // It cannot hold what was never sent: nothing it says of this session counts.
      this.peers.restart(peer);
      return;
    }
    if (compareLsn(lsn, peer.acked ?? LSN_ZERO) >= 0) peer.acked = lsn;
  }

  private commitTo(seq: number): void {
    const committed = this.core.commitTo(seq);
    this.operations.settled(seq);
    for (const { waiters } of committed) {
      for (const waiter of waiters) this.operations.onCommitted(waiter);
    }
    if (committed.length === 0) return;
    this.locks.grant();
    this.core.emit({ kind: "wake" });
  }
}
