// One run: a cluster from its founding, volumes and their clients, a time of faults, then healing, and the
// demand that everything comes back: chunks active, commands answered, copies whole and equal, and every
// block explained by one order of what was done to it.
import { assert, MIB } from "@ashlar/core";
import { BLOCK_REGISTER } from "./checkers/block-register.ts";
import { checkLateEffects } from "./checkers/late-effects.ts";
import { PlacementChecker } from "./checkers/placement.ts";
import { SingleActive } from "./checkers/single-active.ts";
import { SimCluster } from "./cluster/sim-cluster.ts";
import { Blackouts } from "./courses/blackouts.ts";
import type { Course, CoursePorts } from "./courses/course.ts";
import { Moves } from "./courses/moves.ts";
import { Storm } from "./courses/storm.ts";
import { FaultInjector } from "./faults/fault-injector.ts";
import { FaultTargets } from "./faults/fault-targets.ts";
import { checkLinearizable } from "./linearizability/checker.ts";
import { explainVerdict } from "./linearizability/explanation.ts";
import { ReservationWorkload } from "./reservations/reservation-workload.ts";
import { BlockWorkload, clientOf } from "./workload/block-workload.ts";
import { Operator } from "./workload/operator.ts";
import { noClientFigures, type SimClient } from "./workload/sim-client.ts";
import { VolumeHistory } from "./workload/volume-history.ts";
import type { Workload, WorkloadPorts } from "./workload/workload.ts";
import { World } from "./world/world.ts";

/** Who uses the cluster, and how many gateways there are for them. */
const WORKLOADS = {
  blocks: { gateways: 2, portals: false, of: (ports: WorkloadPorts) => new BlockWorkload(ports) },
  reservations: {
    gateways: 3,
    portals: true,
    of: (ports: WorkloadPorts) => new ReservationWorkload(ports),
  },
} as const;

export type WorkloadName = keyof typeof WORKLOADS;
export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as readonly WorkloadName[];

/** What happens to it, and what it needs for that: copies of each volume, chunks of each volume, bytes of each disk. */
const COURSES = {
  storm: {
    copiesMin: 1,
    chunks: 2,
    diskBytes: 48 * MIB,
    of: (ports: CoursePorts) => new Storm(ports),
  },
  blackouts: {
    copiesMin: 2,
    chunks: 2,
    diskBytes: 48 * MIB,
    of: (ports: CoursePorts) => new Blackouts(ports),
  },
  moves: {
    copiesMin: 2,
    chunks: 6,
    diskBytes: 384 * MIB,
    of: (ports: CoursePorts) => new Moves(ports),
  },
} as const;

export type CourseName = keyof typeof COURSES;
export const COURSE_NAMES = Object.keys(COURSES) as readonly CourseName[];

export interface SimulationOptions {
  readonly seed: number;
  /** `blocks` if absent. */
  readonly workload?: WorkloadName | undefined;
  /** `storm` if absent. */
  readonly course?: CourseName | undefined;
  /** Virtual seconds with faults. */
  readonly seconds: number;
  /** Kinds of faults that are left out. */
  readonly off?: ReadonlySet<string> | undefined;
  readonly tell?: ((line: string) => void) | undefined;
}

export type Figures = Readonly<Record<string, number>>;

export interface SimulationResult {
  readonly figures: Figures;
  /** Equal for two runs of one seed. */
  readonly trace: string;
}

/** A cluster is founded and its volumes made within this. */
const BEGIN_MAX_MS = 30_000;
/** Until what is committed lies in the data area, where it can rot. */
const ROT_PAUSE_MS = 2_500;
/** How long a host waits for a path: initiators have timers from a second or so to half a minute. */
const PATIENCE_MS: readonly number[] = [1_500, 6_000, 30_000];
/** How long a node is waited for that is down: some runs make copies elsewhere before it is back. */
const COPY_AFTER_MS: readonly number[] = [500, 3_000, 300_000];
/** A machine gets its power back, and a process that fails to start is started again. */
const UP_MAX_MS = 20_000;
/** L1: all chunks within this, those in use much sooner. */
const ACTIVE_MAX_MS = 30_000;
/** L3: redundancy returns. */
const SETTLE_MAX_MS = 60_000;

export class Simulation {
  private readonly world: World;
  private readonly cluster: SimCluster;
  private readonly operator: Operator;
  private readonly history = new VolumeHistory();
  private readonly active = new SingleActive();
  private readonly clientFigures = noClientFigures();
  private readonly workload: Workload;
  private readonly prober: SimClient;
  private readonly targets: FaultTargets;
  private readonly placement = new PlacementChecker();
  private readonly course: Course;
  private resyncs = 0;
  private replaced = 0;
  private rot = { flipped: 0, misplaced: 0 };

  constructor(options: SimulationOptions) {
    const world = new World(options.seed);
    this.world = world;
    const { tell } = options;
    if (tell) world.tell = (line) => tell(`${world.nowMs.toFixed(3).padStart(10)} ${line}`);
    const copyAfterMs = COPY_AFTER_MS[world.randomFor("copies").below(COPY_AFTER_MS.length)] ?? 0;
    const workload = WORKLOADS[options.workload ?? "blocks"];
    const { gateways, portals } = workload;
    const course = COURSES[options.course ?? "storm"];
    const { chunks, copiesMin, diskBytes } = course;
    const sizes = { metadata: 3, storage: 3, gateways, diskBytes };
    const shape = { ...sizes, portals, copyAfterMs };
    this.cluster = new SimCluster(world, shape, ({ process, message, fields }) => {
      if (message === "replica") this.onNotice(process, fields);
      if (message === "lost copies are made elsewhere") this.onReplaced(fields);
    });
    this.cluster.catalog.onChanges((changes) =>
      this.placement.onChanges(changes, this.cluster.catalog.view),
    );
    this.operator = new Operator(world, this.cluster, { chunks });
    this.targets = new FaultTargets(world, this.cluster, this.operator);
    const { cluster, targets } = this;
    const off = options.off ?? new Set();
    const faults = new FaultInjector({ world, cluster, targets }, { off });
    const { history, clientFigures, operator } = this;
    const patienceMs = world.pick(PATIENCE_MS);
    const stamps = { next: 0 };
    const ports = {
      world,
      cluster,
      operator,
      history,
      clientFigures,
      stamps,
      patienceMs,
      copiesMin,
    };
    this.workload = workload.of(ports);
    this.prober = clientOf(ports, "prober");
    const { seconds } = options;
    const served = () => this.served();
    const onHealed = () => this.workload.heal();
    this.course = course.of({
      world,
      cluster,
      operator,
      targets,
      faults,
      served,
      onHealed,
      seconds,
    });
  }

  /** @throws what broke. */
  async run(): Promise<SimulationResult> {
    try {
      return await this.play();
    } catch (thrown) {
      if (this.world.tell) for (const line of this.cluster.describe()) this.world.tell(line);
      throw thrown;
    }
  }

  private async play(): Promise<SimulationResult> {
    await this.begin();
    this.workload.start();
    await this.course.run();
    await this.settle();
    this.judge();
    return { figures: this.figures(), trace: this.world.trace.text };
  }

  private async begin(): Promise<void> {
    const { world, cluster, operator } = this;
    cluster.start();
    await world.run(BEGIN_MAX_MS, () => cluster.isUp);
    assert(cluster.isUp, "a cluster without faults comes up");
    let made = false;
    operator.do(async () => {
      await this.workload.prepare();
      made = true;
    });
    await world.run(world.nowMs + BEGIN_MAX_MS, () => made);
    assert(made, "volumes are made");
  }

  private async settle(): Promise<void> {
    const { world, cluster, operator, workload } = this;
    await world.run(world.nowMs + UP_MAX_MS, () => cluster.isUp);
    assert(cluster.isUp, "L1: every process comes up");
    await this.served();
    workload.finish();
    await world.run(world.nowMs + 30_000, () => workload.isIdle);
    assert(workload.isIdle, "L2: every command comes to its end");
    await world.run(world.nowMs + SETTLE_MAX_MS, () => cluster.isUp && this.isWhole);
    assert(this.isWhole, "L3: redundancy returns");
    let compared = 0;
    operator.do(async () => {
      for (const { name } of operator.volumes) {
        const { different, damaged } = await operator.check(name);
        assert(different === 0 && damaged === 0, `P15: ${name}: ${different} replicas differ`);
        compared += 1;
      }
    });
    await world.run(world.nowMs + 30_000, () => compared === operator.volumes.length);
    assert(compared === operator.volumes.length, "L1: every chunk can be checked");
    await workload.conclude();
    await world.run(world.nowMs + SETTLE_MAX_MS, () => cluster.isUp && this.isWhole);
    assert(this.isWhole, "L3: redundancy returns");
    await world.run(world.nowMs + ROT_PAUSE_MS);
    this.rot = this.targets.rot();
    await this.readAll();
  }

  /** L1: faults have stopped, so every chunk in use is active again soon. */
  private async served(): Promise<void> {
    const { world } = this;
    const { volumes } = this.operator;
    const places = volumes.flatMap(({ name, places: all }) => all.map((at) => [name, at] as const));
    let left = places.length;
    for (const [volume, firstBlock] of places) {
      this.prober.readNow({ volume, firstBlock, blocks: 1 }, () => {
        left -= 1;
      });
    }
    await world.run(world.nowMs + ACTIVE_MAX_MS, () => left === 0);
    assert(left === 0, `L1: ${left} of ${places.length} places are not served`);
  }

  /** P1, P14: what was acknowledged is there at the end, also where a disk has rotted. */
  private async readAll(): Promise<void> {
    const { world, operator } = this;
    const ranges = operator.volumes.flatMap(({ name, places }) =>
      places.map((firstBlock) => ({ volume: name, firstBlock, blocks: 32 })),
    );
    let done = false;
    const next = (at: number): void => {
      const range = ranges[at];
      if (range) this.prober.readNow(range, () => next(at + 1));
      else done = true;
    };
    next(0);
    await world.run(world.nowMs + 30_000, () => done);
    assert(done, "L1: every chunk is read");
  }

  private get isWhole(): boolean {
    return !this.targets.isFragile && this.targets.isWhole;
  }

  private judge(): void {
    const { operations, abandoned } = this.history;
    checkLateEffects(operations, abandoned);
    const verdict = checkLinearizable(BLOCK_REGISTER, operations, { stepsMax: 2_000_000 });
    assert(verdict.kind !== "undecided", "the history of a block can be judged");
    assert(verdict.kind === "linearizable", `P6: ${explainVerdict(verdict)}`);
    this.workload.judge();
  }

  private onNotice(process: string, fields: Readonly<Record<string, unknown>>): void {
    const { chunk, what, epoch } = fields;
    if (what === "active") this.active.onActive(String(chunk), Number(epoch), process);
    if (what === "resyncEnded") this.resyncs += 1;
  }

  private onReplaced({ chunks }: Readonly<Record<string, unknown>>): void {
    this.replaced += Number(chunks);
  }

  private figures(): Figures {
    return {
      ...this.workload.figures,
      ...this.course.figures,
      ...this.rot,
      failovers: this.active.failovers,
      resyncs: this.resyncs,
      copiesElsewhere: this.replaced,
      copiesDropped: this.placement.dropped,
      events: this.world.events,
    };
  }
}

/** What never happened. */
export const zeroFigures = (figures: Figures): readonly string[] =>
  Object.entries(figures)
    .filter(([, count]) => count === 0)
    .map(([name]) => name);
