// What befalls a metadata group on hosts of its own: a table of faults, and a seeded schedule that deals
// each of them before any comes again. Every fault ends by being healed.
import { setTimeout } from "node:timers/promises";
import type { Random } from "@ashlar/runtime";
import type { MetadataHosts } from "./metadata-hosts.ts";
import type { TestHost } from "./test-network.ts";
import { until } from "./tools.ts";

/** How long a fault lasts: some shorter than an election, some long enough for two. */
const HOLD_MIN_MS = 500;
const HOLD_MAX_MS = 3_500;
/** A fault that comes while another lasts comes so much later. */
const APART_MAX_MS = 1_000;
const LEADER_DEADLINE_MS = 20_000;
/** Beyond the duration that was asked for. */
const OVERTIME_MAX_MS = 120_000;
/** Longer than a leader goes on without its group. */
const AWAKE_MS = 1_500;
/** One in so many faults comes while another lasts. */
const DOUBLE_ONE_IN = 4;

interface Fault {
  /** Whom it befalls: who leads, or anyone. */
  readonly victim: "leader" | "member";
  readonly holdMinMs?: number;
  begin(hosts: MetadataHosts, victim: TestHost): Promise<void>;
  end(hosts: MetadataHosts, victim: TestHost): Promise<void>;
}

type Ways = (hosts: MetadataHosts, victim: TestHost) => readonly (readonly [TestHost, TestHost])[];

const othersOf = ({ members }: MetadataHosts, victim: TestHost): readonly TestHost[] =>
  members.filter((member) => member !== victim);
const toOthers: Ways = (hosts, victim) => othersOf(hosts, victim).map((other) => [victim, other]);
const fromOthers: Ways = (hosts, victim) => othersOf(hosts, victim).map((other) => [other, victim]);
const toClients: Ways = ({ network }, victim) => [[victim, network.outside]];
const fromClients: Ways = ({ network }, victim) => [[network.outside, victim]];

const killing = (victim: Fault["victim"]): Fault => ({
  victim,
  begin: (hosts, member) => hosts.kill(member),
  end: (hosts, member) => hosts.start(member),
});

const stopping = (victim: Fault["victim"]): Fault => ({
  victim,
  begin: async (hosts, member) => hosts.signal(member, "SIGSTOP"),
  end: async (hosts, member) => hosts.signal(member, "SIGCONT"),
});

const cutting = (victim: Fault["victim"], ...ways: readonly Ways[]): Fault => ({
  victim,
  begin: async (hosts, member) => {
    const lost = ways.flatMap((way) => way(hosts, member));
    await Promise.all(lost.map(([from, to]) => hosts.network.cut(from, to)));
  },
  end: async (hosts, member) => {
    const lost = ways.flatMap((way) => way(hosts, member));
    await Promise.all(lost.map(([from, to]) => hosts.network.heal(from, to)));
  },
});

const CUT_FROM_OTHERS = cutting("leader", toOthers, fromOthers);

/**
 * It sleeps until others have elected one of them, and wakes up where none of them can tell it so: for a
 * while it takes itself for the leader, and clients reach it.
 */
const OVERSLEPT: Fault = {
  victim: "leader",
  holdMinMs: 2_000,
  begin: async (hosts, leader) => {
    await CUT_FROM_OTHERS.begin(hosts, leader);
    hosts.signal(leader, "SIGSTOP");
  },
  end: async (hosts, leader) => {
    hosts.signal(leader, "SIGCONT");
    await setTimeout(AWAKE_MS);
    await CUT_FROM_OTHERS.end(hosts, leader);
  },
};

const FAULTS = {
  "kill -9 of the leader": killing("leader"),
  "kill -9 of a member": killing("member"),
  "SIGSTOP of the leader": stopping("leader"),
  "SIGSTOP of a member": stopping("member"),
  "a member reaches nobody": cutting("member", toOthers, fromOthers, toClients, fromClients),
  "the leader reaches clients only": CUT_FROM_OTHERS,
  "the leader oversleeps, then reaches clients only": OVERSLEPT,
  "the leader does not hear the others": cutting("leader", fromOthers),
  "the others do not hear the leader": cutting("leader", toOthers),
  "the leader does not reach clients": cutting("leader", toClients, fromClients),
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

export interface Inflicted {
  readonly fault: FaultName;
  readonly victim: string;
  /** Milliseconds since the schedule began. */
  readonly atMs: number;
  readonly lastedMs: number;
}

/** Deals the table's rows in random order, all of them before any comes again. */
class Deck {
  private readonly random: Random;
  private left: FaultName[] = [];
  private dealt = 0;

  constructor(random: Random) {
    this.random = random;
  }

  /** Whether each was dealt at least once. */
  get through(): boolean {
    return this.dealt >= FAULT_NAMES.length;
  }

  deal(): FaultName {
    if (this.left.length === 0) this.left = [...FAULT_NAMES];
    this.dealt += 1;
    const [fault] = this.left.splice(this.random.below(this.left.length), 1);
    return fault as FaultName;
  }
}

export interface ScheduleOptions {
  readonly durationMs: number;
  /** A busy machine needs longer for the same. */
  readonly isEnough: () => boolean;
}

export class FaultSchedule {
  readonly inflicted: Inflicted[] = [];
  private readonly hosts: MetadataHosts;
  private readonly random: Random;
  private readonly victims = new Set<TestHost>();
  private readonly startedAtMs = performance.now();

  constructor(hosts: MetadataHosts, random: Random) {
    this.hosts = hosts;
    this.random = random;
  }

  /** A line for each, for people. */
  get text(): string {
    return this.inflicted
      .map(({ fault, victim, atMs, lastedMs }) => `${atMs} ms: ${fault}, ${victim}, ${lastedMs} ms`)
      .join("\n");
  }

  /** For at least this long, until each fault has been and it was enough; then all is healed. */
  async run({ durationMs, isEnough }: ScheduleOptions): Promise<void> {
    const deck = new Deck(this.random);
    const elapsedMs = (): number => performance.now() - this.startedAtMs;
    while (!deck.through || elapsedMs() < durationMs || !isEnough()) {
      if (elapsedMs() > durationMs + OVERTIME_MAX_MS) return;
      const first = deck.deal();
      const second = this.random.below(DOUBLE_ONE_IN) === 0 ? deck.deal() : undefined;
      const later = setTimeout(this.random.below(APART_MAX_MS)).then(() => second);
      const ended = await Promise.allSettled([
        this.inflict(first),
        later.then((name) => (name === undefined ? undefined : this.inflict(name))),
      ]);
      // Both have ended: nothing is done to the members any more.
      for (const one of ended) if (one.status === "rejected") throw one.reason;
    }
  }

  private async inflict(name: FaultName): Promise<void> {
    const fault: Fault = FAULTS[name];
    // Drawn before anything is awaited: the same seed gives the same schedule.
    const { holdMinMs = HOLD_MIN_MS } = fault;
    const holdMs = holdMinMs + this.random.below(HOLD_MAX_MS - holdMinMs);
    const lot = this.random.below(this.hosts.members.length);
    const victim = await this.victim(fault, lot);
    this.victims.add(victim);
    const beganAtMs = performance.now();
    await fault.begin(this.hosts, victim);
    await setTimeout(holdMs);
    await fault.end(this.hosts, victim);
    this.victims.delete(victim);
    this.inflicted.push({
      fault: name,
      victim: victim.name,
      atMs: Math.round(beganAtMs - this.startedAtMs),
      lastedMs: Math.round(performance.now() - beganAtMs),
    });
  }

  /** One that nothing else befalls at the time. */
  private async victim({ victim }: Fault, lot: number): Promise<TestHost> {
    const { members } = this.hosts;
    const isFree = (member: TestHost | undefined): boolean =>
      member !== undefined && !this.victims.has(member);
    const ask = async (): Promise<TestHost | undefined> =>
      victim === "leader" ? await this.hosts.leader() : members[lot];
    if (victim === "leader") {
      const leader = await until("a leader", LEADER_DEADLINE_MS, ask, isFree);
      if (leader) return leader;
    }
    const free = [...members.slice(lot), ...members.slice(0, lot)].find(isFree);
    if (!free) throw new Error("more faults at once than members");
    return free;
  }
}
