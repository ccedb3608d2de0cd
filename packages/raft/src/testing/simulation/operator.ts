// The operator: changes the membership under load, by learners and joint consensus, one member for another
// and one by one, and gives leadership away. It asks the leader, as it takes itself to be one; what it
// asks for may come too early, and then the core makes nothing of it.
import type { MemberChange, Transition } from "../../member-change.ts";
import { LEAVE_JOINT } from "../../member-change.ts";
import { isJoint, voterIds } from "../../membership.ts";
import type { MemberId } from "../../types.ts";
import { around, chance, type Draw, pick } from "./random.ts";
import type { SimulatedMember } from "./simulated-member.ts";
import { findLeader, type World } from "./world.ts";

/** A member that is removed runs on for a while, since nobody may have told it. */
const REMOVED_RUNS_MS = 6000;
/** At most this many machines in a run. */
const MACHINES_MAX = 12;
/** An explicit joint membership is left by the operator. */
const LEAVE_EVERY_MS = 700;
const IMPATIENT_PER_MILLE = 250;

const TRANSITIONS: readonly Transition[] = ["auto", "joint-implicit", "joint-explicit"];

export class Operator {
  private readonly world: World;
  /** Voters it wants. */
  private readonly size: number;
  private readonly addMachine: () => MemberId;
  private isStopping = false;

  constructor(world: World, size: number, addMachine: () => MemberId) {
    this.world = world;
    this.size = size;
    this.addMachine = addMachine;
    const { changeEveryMs, transferEveryMs } = world.mix;
    if (changeEveryMs > 0) this.every(changeEveryMs, (leader) => this.change(leader));
    if (transferEveryMs > 0) this.every(transferEveryMs, (leader) => this.transfer(leader));
    this.leaveJoint();
  }

  /** Only leaves joint memberships from now on. */
  stop(): void {
    this.isStopping = true;
  }

  private every(meanMs: number, action: (leader: SimulatedMember) => void): void {
    const { clock, draw } = this.world;
    clock.after(around(draw, meanMs), () => {
      if (this.isStopping) return;
      const leader = findLeader(this.world);
      if (leader !== undefined) leader.perform(() => action(leader));
      this.every(meanMs, action);
    });
  }

  private leaveJoint(): void {
    const { clock } = this.world;
    clock.after(LEAVE_EVERY_MS, () => {
      const leader = findLeader(this.world);
      leader?.perform(() => {
        const { membership } = leader.raft.state;
        if (isJoint(membership) && !membership.autoLeave) leader.raft.proposeChange(LEAVE_JOINT);
      });
      this.leaveJoint();
    });
  }

  private transfer({ raft }: SimulatedMember): void {
    raft.transferLeader(pick(this.world.draw, voterIds(raft.state.membership)));
    this.world.figures.transfers += 1;
  }

  private change(leader: SimulatedMember): void {
    const { draw } = this.world;
    const transition = pick(draw, TRANSITIONS);
    const changes = this.nextChanges(leader);
    if (chance(draw, IMPATIENT_PER_MILLE)) this.changeTwice(leader);
    else if (changes.length > 0) leader.raft.proposeChange({ transition, changes });
    this.switchOffRemoved();
  }

  /** Two voters less, one by one: the second comes before the first is applied. */
  private changeTwice({ raft }: SimulatedMember): void {
    const voters = [...raft.state.membership.incoming];
    if (voters.length < this.size) return;
    const first = this.world.draw(voters.length);
    for (const at of [first, (first + 1) % voters.length]) {
      raft.proposeChange({ transition: "auto", changes: [{ kind: "remove", id: voters[at]! }] });
    }
  }

  private nextChanges({ raft }: SimulatedMember): MemberChange[] {
    const { draw, members } = this.world;
    const { membership } = raft.state;
    const voters = [...membership.incoming];
    const learner = pick(draw, [...membership.learners, ...membership.learners]);
    if (voters.length > this.size) return [{ kind: "remove", id: pick(draw, voters) }];
    if (learner !== undefined) return replacement(draw, voters, learner, this.size);
    if (members.size >= MACHINES_MAX) return shuffled(draw, voters);
    return [{ kind: "add-learner", id: this.addMachine() }];
  }

  /** Who is in no membership any more is switched off, later. */
  private switchOffRemoved(): void {
    const { clock, members, checker } = this.world;
    for (const member of members.values()) {
      clock.after(REMOVED_RUNS_MS, () => {
        const { incoming, outgoing, learners } = checker.decisions.newest;
        const isIn = [incoming, outgoing, learners].some((ids) => ids.has(member.id));
        const wasIn = member.raft.state.membership.incoming.size > 0;
        if (!isIn && wasIn && member.isUp) member.crash();
      });
    }
  }
}

/** The learner gets a vote; if there are enough, another one leaves or becomes a learner. */
function replacement(
  draw: Draw,
  voters: readonly MemberId[],
  learner: MemberId,
  size: number,
): MemberChange[] {
  const add: MemberChange = { kind: "add-voter", id: learner };
  if (voters.length < size) return [add];
  const id = pick(draw, voters);
  return [add, { kind: chance(draw, 700) ? "remove" : "add-learner", id }];
}

/** No machine is left: two voters lose their votes for a moment, as far as a quorum of others stays. */
function shuffled(draw: Draw, voters: readonly MemberId[]): MemberChange[] {
  return voters.length > 2 ? [{ kind: "add-learner", id: pick(draw, voters) }] : [];
}
