// The power of all machines fails at once, again and again. They come back in any order, one of them only when the
// others serve everything without it. Nobody does anything about it.
import { assert } from "@ashlar/core";
import type { Course, CoursePorts } from "./course.ts";

/** How long hosts work before the next one. */
const WORK_MS = [1_000, 6_000] as const;
/** When a machine is back: some before others are missed, some long after they were declared down. */
const DARK_MS = [100, 9_000] as const;
const MISSING_MS = 120_000;
/** Each takes some such time. */
const ROUND_S = 20;
const WHOLE_MAX_MS = 120_000;

export class Blackouts implements Course {
  private readonly ports: CoursePorts;
  private blackouts = 0;

  constructor(ports: CoursePorts) {
    this.ports = ports;
  }

  async run(): Promise<void> {
    const { world, seconds } = this.ports;
    for (let left = Math.max(1, Math.floor(seconds / ROUND_S)); left > 0; left -= 1) {
      await world.run(world.nowMs + world.between(...WORK_MS));
      await this.blackout();
    }
    this.ports.onHealed();
    await world.run(world.nowMs + world.between(...WORK_MS));
  }

  get figures() {
    return { blackouts: this.blackouts };
  }

  private async blackout(): Promise<void> {
    const { world, cluster, targets, served } = this.ports;
    // A copy that was behind when the power failed may be all that comes back.
    await world.run(world.nowMs + WHOLE_MAX_MS, () => cluster.isUp && targets.isWhole);
    assert(cluster.isUp && targets.isWhole, "L3: redundancy returns");
    const missing = world.pick(cluster.all);
    world.note(`blackout; ${missing.name} stays away`);
    for (const process of cluster.all) {
      process.cutPower(process === missing ? MISSING_MS : world.between(...DARK_MS));
    }
    this.blackouts += 1;
    const others = cluster.all.filter((process) => process !== missing);
    await world.run(world.nowMs + MISSING_MS / 2, () => others.every(({ isUp }) => isUp));
    assert(
      others.every(({ isUp }) => isUp),
      "L1: every process comes up",
    );
    await served();
    assert(!missing.isAlive, "served without the one that is missing");
    missing.powerOn();
  }
}
