// A whole group from one seed: members that tick at their own pace, a network that loses, doubles,
// reorders and cuts, also one way only, crashes in the middle of work, and clients that propose, read,
// change the membership and move leadership. The checker is asked after every step.
import { assert } from "@ashlar/core";
import type { Message } from "../../messages.ts";
import type { MemberId, MembershipState } from "../../types.ts";
import { GroupChecker } from "./checker.ts";
import { type Draw, seededDraw } from "./random.ts";
import { type CrashPoint, SimulatedMember } from "./simulated-member.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly members: number;
  readonly steps: number;
  /** Members whose writes go through threads. */
  readonly asyncStorage: boolean;
  readonly faults: boolean;
}

export interface SimulationResult {
  readonly leaders: number;
  readonly applied: number;
  readonly reads: number;
  /** Of everything that happened: equal seeds give equal traces. */
  readonly trace: string;
}

/** Short timeouts on a slow network: elections are what a simulation is to see. */
const ELECTION_TICKS_MIN = 4;
const ELECTION_TICKS_SPREAD = 5;
const HEARTBEAT_TICKS = 1;
/** Messages on the way; more would only be late ones. */
const NETWORK_MAX = 60;
/** Rounds without faults in which a group must come to agree again. */
const HEALING_ROUNDS = 150;
const SPARE_MEMBERS = 1;

export class SimulatedGroup {
  readonly members = new Map<MemberId, SimulatedMember>();
  readonly checker = new GroupChecker();
  private network: Message[] = [];
  private readonly cut = new Set<string>();
  private readonly draw: Draw;
  private readonly options: SimulationOptions;
  private counter = 0;
  private hash = 0;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.draw = seededDraw(options.seed);
    const voters = Array.from({ length: options.members }, (_, at) => at + 1);
    const membership: MembershipState = {
      voters,
      votersOutgoing: [],
      learners: [],
      learnersNext: [],
      autoLeave: false,
    };
    const start = { version: 1, index: 1, term: 1, membership, data: Buffer.from("1") } as const;
    for (const id of voters) this.add(id, start);
    const nothing = { ...start, index: 0, membership: { ...membership, voters: [] } };
    for (let spare = 1; spare <= SPARE_MEMBERS; spare += 1) {
      this.add(options.members + spare, nothing);
    }
  }

  run(): SimulationResult {
    for (let step = 0; step < this.options.steps; step += 1) this.step();
    this.heal();
    const { leaderCount, applied, readsAnswered } = this.checker;
    return {
      leaders: leaderCount,
      applied,
      reads: readsAnswered,
      trace: this.hash.toString(16),
    };
  }

  private add(id: MemberId, start: ConstructorParameters<typeof SimulatedMember>[1]): void {
    const config = {
      id,
      random: this.draw,
      electionTicks: ELECTION_TICKS_MIN + (this.options.seed % ELECTION_TICKS_SPREAD),
      heartbeatTicks: HEARTBEAT_TICKS,
      messageBytesMax: 64,
      committedBytesMax: 128,
      uncommittedBytesMax: 256,
      inflight: { messagesMax: 4, bytesMax: 256 },
      applied: start.index,
      asyncStorage: this.options.asyncStorage,
      preVote: this.options.seed % 4 === 0,
      checkQuorum: this.options.seed % 3 !== 0,
    };
    this.members.set(id, new SimulatedMember(config, start, this.checker));
  }

  private step(): void {
    const id = 1 + this.draw(this.members.size);
    const member = this.member(id);
    const event = EVENTS[this.draw(EVENTS.length)]!;
    if (member.isUp) this.act(id, member, event);
    else if (this.draw(20) === 0) member.restart();
    this.observe(id, member);
  }

  private act(id: MemberId, member: SimulatedMember, event: SimulationEvent): void {
    const { raft } = member;
    switch (event) {
      case "tick":
        raft.tick();
        break;
      case "turn":
        this.send(member.turn(this.crashPoint()));
        break;
      case "work":
        this.send(member.workNext());
        break;
      case "deliver":
        this.deliver();
        break;
      case "propose":
        raft.propose(Buffer.from(String(this.next())));
        break;
      case "read":
        this.read(id, member);
        break;
      case "compact":
        member.compact();
        break;
      case "rare":
        this.rare(id, member);
        break;
    }
  }

  private rare(id: MemberId, { raft }: SimulatedMember): void {
    const other = 1 + this.draw(this.members.size);
    switch (this.draw(5)) {
      case 0:
        raft.transferLeader(other);
        return;
      case 1:
        this.changeMembership(id, other);
        return;
      case 2:
        raft.reportUnreachable(other);
        raft.reportSnapshot(other, this.draw(2) === 0 ? "delivered" : "failed");
        return;
      case 3:
        if (this.options.faults) this.cutOff(id, other);
        return;
      default:
        this.cut.clear();
    }
  }

  /** One way between two members, or a member from all others. */
  private cutOff(id: MemberId, other: MemberId): void {
    if (this.draw(2) === 0) {
      this.cut.add(`${id} ${other}`);
      return;
    }
    for (const peer of this.members.keys()) {
      this.cut.add(`${id} ${peer}`);
      this.cut.add(`${peer} ${id}`);
    }
  }

  /** Only a member that leads: a forwarded change would come from an old membership. */
  private changeMembership(id: MemberId, other: MemberId): void {
    const { raft } = this.member(id);
    if (raft.status.role !== "leader") return;
    const kinds = ["add-voter", "add-learner", "remove"] as const;
    const changes = [{ kind: kinds[this.draw(3)]!, id: other }];
    const third = 1 + this.draw(this.members.size);
    if (this.draw(2) === 0) changes.push({ kind: kinds[this.draw(3)]!, id: third });
    raft.proposeChange({ transition: "auto", changes });
  }

  private read(id: MemberId, { raft }: SimulatedMember): void {
    const context = `${id}.${this.next()}`;
    this.checker.sawReadAsked(context);
    raft.readIndex(context);
  }

  private deliver(): void {
    if (this.network.length === 0) return;
    const at = this.draw(this.network.length);
    const message = this.network[at]!;
    const fate = this.options.faults ? this.draw(12) : 2;
    // Lost, or delivered now and perhaps once more.
    if (fate !== 0 || isLocal(message)) this.network.splice(at, 1);
    if (fate === 1 && !isLocal(message)) return;
    this.receive(message);
  }

  private receive(message: Message): void {
    const target = this.member(message.to);
    if (!target.isUp || this.cut.has(`${message.from} ${message.to}`)) return;
    target.raft.step(message);
    this.observe(message.to, target);
  }

  private send(messages: readonly Message[]): void {
    // A member's messages to itself are its threads' responses: never lost, never out of order.
    for (const message of messages) {
      if (isLocal(message)) this.receive(message);
      else if (this.network.length < NETWORK_MAX) this.network.push(message);
    }
  }

  private observe(id: MemberId, member: SimulatedMember): void {
    member.observe();
    const { term, commit, leader } = member.raft.status;
    for (const value of [id, term, commit, leader]) {
      this.hash = (Math.imul(this.hash, 31) + value) >>> 0;
    }
  }

  private crashPoint(): CrashPoint {
    if (!this.options.faults || this.draw(100) > 0) return "none";
    return this.draw(2) === 0 ? "before-write" : "before-send";
  }

  /** Without faults the group elects, commits and agrees: liveness, as far as a test can see it. */
  private heal(): void {
    this.cut.clear();
    for (const member of this.members.values()) if (!member.isUp) member.restart();
    const before = this.checker.applied;
    for (let round = 0; round < HEALING_ROUNDS; round += 1) {
      for (const [id, member] of this.members) {
        member.raft.tick();
        if (round % 20 === 0) {
          member.raft.propose(Buffer.from("heal"));
          // A transport tells what became of a snapshot; these were lost with the old network.
          for (const peer of this.members.keys()) member.raft.reportSnapshot(peer, "failed");
        }
        this.send(member.turn("none"));
        while (member.work.length > 0) this.send(member.workNext());
        this.observe(id, member);
      }
      const sent = this.network;
      this.network = [];
      for (const message of sent) this.receive(message);
    }
    assert(this.checker.applied > before, "the healed group makes progress");
  }

  private member(id: MemberId): SimulatedMember {
    const member = this.members.get(id);
    assert(member !== undefined, "members are known");
    return member;
  }

  private next(): number {
    this.counter += 1;
    return this.counter;
  }
}

const isLocal = ({ from, to }: Message): boolean => from < 0 || from === to;

/** What happens, as often as it stands here. */
const EVENTS = [
  ...Array<"tick">(5).fill("tick"),
  ...Array<"turn">(6).fill("turn"),
  ...Array<"work">(4).fill("work"),
  ...Array<"deliver">(9).fill("deliver"),
  ...Array<"propose">(2).fill("propose"),
  "read",
  "compact",
  "rare",
] as const;
type SimulationEvent = (typeof EVENTS)[number];
