// The proposer's side of a session (Raft thesis 6.3): names for calls that change the catalog, so that
// each takes effect once however often it is sent and whoever leads. The catalog's side is applyProposal.
import { type ProposalId, RESULTS_KEPT_MAX } from "@ashlar/catalog";
import { hasCode, SystemError } from "@ashlar/core";
import { safeNumber } from "./convert/scalars.ts";
import type { Abortable } from "./grpc-client.ts";

/** Asks the Sessions service for a session; retried inside until it is answered. */
export type OpenSession = (options: Abortable) => Promise<{ readonly session: number }>;

/** One session as long as it serves: which of its sequence numbers are taken, and which unanswered. */
class Names {
  private readonly session: number;
  /** In the order they were taken, so the first is the lowest. */
  private readonly unanswered = new Set<number>();
  private next = 1;

  constructor(session: number) {
    this.session = session;
  }

  get full(): boolean {
    return this.next - this.answeredBelow >= RESULTS_KEPT_MAX;
  }

  take(): number {
    const sequence = this.next;
    this.next += 1;
    this.unanswered.add(sequence);
    return sequence;
  }

  answered(sequence: number): void {
    this.unanswered.delete(sequence);
  }

  idOf(sequence: number): ProposalId {
    return { session: this.session, sequence, answeredBelow: this.answeredBelow };
  }

  private get answeredBelow(): number {
    const [lowest = this.next] = this.unanswered;
    return lowest;
  }
}

/**
 * Gives calls their names. A session is opened when the first call needs it, and another when the catalog
 * dropped it or one call hangs so long that the results of all later ones would have to be kept.
 */
export class ProposerSession {
  private readonly open: OpenSession;
  private current: Names | undefined;

  constructor({ open }: { readonly open: OpenSession }) {
    this.open = open;
  }

  /**
   * Makes a call that proposes one command. `call` may send it as often as it likes and asks `name` anew
   * for each attempt, as in
   *
   *     session.run((name) => members.ask((member, attempt) =>
   *       member.unary(method, request, { ...attempt, proposal: name() }), options), options)
   *
   * Calls may overlap. One that ended, however it did, must not be sent again.
   * @throws SystemError what the call throws; raft/session-expired when the session was dropped after the
   * call had been sent more than once: then nobody knows whether it took effect.
   */
  async run<T>(call: (name: () => ProposalId) => Promise<T>, options: Abortable): Promise<T> {
    for (let renewed = false; ; renewed = true) {
      const names = await this.names(options);
      const sequence = names.take();
      let sent = 0;
      const name = (): ProposalId => {
        sent += 1;
        return names.idOf(sequence);
      };
      try {
        return await call(name);
      } catch (thrown) {
        if (!hasCode(thrown, "raft/session-expired")) throw thrown;
        if (this.current === names) this.current = undefined;
        if (sent > 1) throw unknownOutcome(thrown);
        // Sent once and refused, it took no effect: it may go under another name.
        if (renewed) throw thrown;
      } finally {
        names.answered(sequence);
      }
    }
  }

  private async names(options: Abortable): Promise<Names> {
    if (this.current && !this.current.full) return this.current;
    const names = new Names(safeNumber((await this.open(options)).session));
    // Calls that found none at the same time each open one; the last serves those to come.
    this.current = names;
    return names;
  }
}

const unknownOutcome = (cause: SystemError): SystemError =>
  new SystemError(
    "raft/session-expired",
    "the request was sent more than once and its session has expired: it may have taken effect",
    { hint: "look whether it has before you ask again" },
    cause,
  );
