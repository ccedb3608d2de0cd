// The invariants R1..R10 of replication, told what each member does and asked after every step.
import type { Membership } from "../../membership.ts";
import type { Message } from "../../messages.ts";
import type { RaftState } from "../../raft.ts";
import type { Entry, Index, MemberId, MembershipState } from "../../types.ts";
import { ClientChecker } from "./client-checker.ts";
import { DecisionChecker } from "./decision-checker.ts";
import type { Figures } from "./figures.ts";
import { LogChecker } from "./log-checker.ts";
import type { Outcome } from "./session-machine.ts";
import type { Writes } from "./simulated-disk.ts";
import type { SimulatedMember } from "./simulated-member.ts";
import type { TraceHash } from "./trace-hash.ts";

export class GroupChecker {
  readonly log: LogChecker;
  readonly decisions: DecisionChecker;
  readonly clients = new ClientChecker();
  /** Of each member after its last step. */
  private readonly seen = new Map<MemberId, RaftState>();
  private readonly figures: Figures;
  private readonly trace: TraceHash;

  constructor(
    members: ReadonlyMap<MemberId, SimulatedMember>,
    start: { readonly index: Index; readonly membership: Membership },
    { figures, trace }: { readonly figures: Figures; readonly trace: TraceHash },
  ) {
    this.log = new LogChecker(start.index);
    this.decisions = new DecisionChecker(members, start);
    this.figures = figures;
    this.trace = trace;
  }

  sawSend(member: SimulatedMember, message: Message): void {
    this.decisions.sawSend(member, message);
  }

  sawWrite({ disk }: SimulatedMember, { entries }: Writes): void {
    const first = entries[0];
    if (first !== undefined) this.log.sawWrite(entries, disk.storage.term(first.index - 1));
  }

  sawApply(entry: Entry, hash: number, outcome: Outcome | undefined): void {
    const isFirst = this.log.sawApply(entry, hash, this.decisions.termDeciding(entry.index));
    if (outcome !== undefined) this.clients.sawOutcome(outcome, entry.index);
    if (!isFirst) return;
    this.figures.commits += 1;
    if (outcome?.duplicate === true) this.figures.proposalsDeduplicated += 1;
  }

  sawChange(index: Index, membership: Membership): void {
    if (this.decisions.sawChange(index, membership)) this.figures.membershipChanges += 1;
  }

  sawRestore(index: Index, hash: number, membership: MembershipState): void {
    this.log.sawRestore(index, hash);
    this.decisions.sawSnapshot(index, membership);
  }

  /** A restarted member begins anew: what it knew of the commit index may be lost. */
  sawStart(member: SimulatedMember): void {
    this.seen.set(member.id, member.raft.state);
  }

  /** After every step of a member. */
  sawStep(member: SimulatedMember, nowMs: number): void {
    const { state } = member.raft;
    const { id, term, role, commit, membership } = state;
    const before = this.seen.get(id);
    this.seen.set(id, state);
    this.figures.steps += 1;
    for (const value of [nowMs, id, term, role.length, commit, state.lastIndex]) {
      this.trace.add(value);
    }
    if (membership !== before?.membership) this.decisions.sawMembership(id, membership);
    if (role === "leader" && (before?.role !== "leader" || before.term !== term)) {
      this.log.sawLeader(member);
      if (this.decisions.sawLeader(member, state)) this.figures.elections += 1;
    }
    if (before !== undefined && commit > before.commit) {
      if (role === "leader") this.decisions.sawDecision(state);
      else this.decisions.sawCommit(state);
    }
  }
}
