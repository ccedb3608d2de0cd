// A member that is being brought up to date: the receiving end of a resync. Before the first copied
// byte it durably records from where the resync counts, and until the pass has ended it reports that
// as all it has. Copies and live entries come in one queue, so a copy never overwrites what is newer.
import { assertNever, type Lsn } from "@ashlar/core";
import type { MemberAnswer, Session } from "./backup.ts";
import { areWindows, isCopy, isJournalable } from "./bounds.ts";
import type { PrimaryMessage } from "./messages.ts";
import type { ReplicaCore } from "./replica-core.ts";

export type ResyncMessage = PrimaryMessage & {
  readonly kind: "resyncStart" | "copyExtent" | "resyncEnd";
};

type ResyncStart = PrimaryMessage & { readonly kind: "resyncStart" };

/** What the session gives the learner. */
export interface LearnerSession {
  readonly wait: (ticket: number, after: () => void) => void;
  readonly hearCommit: (commit: Lsn) => void;
  readonly answer: (session: Session, message: MemberAnswer) => void;
  /** Tells the durable tail, even if it is the one told last. */
  readonly ack: (session: Session) => void;
  /** The store had no room for a copy: the resync begins anew, after a pause. */
  readonly refused: (session: Session) => void;
  readonly isCurrent: (session: Session) => boolean;
}

export class Learner {
  private readonly core: ReplicaCore;
  private readonly link: LearnerSession;

  constructor(core: ReplicaCore, link: LearnerSession) {
    this.core = core;
    this.link = link;
  }

  /** Whether a message of a resync makes sense here and now: a peer cannot break what is held. */
  accepts(message: ResyncMessage): boolean {
    const { log, resyncFrom, chunkSize } = this.core;
    switch (message.kind) {
      case "resyncStart":
        return (
          message.base.seq >= log.commit.seq &&
          isJournalable(message.base) &&
          areWindows(message.windows) &&
          message.from.seq <= log.commit.seq
        );
      case "copyExtent":
        return resyncFrom !== undefined && isCopy(message.copy, chunkSize);
      case "resyncEnd":
        return resyncFrom !== undefined;
      default:
        return assertNever(message);
    }
  }

  onMessage(session: Session, message: ResyncMessage): void {
    switch (message.kind) {
      case "resyncStart":
        this.onStart(session, message);
        return;
      case "copyExtent": {
        this.link.hearCommit(message.commit);
        const { copy } = message;
        this.core.journal(
          { kind: "applyCopy", copy },
          () => this.link.answer(session, { kind: "copyAck", extent: copy.extent }),
          () => this.link.refused(session),
        );
        return;
      }
      case "resyncEnd":
        this.link.hearCommit(message.commit);
        this.core.journal({ kind: "endResync" }, () => {
          if (!this.link.isCurrent(session)) return;
          this.core.resyncFrom = undefined;
          this.link.answer(session, { kind: "resyncEnded" });
        });
        return;
      default:
        assertNever(message);
    }
  }

  private onStart(session: Session, { from, base, windows }: ResyncStart): void {
    const { core } = this;
    core.resyncFrom = from;
    core.log.rebase(base, windows);
    core.journal({ kind: "beginResync", from }, () => {});
    const ticket = core.journal({ kind: "setBase", base, windows }, () => {});
    this.link.wait(ticket, () => {
      this.link.ack(session);
      core.ask(
        { kind: "listExtents", after: from },
        (stamps) => {
          const extents = stamps.map(({ extent }) => extent);
          this.link.answer(session, { kind: "resyncReady", extents });
        },
        () => {},
      );
    });
  }
}
