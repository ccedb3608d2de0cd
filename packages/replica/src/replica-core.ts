// What all roles of a replica share: its identity, its log, its promise, and the bookkeeping of
// effects that come back (journal tickets, questions). Roles change it; only Replica.step drives it.
import { assert, type ChunkId, type Lsn, type NodeId, type StoreUuid } from "@ashlar/core";
import { ChunkLog, type LoggedEntry } from "./chunk-log.ts";
import type { ChunkStatus, ExtentCopy, UnitRepair } from "./chunk-store.ts";
import type {
  Answers,
  Notice,
  Question,
  QuestionFailure,
  ReplicaConfig,
  ReplicaEffect,
  ReplyTo,
} from "./events.ts";
import { NO_CHECKSUMS, NO_DATA } from "./events.ts";
import type { LogEntry } from "./log-entry.ts";
import type { OperationWindow } from "./operation-windows.ts";
import type { Operation, OperationReply, OperationStatusName } from "./operations.ts";
import { SpaceClaims } from "./space-claims.ts";

export interface ReplicaOptions {
  readonly chunk: ChunkId;
  readonly node: NodeId;
  readonly store: StoreUuid;
  /** Bytes, as of the cluster. */
  readonly chunkSize: number;
  /** What the store told when it was opened, or tells now. */
  readonly status: ChunkStatus;
  /** Entries after status.commit, in order. */
  readonly uncommitted: readonly LogEntry[];
  /** Of the operations committed up to status.commit. */
  readonly windows: readonly OperationWindow[];
  /**
   * Whether the catalog has declared a gateway incarnation dead, as far as this node has heard; once
   * so, always so. Its operations are refused and its windows go. Unset: all live.
   */
  readonly isDeadGateway?: (incarnation: number) => boolean;
  /** Bytes free for new extents on the own store, the reserve not counted. */
  readonly freeBytes: () => number;
  /** The node's monotonic time in milliseconds, in which operations have their deadlines. */
  readonly nowMs: () => number;
  /**
   * The volume's generation whose operations are admitted, as the node knows it now; undefined while
   * all are refused, as when a change is prepared. It never goes back.
   */
  readonly openGeneration: () => number | undefined;
  /** Shared by all replicas of a node; without it, a replica's own. */
  readonly claims?: SpaceClaims;
}

/** A journaling effect without its ticket. */
type JournalRequest =
  | { readonly kind: "promise"; readonly epoch: number }
  | { readonly kind: "append"; readonly entry: LogEntry }
  | { readonly kind: "truncate"; readonly after: Lsn }
  | { readonly kind: "beginResync"; readonly from: Lsn }
  | {
      readonly kind: "setBase";
      readonly base: Lsn;
      readonly windows: readonly OperationWindow[];
    }
  | { readonly kind: "applyCopy"; readonly copy: ExtentCopy }
  | { readonly kind: "endResync" }
  | { readonly kind: "repairUnit"; readonly repair: UnitRepair };

interface OpenQuestion {
  readonly answered: (answer: Answers[keyof Answers]) => void;
  readonly failed: (failure: QuestionFailure, damaged: readonly number[]) => void;
}

interface OpenTicket {
  readonly ticket: number;
  done: () => void;
  /** The store had no room; true when the follower's session is of no use any more. */
  readonly refused: (leads: boolean) => boolean;
}

export class ReplicaCore {
  readonly chunk: ChunkId;
  readonly node: NodeId;
  readonly store: StoreUuid;
  readonly chunkSize: number;
  readonly freeBytes: () => number;
  readonly nowMs: () => number;
  readonly openGeneration: () => number | undefined;
  readonly claims: SpaceClaims;
  readonly isDeadGateway: (incarnation: number) => boolean;
  readonly log: ChunkLog;
  /** Newest configuration heard of. */
  config: ReplicaConfig | undefined;
  /** This node's, 0 before it registered. */
  incarnation = 0;
  /** Promised durably. */
  promised: number;
  /** Promised, durably or in the journal's queue: older epochs are refused from then on. */
  promising: number;
  resyncFrom: Lsn | undefined;
  /** Tickets that are durable. */
  journaledTicket = 0;
  /** First entry of an ACTIVE primary that its own store had no room for. */
  private refusedSeq: number | undefined;
  private issuedTicket = 0;
  private readonly openTickets: OpenTicket[] = [];
  private issuedToken = 0;
  private readonly questions = new Map<number, OpenQuestion>();
  private effects: ReplicaEffect[] = [];

  constructor(options: ReplicaOptions) {
    this.chunk = options.chunk;
    this.node = options.node;
    this.store = options.store;
    this.chunkSize = options.chunkSize;
    this.freeBytes = options.freeBytes;
    this.nowMs = options.nowMs;
    this.openGeneration = options.openGeneration;
    this.claims = options.claims ?? new SpaceClaims(Number.POSITIVE_INFINITY);
    this.isDeadGateway = options.isDeadGateway ?? (() => false);
    this.log = new ChunkLog(options, this.isDeadGateway);
    this.promised = options.status.promisedEpoch;
    this.promising = options.status.promisedEpoch;
    this.resyncFrom = options.status.resyncFrom;
  }

  /** Newest epoch this node knows of the chunk. */
  get knownEpoch(): number {
    return Math.max(this.promising, this.config?.epoch ?? 0);
  }

  /** Entries of this primary wait for room on its own store. */
  get waitsForRoom(): boolean {
    return this.refusedSeq !== undefined;
  }

  /** The last ticket given out. */
  get lastTicket(): number {
    return this.issuedTicket;
  }

  emit(effect: ReplicaEffect): void {
    this.effects.push(effect);
  }

  notice(notice: Notice): void {
    this.emit({ kind: "notice", notice });
  }

  takeEffects(): readonly ReplicaEffect[] {
    const taken = this.effects;
    this.effects = [];
    return taken;
  }

  /** Journals something; `done` is called when it is durable. */
  journal(request: JournalRequest, done: () => void, refused?: () => void): number {
    const ticket = ++this.issuedTicket;
    this.emit({ ...request, ticket });
    const onRefused = (): boolean => {
      refused?.();
      return false;
    };
    this.openTickets.push({ ticket, done, refused: onRefused });
    return ticket;
  }

  /** Appends at the tail; the log's durable LSN follows. */
  append(logged: LoggedEntry): void {
    this.log.push(logged);
    // Behind an entry that the store had no room for: it is passed again together with that one.
    if (this.refusedSeq === undefined) this.journalEntry(logged.entry);
  }

  /** Passes to the store again what it had no room for; called after a pause. */
  retryRefused(): void {
    const { refusedSeq, log } = this;
    if (refusedSeq === undefined) return;
    if (this.journaledTicket < this.issuedTicket) {
      this.emit({ kind: "wake" });
      return;
    }
    this.refusedSeq = undefined;
    for (const { entry } of log.uncommitted) {
      if (entry.lsn.seq >= refusedSeq) this.journalEntry(entry);
    }
  }

  /** A leadership is over: what never reached the own journal is not part of the own log. */
  dropRefused(): void {
    const { refusedSeq } = this;
    this.refusedSeq = undefined;
    if (refusedSeq !== undefined) this.log.dropFrom(refusedSeq);
  }

  /** @param leads whether an ACTIVE primary asks: its entries have an LSN and are passed again. */
  onRefused(ticket: number, leads: boolean): boolean {
    const open = this.openTickets.find((other) => other.ticket === ticket);
    if (!open) return false;
    open.done = () => {};
    return open.refused(leads);
  }

  private onEntryRefused(entry: LogEntry, leads: boolean): boolean {
    const { seq } = entry.lsn;
    if (this.log.at(seq)?.entry !== entry) return false;
    if (leads) {
      this.refusedSeq = Math.min(seq, this.refusedSeq ?? seq);
      this.emit({ kind: "wake" });
      return false;
    }
    this.log.dropFrom(seq);
    return true;
  }

  private journalEntry(entry: LogEntry): void {
    const ticket = ++this.issuedTicket;
    this.emit({ kind: "append", ticket, entry });
    this.openTickets.push({
      ticket,
      done: () => {
        // A truncation or a new base that was queued behind it has cut the log in memory already.
        if (this.log.at(entry.lsn.seq)?.entry === entry) this.log.durable = entry.lsn;
      },
      refused: (leads) => this.onEntryRefused(entry, leads),
    });
  }

  /** Makes a promise, behind all that is queued; `done` when it is durable and still the newest. */
  promise(epoch: number, done: () => void): number {
    assert(epoch > this.promising, "a promise rises");
    this.promising = epoch;
    return this.journal({ kind: "promise", epoch }, () => {
      this.promised = epoch;
      if (this.promising === epoch) done();
    });
  }

  onJournaled(upTo: number): void {
    assert(upTo <= this.issuedTicket, "only what was asked for is journaled");
    this.journaledTicket = Math.max(this.journaledTicket, upTo);
    let count = 0;
    for (const { ticket } of this.openTickets) {
      if (ticket > upTo) break;
      count += 1;
    }
    for (const { done } of this.openTickets.splice(0, count)) done();
  }

  ask<K extends Question["kind"]>(
    question: Question & { readonly kind: K },
    answered: (answer: Answers[K]) => void,
    failed: (failure: QuestionFailure, damaged: readonly number[]) => void,
  ): void {
    const token = ++this.issuedToken;
    this.questions.set(token, {
      answered: answered as (answer: Answers[keyof Answers]) => void,
      failed,
    });
    this.emit({ kind: "ask", token, question });
  }

  onAnswered(token: number, answer: Answers[keyof Answers]): void {
    this.takeQuestion(token)?.answered(answer);
  }

  onFailed(token: number, failure: QuestionFailure, damaged: readonly number[]): void {
    this.takeQuestion(token)?.failed(failure, damaged);
  }

  /** Makes entries up to `seq` visible; gives them to be told of. */
  commitTo(seq: number): LoggedEntry[] {
    const committed = this.log.commitTo(seq);
    if (committed.length > 0) this.emit({ kind: "commit", lsn: this.log.commit });
    return committed;
  }

  reply(replyTo: ReplyTo, reply: OperationReply): void {
    this.emit({ kind: "reply", replyTo, reply });
  }

  /** A reply without payload. */
  answer(replyTo: ReplyTo, status: OperationStatusName, value = 0): void {
    const epoch = this.knownEpoch;
    this.reply(replyTo, { status, epoch, value, data: NO_DATA, checksums: NO_CHECKSUMS });
  }

  /** Whether the operation was decided under a generation that is not, or no longer, in force (P11). */
  isStale({ generation }: Pick<Operation, "generation">): boolean {
    return generation !== this.openGeneration();
  }

  /** Sends an operation away: another node leads, or this one in another epoch. */
  refuseLead({ epoch }: Pick<Operation, "epoch">, replyTo: ReplyTo): void {
    this.answer(replyTo, epoch < this.knownEpoch ? "staleEpoch" : "notPrimary");
  }

  private takeQuestion(token: number): OpenQuestion | undefined {
    const question = this.questions.get(token);
    this.questions.delete(token);
    return question;
  }
}
