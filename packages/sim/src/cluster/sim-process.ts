// A process of the simulated cluster on a machine of its own: started, killed, stopped and made to go on,
// and started again by a supervisor that reports the exit as the real one does. What survives a life is the
// machine's disk.

import { AssertionError, type ClusterId, nodeId, toSystemError } from "@ashlar/core";
import { createExitReporterClient, type ExitReporterClient, type Network } from "@ashlar/rpc";
import { type Clock, type Log, type Random, Registry, type Startable } from "@ashlar/runtime";
import { SimDisk, SimMachineDisk } from "../disk/sim-disk.ts";
import { processNetwork } from "../network/process-network.ts";
import type { SimNetwork } from "../network/sim-network.ts";
import { ProcessClock } from "../world/process-clock.ts";
import { ProcessLife } from "../world/process-life.ts";
import type { Cancellable, World } from "../world/world.ts";
import { type OnLine, simLog } from "./sim-log.ts";

/** What one life of a process is given. */
export interface ProcessPorts {
  readonly disk: SimDisk;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
  readonly registry: Registry;
  readonly bootId: string;
  /** The process ends by its own decision. */
  readonly exit: (reason: string) => void;
}

export interface ProcessOptions<N extends Startable> {
  readonly name: string;
  readonly clusterId: ClusterId;
  /** host:port of the metadata members. */
  readonly metadata: readonly string[];
  readonly make: (ports: ProcessPorts) => N;
  /** What it says, with the number of its life behind its name. */
  readonly onLine: OnLine;
}

/** Clocks of machines differ by so much, in parts of a million. */
const DRIFT_PPM_MAX = 500;
/** A supervisor starts a process again after this, longer when it fails again and again. */
const RESTART_MIN_MS = 50;
const RESTART_MAX_MS = 1_000;
/** A life that lasted so long was no failed start. */
const STEADY_MS = 5_000;
/** An exit report is given up then. */
const REPORT_TIMEOUT_MS = 10_000;

export class SimProcess<N extends Startable = Startable> {
  readonly name: string;
  readonly disk = new SimMachineDisk();
  /** What it runs as now; undefined while it does not. */
  node: N | undefined;
  private readonly world: World;
  private readonly network: SimNetwork;
  private readonly options: ProcessOptions<N>;
  private readonly rate: number;
  private readonly supervisor: ProcessLife;
  private readonly reporter: ExitReporterClient;
  /** As it is now. */
  life: ProcessLife | undefined;
  /** Of the process as it is now. */
  clock: Clock | undefined;
  private lives = 0;
  private bootId = "";
  private startedMs = 0;
  private undisturbedMs = 0;
  private restartMs = RESTART_MIN_MS;
  private started = false;
  /** Until its machine gets its power back. */
  private dark: Cancellable | undefined;

  constructor(
    { world, network }: { readonly world: World; readonly network: SimNetwork },
    options: ProcessOptions<N>,
  ) {
    this.world = world;
    this.network = network;
    this.options = options;
    this.name = options.name;
    this.rate = 1 + world.between(-DRIFT_PPM_MAX, DRIFT_PPM_MAX) / 1_000_000;
    this.supervisor = new ProcessLife(`${this.name}/supervisor`, 1);
    const clock = new ProcessClock(world, this.supervisor, { rate: this.rate });
    this.reporter = createExitReporterClient(
      {
        clock,
        random: world.randomFor(`${this.name}/supervisor`),
        log: simLog(world, `${this.name}/supervisor`),
        network: processNetwork({ network, host: this.name, life: this.supervisor, clock }),
      },
      { clusterId: options.clusterId, addresses: options.metadata },
    );
  }

  get isAlive(): boolean {
    return this.life?.isAlive ?? false;
  }

  /** Whether its start has come to its end. */
  get isUp(): boolean {
    return this.isAlive && this.started;
  }

  get isStopped(): boolean {
    return this.life?.isStopped ?? false;
  }

  start(): void {
    const { world, network } = this;
    this.lives += 1;
    const life = new ProcessLife(this.name, this.lives);
    this.life = life;
    this.started = false;
    this.startedMs = world.nowMs;
    this.undisturbedMs = world.nowMs;
    const seed = `${this.name}/${this.lives}`;
    const random = world.randomFor(seed);
    this.bootId = random.uuid();
    const clock = new ProcessClock(world, life, { rate: this.rate });
    this.clock = clock;
    const ports: ProcessPorts = {
      disk: new SimDisk(world, this.disk, life),
      clock,
      random,
      network: processNetwork({ network, host: this.name, life, clock }),
      log: simLog(world, this.name, (line) => {
        if (life.isAlive) this.options.onLine({ ...line, process: seed });
      }),
      registry: new Registry(),
      bootId: this.bootId,
      exit: (reason) => this.exit(life, reason),
    };
    world.note(`${this.name} starts`);
    world.after(0, life, () => {
      const node = this.options.make(ports);
      this.node = node;
      node.start().then(
        () => {
          this.started = true;
          world.note(`${this.name} is up`);
        },
        (thrown: unknown) => {
          const { code, message } = toSystemError(thrown);
          if (code === "internal") world.fail(thrown);
          this.exit(life, `cannot start: ${code} ${message}`);
        },
      );
    });
  }

  /** kill -9: what it wrote is with the kernel, all else is gone. Its supervisor starts it again. */
  kill(status = "signal SIGKILL"): void {
    if (!this.isAlive) return;
    this.world.note(`${this.name} ends: ${status}`);
    this.die({ powerLost: false });
    this.report(status);
    const lasted = this.world.nowMs - this.startedMs;
    this.restartMs =
      lasted > STEADY_MS ? RESTART_MIN_MS : Math.min(RESTART_MAX_MS, 2 * this.restartMs);
    this.world.after(this.restartMs, this.supervisor, () => {
      if (!this.isAlive) this.start();
    });
  }

  /** The machine loses its power, and gets it back later. Returns how many writes were lost or torn. */
  cutPower(darkMs: number): number {
    this.world.note(`${this.name} loses its power for ${Math.round(darkMs)} ms`);
    this.die({ powerLost: true });
    const lost = this.disk.powerCut(this.world);
    this.dark?.cancel();
    this.dark = this.world.after(darkMs, undefined, () => this.powerOn());
    return lost;
  }

  /** The machine gets its power back. */
  powerOn(): void {
    this.dark?.cancel();
    this.network.onPower(this.name);
    if (!this.isAlive) this.start();
  }

  /** Since when it has run without being stopped or slowed. */
  get undisturbedSinceMs(): number {
    const isSteady = this.life && !this.life.isStopped && this.life.turnMs === 0;
    return isSteady ? this.undisturbedMs : this.world.nowMs;
  }

  /** Does something in the process as it is now, when it is awake. False if there is none. */
  run(act: (node: N) => void): boolean {
    const { life, node } = this;
    if (!life?.isAlive || !node || !this.started) return false;
    this.world.after(0, life, () => act(node));
    return true;
  }

  /** Called when the process as it is now ends; returns how to call that off. */
  onEnd(listener: () => void): () => void {
    return this.life?.onEnd(listener) ?? (() => {});
  }

  stop(): void {
    if (!this.isAlive) return;
    this.world.note(`${this.name} is stopped`);
    this.life?.stop();
  }

  resume(): void {
    if (!this.life?.isStopped) return;
    this.world.note(`${this.name} goes on`);
    this.undisturbedMs = this.world.nowMs;
    this.world.resume(this.life);
  }

  /** Each of its events takes so long; 0 ends that. */
  slowDown(turnMs: number): void {
    if (!this.life) return;
    this.life.turnMs = turnMs;
    this.undisturbedMs = this.world.nowMs;
  }

  private exit(life: ProcessLife, reason: string): void {
    // R9: nothing that happens here may make two members go different ways.
    if (reason.startsWith("raft/diverged")) this.world.fail(new AssertionError(`R9: ${reason}`));
    if (this.life === life && life.isAlive) this.world.after(0, life, () => this.kill(reason));
  }

  private die({ powerLost }: { readonly powerLost: boolean }): void {
    const { life } = this;
    if (!life) return;
    life.end();
    this.node = undefined;
    this.started = false;
    this.disk.onProcessEnd(this.world);
    this.network.onProcessEnd(this.name, life, { powerLost });
  }

  private report(status: string): void {
    const { bootId } = this;
    this.world.after(1, this.supervisor, () => {
      const gone = { process: nodeId(this.name), bootId, status };
      const signal = AbortSignal.timeout(REPORT_TIMEOUT_MS);
      this.reporter.reportExit(gone, { signal }).catch((thrown: unknown) => {
        this.world.note(`${this.name} exit not reported: ${toSystemError(thrown).code}`);
      });
    });
  }
}
