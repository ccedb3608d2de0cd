// Sessions of proposers (Raft thesis 6.3, R10): for each the results it may still ask for, so that a
// proposal that is sent again, to whichever member leads then, is answered and not repeated. Bounded in
// number and in results each; all that decides who is dropped is in the log.
import { type CommandKind, type Refusal, type Result, refused } from "./command.ts";
import type { ProposalId } from "./proposal.ts";

/** Far more than processes that propose; beyond it the one that was idle longest is dropped. */
export const SESSIONS_MAX = 4096;
/** Proposals of one session between the oldest unanswered one and the newest. */
export const RESULTS_KEPT_MAX = 256;

export interface KeptResult {
  readonly kind: CommandKind;
  readonly result: Result<CommandKind>;
}

export interface Session {
  /** Index of the newest entry that names it. */
  usedAt: number;
  /** Every sequence below is answered. */
  answeredBelow: number;
  /** By sequence, not below answeredBelow. */
  readonly results: Map<number, KeptResult>;
}

/** Opens the session that entry `index` asks for and drops another if there are too many. */
export function addSession(sessions: Map<number, Session>, index: number): void {
  if (sessions.size >= SESSIONS_MAX) {
    // They stand in the order of their names on every member, so of two used at once the older goes.
    const [idle] = [...sessions].reduce((a, b) => (b[1].usedAt < a[1].usedAt ? b : a));
    sessions.delete(idle);
  }
  sessions.set(index, { usedAt: index, answeredBelow: 1, results: new Map() });
}

/** What a proposal meets in its session: it is new, it was answered, or it can have no answer. */
export type Admission =
  | { readonly kind: "new"; readonly session: Session }
  | { readonly kind: "answered"; readonly result: Result<CommandKind> }
  | Refusal;

/** Entry `index` names proposal `id`: notes its use of the session and lets go what was answered. */
export function admit(
  sessions: ReadonlyMap<number, Session>,
  { session: name, sequence, answeredBelow }: ProposalId,
  kind: CommandKind,
  index: number,
): Admission {
  const session = sessions.get(name);
  if (!session) return refused("raft/session-expired", `session ${name} is unknown`);
  session.usedAt = index;
  forget(session, answeredBelow);
  const kept = session.results.get(sequence);
  if (kept) {
    return kept.kind === kind
      ? { kind: "answered", result: kept.result }
      : refused("argument/invalid", `proposal ${sequence} of session ${name} was a ${kept.kind}`);
  }
  if (sequence < session.answeredBelow) {
    return refused("raft/session-expired", `proposal ${sequence} of session ${name} was answered`);
  }
  if (sequence >= session.answeredBelow + RESULTS_KEPT_MAX) {
    return refused("catalog/refused", `session ${name} has more than ${RESULTS_KEPT_MAX} at once`);
  }
  return { kind: "new", session };
}

/** What a proposal was answered when it was made before, if that is kept. */
export const keptResult = (
  sessions: ReadonlyMap<number, Session>,
  { session, sequence }: ProposalId,
): KeptResult | undefined => sessions.get(session)?.results.get(sequence);

function forget(session: Session, answeredBelow: number): void {
  if (answeredBelow <= session.answeredBelow) return;
  session.answeredBelow = answeredBelow;
  for (const sequence of session.results.keys()) {
    if (sequence < answeredBelow) session.results.delete(sequence);
  }
}
