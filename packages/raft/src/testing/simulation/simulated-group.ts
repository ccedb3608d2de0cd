// A whole group from one seed: members, a network, clients, an operator and faults, for some virtual time
// with the invariants asked after every step; then the faults stop, and it must come to agree and go on.
import { assert } from "@ashlar/core";
import { isJoint, restoreGroup } from "../../membership.ts";
import { MEMBERSHIP_EMPTY } from "../../storage.ts";
import { LOG_VERSION, type LogSnapshot, type MemberId } from "../../types.ts";
import { FaultInjector } from "./fault-injector.ts";
import { type Figures, noFigures } from "./figures.ts";
import { GroupChecker } from "./group-checker.ts";
import { drawMix, type Mix } from "./mix.ts";
import { Operator } from "./operator.ts";
import { type Draw, seededDraw } from "./random.ts";
import { SessionMachine } from "./session-machine.ts";
import { SimulatedClient } from "./simulated-client.ts";
import { SimulatedMember } from "./simulated-member.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import { TraceHash } from "./trace-hash.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { findLeader, type World } from "./world.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** Voters at the start, and how many the operator wants. */
  readonly members: number;
  /** Virtual time with faults. */
  readonly seconds: number;
}

export interface SimulationResult {
  readonly figures: Figures;
  /** Of everything that happened: equal seeds give equal traces. */
  readonly trace: string;
}

/** Within this a group without faults elects, answers its clients and agrees. */
const HEALING_MS_MAX = 60_000;
const HEALING_LOOK_MS = 200;

export class SimulatedGroup implements World {
  readonly mix: Mix;
  readonly draw: Draw;
  readonly clock = new VirtualClock();
  readonly figures = noFigures();
  readonly members = new Map<MemberId, SimulatedMember>();
  readonly network: SimulatedNetwork;
  readonly checker: GroupChecker;
  private readonly seconds: number;
  private readonly trace = new TraceHash();
  private readonly clients: readonly SimulatedClient[];
  private readonly operator: Operator;
  private readonly faults: FaultInjector;

  constructor({ seed, members, seconds }: SimulationOptions) {
    this.draw = seededDraw(seed);
    this.mix = drawMix(this.draw);
    this.seconds = seconds;
    const start = firstSnapshot(members);
    const limits = this.mix.settings.inflight;
    const { membership } = restoreGroup(start.membership, { lastIndex: start.index, limits });
    const { figures, trace } = this;
    this.checker = new GroupChecker(
      this.members,
      { index: start.index, membership },
      { figures, trace },
    );
    this.network = new SimulatedNetwork(this);
    for (const id of start.membership.voters) this.add(id, start);
    this.clients = Array.from(
      { length: this.mix.clients },
      (_, at) => new SimulatedClient(this, at + 1),
    );
    this.operator = new Operator(this, members, () => this.add(this.members.size + 1, undefined));
    this.faults = new FaultInjector(this);
  }

  /** @throws AssertionError that begins with the name of the invariant that is broken */
  run(): SimulationResult {
    this.clock.runUntil(this.seconds * 1000);
    this.heal();
    this.figures.virtualSeconds += this.seconds;
    return { figures: this.figures, trace: String(this.trace) };
  }

  private add(id: MemberId, start: LogSnapshot | undefined): MemberId {
    this.members.set(id, new SimulatedMember(this, id, start));
    return id;
  }

  /** Liveness, as far as a test can see it. */
  private heal(): void {
    this.faults.stop();
    this.operator.stop();
    this.network.mendAll();
    this.network.isFaulty = false;
    for (const member of this.members.values()) {
      member.driftPercent = member.usualDriftPercent;
      member.diskSlowness = 1;
      member.resume();
    }
    const answered = this.clients.map((client) => client.answered);
    this.waitUntil("no client is answered", () =>
      this.clients.every((client, at) => client.answered > answered[at]!),
    );
    for (const client of this.clients) client.stop();
    this.waitUntil("the group does not agree", () => this.agrees());
    for (const member of this.members.values()) {
      if (this.isMember(member)) this.checker.clients.sawEnd(member.machine);
    }
  }

  private waitUntil(otherwise: string, isSo: () => boolean): void {
    const endMs = this.clock.nowMs + HEALING_MS_MAX;
    while (!isSo()) {
      assert(this.clock.nowMs < endMs, `liveness: ${otherwise}`);
      this.switchMembersOn();
      this.clock.runUntil(this.clock.nowMs + HEALING_LOOK_MS);
    }
  }

  /** A change may still be on its way, so this is asked again and again. */
  private switchMembersOn(): void {
    for (const member of this.members.values()) {
      if (this.isMember(member)) member.restart();
      else member.crash();
    }
  }

  private agrees(): boolean {
    const leader = findLeader(this);
    if (leader === undefined || !this.clients.every(({ hasStopped }) => hasStopped)) return false;
    const { lastIndex, membership } = leader.raft.state;
    if (isJoint(membership)) return false;
    const members = [...this.members.values()].filter((member) => this.isMember(member));
    return members.every(
      ({ machine }) => machine.applied === lastIndex && machine.hash === leader.machine.hash,
    );
  }

  private isMember({ id }: SimulatedMember): boolean {
    const { incoming, outgoing, learners } = this.checker.decisions.newest;
    return [incoming, outgoing, learners].some((ids) => ids.has(id));
  }
}

/** All voters begin with the same state, which stands at the first index. */
function firstSnapshot(members: number): LogSnapshot {
  const voters = Array.from({ length: members }, (_, at) => at + 1);
  return {
    version: LOG_VERSION,
    index: 1,
    term: 1,
    membership: { ...MEMBERSHIP_EMPTY, voters },
    data: new SessionMachine().save(),
  };
}
