// One replica with its driver and its disk, as a search drives it: an input goes in, all that follows
// from it at once is done, and what leaves comes out. Questions to the store are answered at once (what
// a read saw may still be told late), connections come up at once, leave to resync is given at once.
import {
  AssertionError,
  assert,
  CHECKSUM_UNIT,
  EXTENT_SIZE,
  type Lsn,
  type NodeId,
  sameLsn,
  scatterJoin,
} from "@ashlar/core";
import { printGraph } from "@ashlar/core/testing";
import type {
  Answers,
  JournalEffect,
  Question,
  ReplicaEffect,
  ReplicaEvent,
} from "../../events.ts";
import type { LogEntry } from "../../log-entry.ts";
import type { MemberMessage } from "../../messages.ts";
import type { OperationReply } from "../../operations.ts";
import type { PrimaryPeers } from "../../primary-peers.ts";
import { Replica } from "../../replica.ts";
import type { ReplicaCore } from "../../replica-core.ts";
import { CHUNK, storeOf } from "../scripted-chunk.ts";
import type { SimStore } from "../simulation/sim-store.ts";
import {
  type LogPlace,
  type NodeInput,
  type NodeOutput,
  type NodeView,
  noOutput,
} from "./node-view.ts";
import type { Scope } from "./scope.ts";
import { operationOf } from "./search-operations.ts";

const TICKS_MAX = 64;
const CHUNK_SIZE = EXTENT_SIZE;

type Peers = Pick<PrimaryPeers, "all" | "members"> & { readonly sessions: number };

/** What is private in the replica, and part of its state all the same. */
interface Internals {
  readonly core: ReplicaCore;
  readonly backup: { readonly afterBarrier: (() => void) | undefined };
  readonly primary: { readonly epoch: number; readonly peers: Peers } | undefined;
}

export class SearchNode {
  readonly node: NodeId;
  readonly store: SimStore;
  private readonly place: number;
  private readonly scope: Scope;
  private replica: Replica;
  private isAwake = false;
  /** What a closure may hold, by what made it: tickets on their way, a barrier, a read in hand. */
  private causes: { readonly ticket: number; readonly cause: string }[] = [];
  private barrier: { readonly after: unknown; readonly cause: string } | undefined;
  private readonly readAnswers: number[] = [];
  private output: NodeOutput = noOutput();

  /** Starts from what the disk holds. */
  constructor(place: number, node: NodeId, scope: Scope, store: SimStore) {
    this.place = place;
    this.node = node;
    this.scope = scope;
    this.store = store;
    this.replica = this.boot();
  }

  /** Takes one input. Throws when the replica or its disk finds a rule broken. */
  take(input: NodeInput): NodeOutput {
    this.output = noOutput();
    const cause = printGraph(input);
    if (input.kind === "crash") this.crash(input.kept);
    else if (input.kind === "tick") this.tick(cause);
    else {
      for (const event of this.eventsOf(input)) this.give(event, cause);
    }
    return this.output;
  }

  get view(): NodeView {
    const { core, primary } = this.internals;
    const { status, uncommitted } = this.store;
    const { role, promisedEpoch: epoch, commit } = this.replica.view;
    const peers = primary?.peers;
    return {
      at: this.place,
      role,
      epoch: primary?.epoch ?? epoch,
      heard: core.config?.version ?? 0,
      incarnation: core.incarnation,
      durable: {
        promised: status.promisedEpoch,
        commit: status.commit,
        log: uncommitted.map(placeOf),
        resyncing: status.resyncFrom !== undefined,
      },
      commit,
      log: core.log.uncommitted.map(({ entry }) => placeOf(entry)),
      content: this.contentOfUnit(),
      resyncing: core.resyncFrom !== undefined,
      required: peers ? [storeOf(this.node), ...peers.members.map(({ store }) => store)] : [],
      sessions: peers?.sessions ?? 0,
      isAwake: this.isAwake,
      pending: this.store.pendingCount,
      owesTicket: this.store.owesTicket,
      admissionsAsked: [...(peers?.all ?? [])]
        .filter(({ admissionAsked }) => admissionAsked)
        .map(({ store }) => store),
    };
  }

  /** Equal for nodes that behave equally from now on: `Scope.proves` shows that. */
  get fingerprint(): string {
    const { core, primary } = this.internals;
    const { journaledTicket: oldest, lastTicket: newest } = core;
    const counters = { fields: TICKETS, oldest, newest };
    const { replica, store, isAwake, causes, barrier, readAnswers } = this;
    const reads = primary ? readAnswers : [];
    const state = [replica, store, isAwake, causes, barrier?.cause, reads];
    return printGraph(state, { omitted: ELSEWHERE, counters });
  }

  private get internals(): Internals {
    return this.replica as unknown as Internals;
  }

  private boot(): Replica {
    const { store, node } = this;
    const { status, uncommitted, windows } = store;
    return new Replica({
      chunk: CHUNK,
      node,
      store: storeOf(node),
      chunkSize: CHUNK_SIZE,
      status,
      uncommitted: [...uncommitted],
      windows,
      freeBytes: () => 1 << 30,
      openGeneration: () => 1,
      nowMs: () => 0,
    });
  }

  private crash(kept: number): void {
    const { broken } = this.scope;
    this.store.crash(kept);
    if (broken === "promiseForgotten" || broken === "entryForgotten") this.store.forget(broken);
    this.isAwake = false;
    this.causes = [];
    this.barrier = undefined;
    this.readAnswers.length = 0;
    this.replica = this.boot();
  }

  private tick(cause: string): void {
    for (let ticks = 0; this.isAwake && ticks < TICKS_MAX; ticks += 1) {
      this.isAwake = false;
      this.give({ kind: "tick" }, cause);
    }
  }

  private eventsOf(input: Exclude<NodeInput, { kind: "crash" | "tick" }>): ReplicaEvent[] {
    switch (input.kind) {
      case "sync":
        return this.sync(input.calls);
      case "operation":
        return [this.operation(input.at)];
      case "reconnect":
        return [
          { kind: "linkDown", node: input.node },
          { kind: "linkUp", node: input.node },
        ];
      case "unanswered":
        return [{ kind: "admissionUnanswered", store: input.store }];
      default:
        return [input];
    }
  }

  private sync(calls: number): ReplicaEvent[] {
    const upTo = this.store.sync(calls);
    this.causes = this.causes.filter(({ ticket }) => ticket > upTo);
    return upTo > 0 ? [{ kind: "journaled", upTo }] : [];
  }

  private give(first: ReplicaEvent, cause: string): void {
    const events = [first];
    for (let event = events.shift(); event; event = events.shift()) {
      for (const effect of this.replica.step(event)) events.push(...this.execute(effect, cause));
    }
    const after = this.internals.backup.afterBarrier;
    if (after !== this.barrier?.after) this.barrier = after && { after, cause };
  }

  /** Executes an effect; what follows from it at once comes back. */
  private execute(effect: ReplicaEffect, cause: string): ReplicaEvent[] {
    const { output } = this;
    switch (effect.kind) {
      case "commit":
        this.noteCommits(effect.lsn);
        this.store.commit(effect.lsn);
        return [];
      case "ask":
        return [this.answer(effect.token, effect.question)];
      case "send":
        output.sent.push(effect);
        return [];
      case "respond":
        this.checkWord(effect.message);
        output.responded.push(effect);
        return [];
      case "reply":
        effect.replyTo(effect.reply);
        return [];
      case "link":
        return [{ kind: "linkUp", node: effect.node }];
      case "wake":
        this.isAwake = true;
        return [];
      case "admit":
        output.admits.push(effect.request);
        return [];
      case "requestResync":
        return [{ kind: "resyncGranted", node: effect.node }];
      case "releaseResync":
      case "checked":
        return [];
      case "notice":
        this.onNotice(effect.notice);
        return [];
      default:
        return this.journal(effect, cause);
    }
  }

  private journal(effect: JournalEffect, cause: string): ReplicaEvent[] {
    const { output, store, scope } = this;
    if (effect.kind === "truncate") output.truncated = true;
    if (effect.kind === "applyCopy") output.copied = true;
    store.call(effect);
    if (scope.broken === "toldBeforeDurable") return [{ kind: "journaled", upTo: effect.ticket }];
    this.causes.push({ ticket: effect.ticket, cause });
    return [];
  }

  private onNotice(notice: (ReplicaEffect & { readonly kind: "notice" })["notice"]): void {
    assert(notice.what !== "diverged", "P4: a member in sync lacks what is committed");
    if (notice.what === "active") this.output.active = notice.epoch;
  }

  private noteCommits(upTo: Lsn): void {
    for (const entry of this.store.unapplied) {
      if (entry.lsn.seq <= upTo.seq) this.output.committed.push(placeOf(entry));
    }
  }

  private answer(token: number, question: Question): ReplicaEvent {
    const answer = this.answerOf(question);
    if (question.kind === "read") this.readAnswers.push(this.contentOfUnit());
    return { kind: "answered", token, answer };
  }

  private answerOf(question: Question): Answers[keyof Answers] {
    const { store } = this;
    switch (question.kind) {
      case "read":
        return store.read(question.offset, question.length);
      case "readExtent":
        return store.readExtent(question.extent);
      case "listExtents":
        return store.extentsNewerThan(question.after);
      default:
        throw new AssertionError("a search compares no replicas by message");
    }
  }

  /** What a member tells must be durable when it leaves. */
  private checkWord(message: MemberMessage): void {
    const { tail, promisedEpoch, resyncFrom } = this.store.status;
    if (message.kind === "appendAck") {
      assert(tail.seq >= message.lsn.seq, "P1: an ack leaves before its entry is durable");
    } else if (message.kind === "promise") {
      assert(promisedEpoch >= message.epoch, "P2: a promise leaves before it is durable");
      assert(sameLsn(tail, message.tail), "P7: a tail leaves before it is durable");
      const isTold = (message.resyncFrom === undefined) === (resyncFrom === undefined);
      assert(isTold, "P15: an unfinished resync is told as it is on the disk");
    } else if (message.kind === "confirmed") {
      assert(promisedEpoch <= message.epoch, "P2: an older epoch is confirmed");
    }
  }

  private operation(at: number): ReplicaEvent {
    const { mutations } = this.scope;
    const kind = mutations[at] ?? "read";
    const replyTo = Object.assign(
      ({ status, epoch, data }: OperationReply) => {
        const found = kind === "read" && status === "good" ? (scatterJoin(data)[0] ?? 0) : 0;
        if (kind === "read") this.readAnswers.length = 0;
        this.output.replies.push({ operation: at, status, epoch, found });
      },
      { label: `operation ${at}` },
    );
    const operation = operationOf(kind, at, this.internals.primary?.epoch ?? 0);
    return { kind: "operation", operation, deadlineMs: Number.POSITIVE_INFINITY, replyTo };
  }

  private contentOfUnit(): number {
    return scatterJoin(this.store.read(0, CHECKSUM_UNIT).data)[0] ?? 0;
  }
}

/** Constant, or never open between two inputs. */
const ELSEWHERE: ReadonlySet<string> = new Set(["issuedToken", "claims", "options", "effects"]);
const TICKETS: ReadonlySet<string> = new Set([
  "ticket",
  "issuedTicket",
  "journaledTicket",
  "barrier",
]);

const placeOf = ({ lsn, opId }: LogEntry): LogPlace => ({ lsn, operation: opId.seq - 1 });
