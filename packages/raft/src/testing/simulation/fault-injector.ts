// Faults, each kind at its own pace and each with its end. Which kinds a run has is drawn with its mix.
import type { MemberId } from "../../types.ts";
import { FAULT_KINDS, type FaultKind } from "./mix.ts";
import { around, between, chance, pick } from "./random.ts";
import type { SimulatedMember } from "./simulated-member.ts";
import { findLeader, type World } from "./world.ts";

const INJECT: Readonly<Record<FaultKind, (world: World) => void>> = {
  crash,
  pause,
  partition,
  "one-way-cut": cutOneWay,
  "strand-leader": strandLeader,
  "slow-disk": slowDisk,
  "clock-drift": driftClock,
};

export class FaultInjector {
  private readonly world: World;
  private isStopping = false;

  constructor(world: World) {
    this.world = world;
    for (const kind of FAULT_KINDS) {
      const everyMs = world.mix.faultEveryMs[kind];
      if (everyMs > 0) this.repeat(kind, everyMs);
    }
  }

  stop(): void {
    this.isStopping = true;
  }

  private repeat(kind: FaultKind, everyMs: number): void {
    const { clock, draw } = this.world;
    clock.after(around(draw, everyMs), () => {
      if (this.isStopping) return;
      INJECT[kind](this.world);
      this.repeat(kind, everyMs);
    });
  }
}

/** A member that runs; the leader more often than by chance, if the mix says so. */
function victim(world: World): SimulatedMember | undefined {
  const { draw, mix, members } = world;
  const leader = chance(draw, mix.aimAtLeaderPerMille) ? findLeader(world) : undefined;
  if (leader !== undefined) return leader;
  const running = [...members.values()].filter(({ isUp }) => isUp);
  return running.length > 0 ? pick(draw, running) : undefined;
}

const lasting = ({ draw }: World): number => pick(draw, [60, 400, 1500, 5000]);

function crash(world: World): void {
  const member = victim(world);
  if (member === undefined) return;
  member.crash();
  world.clock.after(around(world.draw, lasting(world)), () => restart(world, member));
}

/** Unless it was removed for good meanwhile. */
function restart({ checker }: World, member: SimulatedMember): void {
  const { incoming, outgoing, learners } = checker.decisions.newest;
  const isIn = [incoming, outgoing, learners].some((ids) => ids.has(member.id));
  if (isIn || member.raft.state.membership.incoming.size === 0) member.restart();
}

function pause(world: World): void {
  const member = victim(world);
  if (member?.pause() !== true) return;
  world.figures.pauses += 1;
  world.clock.after(around(world.draw, lasting(world)), () => member.resume());
}

function partition(world: World): void {
  const { members, draw, figures } = world;
  const sides = new Map([...members.keys()].map((id) => [id, draw(2)]));
  figures.partitions += 1;
  cutFor(world, (from, to) => sides.get(from) !== sides.get(to));
}

function cutOneWay(world: World): void {
  const { members, draw, figures } = world;
  const one = victim(world)?.id;
  const other = pick(draw, [...members.keys()]);
  // One link, all that it sends, or all that it is sent.
  const shape = draw(3);
  figures.oneWayCuts += 1;
  cutFor(world, (from, to) => {
    if (shape === 0) return from === one && to === other;
    return shape === 1 ? from === one : to === one;
  });
}

/** A leader with one follower at most: it may append and believe, but not commit (figure 8). */
function strandLeader(world: World): void {
  const { members, draw, figures, clock } = world;
  const leader = findLeader(world);
  if (leader === undefined) return;
  const company = chance(draw, 500) ? pick(draw, [...members.keys()]) : leader.id;
  const stays = new Set([leader.id, company]);
  figures.strandedLeaders += 1;
  const lastsMs = cutFor(world, (from, to) => stays.has(from) !== stays.has(to));
  if (!chance(draw, 400)) return;
  clock.after(draw(lastsMs), () => leader.crash());
  clock.after(lastsMs + between(draw, 0, 500), () => restart(world, leader));
}

function cutFor(world: World, isCut: (from: MemberId, to: MemberId) => boolean): number {
  const { members, network, clock, draw } = world;
  const ids = [...members.keys()];
  const links = ids.flatMap((from) => ids.map((to) => [from, to] as const));
  const cut = links.filter(([from, to]) => from !== to && isCut(from, to));
  const lastsMs = around(draw, lasting(world));
  for (const [from, to] of cut) network.cut(from, to);
  clock.after(lastsMs, () => {
    for (const [from, to] of cut) network.mend(from, to);
  });
  return lastsMs;
}

function slowDisk(world: World): void {
  const member = victim(world);
  if (member === undefined) return;
  world.figures.slowDisks += 1;
  member.diskSlowness = pick(world.draw, [20, 200]);
  world.clock.after(around(world.draw, lasting(world)), () => {
    member.diskSlowness = 1;
  });
}

function driftClock(world: World): void {
  const member = victim(world);
  if (member === undefined) return;
  world.figures.clockDrifts += 1;
  member.driftPercent = pick(world.draw, [-50, 100, 300]);
  world.clock.after(around(world.draw, lasting(world)), () => {
    member.driftPercent = member.usualDriftPercent;
  });
}
