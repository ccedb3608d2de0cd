// One chunk's replica on one node: `step(event)` gives the effects to execute (`events.ts`). It
// follows a primary (backup.ts, learner.ts) or leads an epoch that names this node's incarnation
// (primary.ts); one replica may see both in turn, never at once.
import { assert, assertNever, type Lsn, type NodeId } from "@ashlar/core";
import { Backup } from "./backup.ts";
import type { ReplicaConfig, ReplicaEffect, ReplicaEvent } from "./events.ts";
import type { MemberMessage, PrimaryMessage } from "./messages.ts";
import { Primary } from "./primary.ts";
import { ReplicaCore, type ReplicaOptions } from "./replica-core.ts";

export type ReplicaRole = "idle" | "primary" | "primaryActive";

/** What a driver may look at, for metrics and tests. */
export interface ReplicaView {
  readonly role: ReplicaRole;
  readonly promisedEpoch: number;
  readonly tail: Lsn;
  readonly commit: Lsn;
  readonly uncommitted: number;
}

export class Replica {
  private readonly core: ReplicaCore;
  private readonly backup: Backup;
  private primary: Primary | undefined;
  /** A store that failed or a chunk that is gone: everything is refused. */
  private ended: "no" | "storeFailed" | "removed" = "no";

  constructor(options: ReplicaOptions) {
    this.core = new ReplicaCore(options);
    this.backup = new Backup(this.core);
  }

  get view(): ReplicaView {
    const { promised: promisedEpoch, log } = this.core;
    const { phase } = this.primary ?? {};
    const role = phase === undefined ? "idle" : phase === "active" ? "primaryActive" : "primary";
    const { tail, commit } = log;
    return { role, promisedEpoch, tail, commit, uncommitted: log.uncommitted.length };
  }

  /** Effects are in the order in which they must be executed. */
  step(event: ReplicaEvent): readonly ReplicaEffect[] {
    if (this.ended === "no") this.dispatch(event);
    else this.refuse(event);
    return this.core.takeEffects();
  }

  private dispatch(event: ReplicaEvent): void {
    const { core } = this;
    switch (event.kind) {
      case "operation":
        if (this.primary) this.primary.operation(event);
        else core.refuseLead(event.operation, event.replyTo);
        return;
      case "cancel":
        this.onCancel(event);
        return;
      case "fromPrimary":
        this.onFromPrimary(event.from, event.message);
        return;
      case "fromMember":
        this.onFromMember(event.from, event.message);
        return;
      case "journaled":
        core.onJournaled(event.upTo);
        this.backup.onJournaled();
        this.primary?.progress();
        return;
      case "refused":
        if (core.onRefused(event.ticket, this.primary?.phase === "active")) {
          this.backup.onRefused();
        }
        return;
      case "answered":
        core.onAnswered(event.token, event.answer);
        this.primary?.progress();
        return;
      case "failed":
        core.onFailed(event.token, event.failure, event.damaged);
        return;
      case "config":
        this.onConfig(event.config);
        return;
      case "identity":
        core.incarnation = event.incarnation;
        this.endUnlessMine();
        this.leadIfNamed();
        return;
      case "linkUp":
      case "linkDown":
      case "resyncGranted":
        this.onNodeEvent(event);
        return;
      case "tick":
        this.primary?.onTick();
        return;
      case "admissionUnanswered":
        this.primary?.onAdmissionUnanswered(event.store);
        return;
      case "check":
        if (this.primary) this.primary.check(event);
        else this.refuse(event);
        return;
      case "storeFailed":
      case "removed":
        this.endPrimary();
        this.backup.leave();
        this.ended = event.kind;
        return;
      default:
        assertNever(event);
    }
  }

  private refuse(event: ReplicaEvent): void {
    const { core } = this;
    if (event.kind === "operation") {
      core.answer(event.replyTo, this.ended === "storeFailed" ? "diskFailed" : "notPrimary");
    } else if (event.kind === "cancel") {
      if (event.replyTo) core.answer(event.replyTo, "notPrimary");
    } else if (event.kind === "fromPrimary") {
      this.backup.refuse(event.from, event.message, "storeFailed");
    } else if (event.kind === "check") {
      core.emit({ kind: "checked", report: event.outcome, outcome: { kind: "unavailable" } });
    } else if (event.kind === "resyncGranted") {
      core.emit({ kind: "releaseResync", node: event.node });
    } else if (event.kind === "answered") {
      // Whoever asked knows that it is over, and tells those who wait.
      core.onAnswered(event.token, event.answer);
    } else if (event.kind === "failed") core.onFailed(event.token, event.failure, event.damaged);
  }

  private onCancel({ cancellation, replyTo }: ReplicaEvent & { readonly kind: "cancel" }): void {
    if (this.primary) this.primary.cancel(cancellation, replyTo);
    else if (replyTo) this.core.refuseLead(cancellation, replyTo);
  }

  private onFromPrimary(from: NodeId, message: PrimaryMessage): void {
    const { core } = this;
    const isNewer = message.kind === "newEpoch" && message.epoch > core.promising;
    if (isNewer && message.store === core.store) this.endPrimary();
    if (this.primary && message.epoch === core.promising) {
      // An epoch names one primary (K1): nobody else can speak for ours.
      this.backup.refuse(from, message, "staleEpoch");
      return;
    }
    this.backup.onMessage(from, message);
  }

  private onFromMember(from: NodeId, message: MemberMessage): void {
    const { primary } = this;
    if (!primary || message.epoch !== primary.epoch) return;
    if (message.kind === "nak" && message.promisedEpoch > primary.epoch) {
      this.endPrimary();
      return;
    }
    const peer = primary.peer(from);
    if (peer) primary.onMessage(peer, message);
  }

  private onConfig(config: ReplicaConfig): void {
    const { core, primary } = this;
    assert(config.chunk === core.chunk, "a configuration is for its chunk");
    if (core.config && config.version <= core.config.version) return;
    core.config = config;
    this.backup.leaveOlder(config.epoch);
    if (primary && config.epoch === primary.epoch) primary.follow(config);
    else {
      this.endUnlessMine();
      this.leadIfNamed();
    }
  }

  private onNodeEvent(
    event: ReplicaEvent & { readonly kind: "linkUp" | "linkDown" | "resyncGranted" },
  ): void {
    const { primary } = this;
    const peer = primary?.peer(event.node);
    if (!primary || !peer) {
      if (event.kind === "resyncGranted") {
        this.core.emit({ kind: "releaseResync", node: event.node });
      }
      return;
    }
    if (event.kind === "linkUp") primary.onLinkUp(peer);
    else if (event.kind === "linkDown") primary.onLinkDown(peer);
    else primary.onResyncGranted(peer);
  }

  /** Leads only in epochs that name this incarnation, each from its beginning. */
  private leadIfNamed(): void {
    const { core } = this;
    const { config } = core;
    if (this.primary || !config || core.incarnation === 0) return;
    const { node, incarnation } = config.primary;
    if (node !== core.node || incarnation !== core.incarnation) return;
    if (config.epoch <= core.promising || !config.isr.includes(core.store)) return;
    this.backup.leave();
    this.primary = new Primary(core, config);
  }

  private endUnlessMine(): void {
    const { core, primary } = this;
    const { config } = core;
    if (!primary || !config) return;
    const { node, incarnation } = config.primary;
    const isMine = node === core.node && incarnation === core.incarnation;
    if (!isMine || config.epoch !== primary.epoch) this.endPrimary();
  }

  private endPrimary(): void {
    const { primary } = this;
    this.primary = undefined;
    primary?.end();
  }
}
