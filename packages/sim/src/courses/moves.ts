// Storage nodes come and go under hosts at work: 3, 4, 6 and 3 again. Copies are spread anew by themselves; in the middle
// of each step somebody dies whom the seed draws. In the end of each step all copies are where they belong, evenly,
// and a second plan moves nothing.
import { assert, nodeId, toSystemError } from "@ashlar/core";
import type { RebalancePreview } from "@ashlar/rpc";
import type { SimProcess } from "../cluster/sim-process.ts";
import type { Course, CoursePorts } from "./course.ts";

const WORK_MS = 2_000;
/** A move begins within this, once nodes have not changed for a while. */
const BEGIN_MAX_MS = 30_000;
/** When somebody dies, after the first copy of a step has begun to move. */
const MIDWAY_MS = [0, 1_500] as const;
const DARK_MS = [200, 6_000] as const;
const BALANCED_MAX_MS = 240_000;
const POLL_MS = 500;
/** Between the node with most copies and the one with fewest. */
const SPREAD_MAX = 2;

export class Moves implements Course {
  private readonly ports: CoursePorts;
  private deaths = 0;
  private steps = 0;
  private joined: number;

  constructor(ports: CoursePorts) {
    this.ports = ports;
    this.joined = ports.cluster.storage.length;
  }

  async run(): Promise<void> {
    const { world, cluster } = this.ports;
    await world.run(world.nowMs + WORK_MS);
    await this.grow(1);
    await this.grow(2);
    await this.shrink(cluster.storage.slice(-3).map(({ name }) => name));
    this.ports.onHealed();
    await world.run(world.nowMs + WORK_MS);
  }

  get figures() {
    return { steps: this.steps, deathsMidway: this.deaths };
  }

  private async grow(count: number): Promise<void> {
    const { cluster } = this.ports;
    for (let more = 0; more < count; more += 1) {
      this.joined += 1;
      cluster.join(`storage-${this.joined}`);
    }
    await this.dieMidway();
    await this.untilBalanced(cluster.storage.map(({ name }) => name));
  }

  private async shrink(leaving: readonly string[]): Promise<void> {
    const { cluster } = this.ports;
    const { upkeep } = cluster.admin;
    const staying = cluster.storage
      .map(({ name }) => name)
      .filter((name) => !leaving.includes(name));
    await this.ask("drained", async (signal) => {
      for (const name of leaving) {
        await upkeep.setNodeService({ node: nodeId(name), service: "draining" }, { signal });
      }
      return true;
    });
    await this.dieMidway();
    await this.untilBalanced(staying);
    for (const name of leaving) cluster.leave(name);
    await this.ask("removed", async (signal) => {
      for (const name of leaving) {
        if (!cluster.newestCatalog.nodes.has(nodeId(name))) continue;
        await upkeep.removeNode({ node: nodeId(name), lost: false }, { signal });
      }
      return true;
    });
    this.steps += 1;
  }

  /** Whoever it is: the node that gives a copy, the one that gets it, another one, or who leads the metadata. */
  private async dieMidway(): Promise<void> {
    const { world, cluster } = this.ports;
    await world.run(world.nowMs + BEGIN_MAX_MS, () => this.isMoving);
    assert(this.isMoving, "copies begin to move");
    await world.run(world.nowMs + world.between(...MIDWAY_MS));
    const [victim, other] = [world.pick(cluster.storage), world.pick(cluster.metadata)];
    const die: readonly ((process: SimProcess) => unknown)[] = [
      (process) => process.kill(),
      (process) => process.cutPower(world.between(...DARK_MS)),
    ];
    const isMember = world.random.below(3) === 0;
    for (const process of isMember ? [victim, other] : [victim]) world.pick(die)(process);
    this.deaths += 1;
  }

  private async untilBalanced(names: readonly string[]): Promise<void> {
    const { cluster, targets } = this.ports;
    const preview = await this.ask("balanced", async (signal) => {
      if (!cluster.isUp || !targets.isWhole || this.isMoving) return undefined;
      const told = await cluster.admin.upkeep.previewRebalance({ signal });
      return told.moves === 0 && this.isAt(names) ? told : undefined;
    });
    this.assertSpread(preview, names);
    this.steps += 1;
  }

  private assertSpread({ nodes, homeless }: RebalancePreview, names: readonly string[]): void {
    const copies = nodes.filter(({ id }) => names.includes(id)).map((node) => node.copies);
    assert(copies.length === names.length && homeless === 0, "every node has a part in the plan");
    const spread = Math.max(...copies) - Math.min(...copies);
    assert(spread <= SPREAD_MAX, `A11: copies are spread evenly, not ${copies}`);
  }

  private get configs() {
    const { newestCatalog: view } = this.ports.cluster;
    return [...view.volumes.values()].flatMap(({ family, replicas }) =>
      [...view.chunksOf(family)].map((config) => ({ ...config, replicas })),
    );
  }

  /** A move leaves nothing behind: while any is under way, a chunk has a copy more than it should. */
  private get isMoving(): boolean {
    return this.configs.some(
      ({ members, replicas, learners, leaving = [] }) =>
        members.length > replicas || learners.length > 0 || leaving.length > 0,
    );
  }

  private isAt(names: readonly string[]): boolean {
    return this.configs.every(({ members }) => members.every(({ node }) => names.includes(node)));
  }

  /** Asks as an operator does until there is an answer; who is refused asks again. */
  private async ask<T>(
    what: string,
    act: (signal: AbortSignal) => Promise<T | undefined>,
  ): Promise<T> {
    const { world, cluster } = this.ports;
    let answer: T | undefined;
    const again = async (): Promise<void> => {
      try {
        answer = await act(new AbortController().signal);
      } catch (thrown) {
        const { code } = toSystemError(thrown);
        if (code === "internal") return world.fail(thrown);
        world.note(`operator: ${what}: ${code}`);
      }
      if (answer === undefined) world.after(POLL_MS, cluster.operator, () => void again());
    };
    world.after(0, cluster.operator, () => void again());
    await world.run(world.nowMs + BALANCED_MAX_MS, () => answer !== undefined);
    assert(answer !== undefined, `L3: ${what}`);
    return answer;
  }
}
