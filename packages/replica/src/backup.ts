// A member's side of a session: it promises, is aligned with the primary's log, then appends, acks
// and commits what it is told. Rules:
//   - a promise passes through the append queue: the tail it reports includes all queued before it;
//   - an append is accepted only at promise = epoch and prev = own tail, else refused;
//   - truncations pass through the same queue, and a tail is reported only after they are durable;
//   - a truncation never removes an entry of the epoch that sends it.
// What must be durable before the next message counts is a barrier; messages wait behind it.
import {
  assert,
  assertNever,
  CHECKSUM_UNIT,
  type Lsn,
  maxLsn,
  type NodeId,
  sameLsn,
} from "@ashlar/core";
import { isStorable } from "./bounds.ts";
import { NO_DATA } from "./events.ts";
import { Learner } from "./learner.ts";
import { DAMAGED_UNITS_TOLD_MAX } from "./limits.ts";
import type { MemberMessage, NakReason, PrimaryMessage } from "./messages.ts";
import type { ReplicaCore } from "./replica-core.ts";
import { isUnit, isUnitData } from "./unit-repair.ts";

/** The primary a member follows now. */
export interface Session {
  readonly from: NodeId;
  readonly epoch: number;
  readonly session: number;
}

type NewEpoch = PrimaryMessage & { readonly kind: "newEpoch" };
type Append = PrimaryMessage & { readonly kind: "append" };
type UnitMessage = PrimaryMessage & { readonly kind: "unitRequest" | "unitRepair" };
type Truncate = PrimaryMessage & { readonly kind: "truncate" };
type WithoutHead<M> = M extends unknown ? Omit<M, "chunk" | "epoch" | "session"> : never;
export type MemberAnswer = WithoutHead<MemberMessage>;

export class Backup {
  private readonly core: ReplicaCore;
  private readonly learner: Learner;
  private session: Session | undefined;
  /** Everything up to this ticket must be durable before the inbox is looked at. */
  private barrier = 0;
  private afterBarrier: (() => void) | undefined;
  private inbox: PrimaryMessage[] = [];
  /** Greatest commit LSN told in this session. */
  private heardCommit: Lsn;
  private ackedLsn: Lsn | undefined;

  constructor(core: ReplicaCore) {
    this.core = core;
    this.heardCommit = core.log.commit;
    this.learner = new Learner(core, {
      wait: (ticket, after) => this.wait(ticket, after),
      hearCommit: (commit) => this.hearCommit(commit),
      answer: (session, message) => this.answer(session, message),
      ack: (session) => this.ack(session),
      refused: (session) => {
        if (this.session === session) this.onRefused();
      },
      isCurrent: (session) => this.session === session,
    });
  }

  /** This replica leads now, or its store failed: whoever it followed is refused. */
  leave(): void {
    const { session, inbox } = this;
    // What waits behind a barrier is refused, not forgotten: its sender must hear that it is over.
    if (session && inbox.length > 0) {
      this.refuse(session.from, { chunk: this.core.chunk, ...session }, "gap");
    }
    this.session = undefined;
    this.inbox = [];
    this.afterBarrier = undefined;
  }

  /** A newer epoch is known of: nothing of an older one is taken in any more, promised or not (P11). */
  leaveOlder(epoch: number): void {
    if (this.session && this.session.epoch < epoch) this.leave();
  }

  onMessage(from: NodeId, message: PrimaryMessage): void {
    if (message.kind === "newEpoch") {
      this.onNewEpoch(from, message);
      return;
    }
    const { session } = this;
    if (message.epoch < this.core.promising) this.refuse(from, message, "staleEpoch");
    else if (!session || session.from !== from || session.epoch !== message.epoch) {
      this.refuse(from, message, "gap");
    } else if (session.session !== message.session) {
      // Left over from a connection that broke.
    } else if (this.waiting) this.inbox.push(message);
    else this.handle(session, message);
  }

  /** After tickets became durable: acks, commits, and what waited behind the barrier. */
  onJournaled(): void {
    while (this.afterBarrier && this.barrier <= this.core.journaledTicket) {
      const after = this.afterBarrier;
      this.afterBarrier = undefined;
      after();
      this.drain();
    }
    if (this.waiting || !this.session) return;
    this.advance();
    const { durable } = this.core.log;
    if (this.ackedLsn && !sameLsn(this.ackedLsn, durable)) this.ack(this.session);
  }

  /** The store had no room: the session begins anew from what is journaled, after a pause. */
  onRefused(): void {
    const { session } = this;
    // Behind a barrier the new session has not been told of a tail yet.
    if (!session || this.waiting) return;
    this.leave();
    this.refuse(session.from, { chunk: this.core.chunk, ...session }, "gap");
  }

  refuse(
    from: NodeId,
    message: Pick<PrimaryMessage, "chunk" | "epoch" | "session">,
    reason: NakReason,
  ): void {
    const { chunk, epoch, session } = message;
    const { promising: promisedEpoch, log } = this.core;
    const nak = { kind: "nak", reason, promisedEpoch, tail: log.tail } as const;
    this.core.emit({ kind: "respond", to: from, message: { chunk, epoch, session, ...nak } });
  }

  private get waiting(): boolean {
    return this.barrier > this.core.journaledTicket || this.afterBarrier !== undefined;
  }

  private onNewEpoch(from: NodeId, message: NewEpoch): void {
    const { core } = this;
    if (message.store !== core.store) {
      this.refuse(from, message, "wrongStore");
      return;
    }
    // Also one that is only known of: a process that started anew may have nothing but its mirror to
    // know who was replaced, and what it told of the mirror before must stay true (P11).
    if (message.epoch < core.knownEpoch) {
      this.refuse(from, message, "staleEpoch");
      return;
    }
    const { epoch } = message;
    const session: Session = { from, epoch, session: message.session };
    const resumes = this.session?.epoch === epoch && this.session.from === from;
    if (resumes && this.session && this.session.session >= message.session) return;
    this.leave();
    this.session = session;
    this.ackedLsn = undefined;
    this.heardCommit = core.log.commit;
    const ticket = epoch > core.promising ? core.promise(epoch, () => {}) : core.lastTicket;
    this.wait(ticket, () => this.report(session));
    this.onJournaled();
  }

  private report(session: Session): void {
    const { log, store, promised, promising, resyncFrom } = this.core;
    assert(promised === session.epoch && promising === promised, "a promise is durable, then told");
    assert(sameLsn(log.durable, log.tail), "a tail is reported when it is durable");
    const { tail, commit, uncommittedLsns: uncommitted } = log;
    this.answer(session, { kind: "promise", store, tail, commit, uncommitted, resyncFrom });
    this.ackedLsn = tail;
  }

  private drain(): void {
    while (!this.waiting && this.session) {
      const message = this.inbox.shift();
      if (!message) return;
      this.handle(this.session, message);
    }
  }

  private handle(session: Session, message: PrimaryMessage): void {
    switch (message.kind) {
      case "append":
        this.onAppend(session, message);
        return;
      case "truncate":
        this.onTruncate(session, message);
        return;
      case "commit":
        this.hearCommit(message.commit);
        if (message.report) this.ack(session);
        return;
      case "resyncStart":
      case "copyExtent":
      case "resyncEnd":
        if (this.learner.accepts(message)) this.learner.onMessage(session, message);
        else this.refuse(session.from, message, "gap");
        return;
      case "digestRequest":
        this.onDigestRequest(session, message.lsn);
        return;
      case "verifyRequest":
        this.onVerifyRequest(session);
        return;
      case "unitRequest":
      case "unitRepair":
        this.onUnit(session, message);
        return;
      case "confirm":
        assert(this.core.promising === session.epoch, "only the newest epoch is confirmed (P2)");
        this.answer(session, { kind: "confirmed", round: message.round });
        return;
      case "newEpoch":
        assert(false, "a session begins once");
        return;
      default:
        assertNever(message);
    }
  }

  private onAppend(session: Session, message: Append): void {
    const { log } = this.core;
    const { entry, prev } = message;
    const { epoch } = session;
    const { chunkSize } = this.core;
    if (!sameLsn(prev, log.tail) || !isStorable(entry, { prev, epoch, chunkSize })) {
      this.refuse(session.from, message, "gap");
      return;
    }
    this.core.append({ entry, waiters: [] });
    this.hearCommit(message.commit);
  }

  private onTruncate(session: Session, message: Truncate): void {
    const { log } = this.core;
    const { after } = message;
    if (log.tail.seq > after.seq && !log.names(after)) {
      this.refuse(session.from, message, "gap");
      return;
    }
    const beyond = log.uncommitted.filter(({ entry }) => entry.lsn.seq > after.seq);
    const isOwn = beyond.some(({ entry }) => entry.lsn.epoch >= session.epoch);
    if (beyond.length === 0 || isOwn) {
      this.ack(session);
      return;
    }
    log.truncate(after);
    const ticket = this.core.journal({ kind: "truncate", after }, () => {});
    this.wait(ticket, () => this.ack(session));
  }

  private onDigestRequest(session: Session, lsn: Lsn): void {
    this.hearCommit(lsn);
    const { commit } = this.core.log;
    this.core.ask(
      { kind: "digest" },
      (digest) => this.answer(session, { kind: "digest", lsn: commit, digest }),
      () => {},
    );
  }

  private onVerifyRequest(session: Session): void {
    this.core.ask(
      { kind: "verify" },
      (units) => {
        const damaged = units.slice(0, DAMAGED_UNITS_TOLD_MAX);
        this.answer(session, { kind: "verified", damagedUnits: units.length, damaged });
      },
      () => this.answer(session, { kind: "verified", damagedUnits: 1, damaged: [] }),
    );
  }

  /** The primary's unit is damaged, or one here (P14). */
  private onUnit(session: Session, message: UnitMessage): void {
    const { core } = this;
    const { unit } = message;
    const isSound = message.kind === "unitRequest" || isUnitData(message.data);
    if (!isUnit(unit, core.chunkSize) || !isSound) {
      this.refuse(session.from, message, "gap");
      return;
    }
    this.hearCommit(message.commit);
    if (message.kind === "unitRepair") {
      const { data } = message;
      const ticket = core.journal({ kind: "repairUnit", repair: { unit, data } }, () => {});
      // So that a check that follows finds it done.
      this.wait(ticket, () => {});
      return;
    }
    core.ask(
      { kind: "read", offset: unit * CHECKSUM_UNIT, length: CHECKSUM_UNIT },
      ({ data }) => this.answer(session, { kind: "unit", unit, data }),
      () => this.answer(session, { kind: "unit", unit, data: NO_DATA }),
    );
  }

  private hearCommit(commit: Lsn): void {
    this.heardCommit = maxLsn(this.heardCommit, commit);
    this.advance();
  }

  /** Commits what the primary called committed, as far as it is durable here. */
  private advance(): void {
    const { log } = this.core;
    const seq = Math.min(this.heardCommit.seq, log.durable.seq);
    if (seq > log.commit.seq) this.core.commitTo(seq);
  }

  private ack(session: Session): void {
    const { log, freeBytes } = this.core;
    this.ackedLsn = log.durable;
    this.answer(session, { kind: "appendAck", lsn: log.durable, freeBytes: freeBytes() });
  }

  private wait(ticket: number, after: () => void): void {
    assert(this.afterBarrier === undefined, "one barrier at a time");
    this.barrier = ticket;
    this.afterBarrier = after;
  }

  private answer(session: Session, message: MemberAnswer): void {
    if (this.session !== session) return;
    const { chunk } = this.core;
    const { epoch, session: number } = session;
    this.core.emit({
      kind: "respond",
      to: session.from,
      message: { chunk, epoch, session: number, ...message } as MemberMessage,
    });
  }
}
