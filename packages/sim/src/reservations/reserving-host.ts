// A host of a failover cluster, or what would be left of one without sense: over all its paths at once it reads,
// writes and swaps blocks, and registers, reserves, pre-empts and clears, as it is drawn.
import { present, toSystemError } from "@ashlar/core";
import { sleep } from "@ashlar/runtime";
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { ClientVolume } from "../workload/sim-client.ts";
import type { VolumeHistory } from "../workload/volume-history.ts";
import type { World } from "../world/world.ts";
import { DataCommands } from "./data-commands.ts";
import type { HostFigures } from "./host-figures.ts";
import { HostLane } from "./host-lane.ts";
import { HostMachine } from "./host-machine.ts";
import { RequestCommands } from "./request-commands.ts";
import type { UnitHistory } from "./unit-history.ts";
import { UnitPath } from "./unit-path.ts";

/** Commands of a host at the same time, besides one request about reservations. */
const DATA_LANES = 3;
/** Longest pauses between two: each run has busy hosts and idle ones. */
const DATA_THINK_MS: readonly number[] = [30, 120, 400];
const REQUEST_THINK_MS: readonly number[] = [60, 250, 1_000];
/** Of who only looks on. */
const LOOK_MS = 150;
/** Before another path is asked how things stand. */
const REPORT_PAUSE_MS = 100;

export interface HostShared {
  readonly world: World;
  readonly cluster: SimCluster;
  readonly history: VolumeHistory;
  readonly units: ReadonlyMap<string, UnitHistory>;
  readonly arrivals: Map<number, number>;
  readonly figures: HostFigures;
  readonly stamps: { next: number };
  /** Called when a host is about to pre-empt another one. */
  readonly onPreempt: () => void;
}

export interface HostOptions {
  readonly name: string;
  /** Of all hosts. */
  readonly names: readonly string[];
  readonly volumes: readonly ClientVolume[];
  readonly types: readonly number[];
  readonly patienceMs: number;
  /** Only looks on: what it is told tells more of what became of requests without an answer. */
  readonly looksOn?: boolean;
}

/** One for all paths of a host, as a Windows cluster has it. */
const keyOf = (name: string): string => Buffer.from(name.padStart(8, "-")).toString("hex");

export class ReservingHost {
  readonly machine: HostMachine;
  private readonly paths: readonly UnitPath[];
  private readonly requests: RequestCommands;
  private readonly data: DataCommands;
  private readonly lanes: readonly HostLane[];
  private readonly requestLane: HostLane;
  private readonly looksOn: boolean;
  private readonly world: World;
  private readonly volumes: readonly ClientVolume[];
  private reporting = 0;

  constructor(shared: HostShared, options: HostOptions) {
    const { name, names, volumes, types, patienceMs, looksOn = false } = options;
    const { world, cluster, figures } = shared;
    this.world = world;
    this.volumes = volumes;
    this.machine = new HostMachine({ world, network: cluster.network }, name);
    const onLogin = (isIn: boolean): void => {
      figures[isIn ? "logins" : "loginsRefused"] += 1;
    };
    const onBroken = (reason: Error): void => world.fail(reason);
    this.paths = volumes.flatMap((volume) =>
      cluster.gateways.map((_, at) => {
        const options = { volume, gateway: at + 1, patienceMs, onLogin, onBroken };
        return new UnitPath(this.machine, options);
      }),
    );
    const ports = { ...shared, machine: this.machine, paths: this.paths };
    const others = names.filter((other) => other !== name).map(keyOf);
    this.requests = new RequestCommands(ports, { key: keyOf(name), others, types });
    this.data = new DataCommands(ports);
    const lane = (thinkMs: number) => new HostLane({ world, machine: this.machine }, { thinkMs });
    const dataThinkMs = world.pick(DATA_THINK_MS);
    this.lanes = Array.from({ length: looksOn ? 0 : DATA_LANES }, () => lane(dataThinkMs));
    this.requestLane = lane(looksOn ? LOOK_MS : world.pick(REQUEST_THINK_MS));
    this.looksOn = looksOn;
  }

  start(): void {
    const { requests, looksOn } = this;
    for (const lane of this.lanes) lane.start(() => this.data.next());
    this.requestLane.start(() => (looksOn ? requests.look() : requests.next()));
  }

  finish(): void {
    for (const lane of [...this.lanes, this.requestLane]) lane.finish();
  }

  /** Each thread does its next command now: those that overlap tell more. */
  hurry(): void {
    for (const lane of this.lanes) lane.hurry();
  }

  get isIdle(): boolean {
    return this.reporting === 0 && [...this.lanes, this.requestLane].every((lane) => lane.isIdle);
  }

  /** Reads the full status of each unit, over one path after the other until one answers. */
  report(): void {
    this.reporting += 1;
    this.world.after(0, this.machine.life, () => {
      this.reportAll().then(
        () => {
          this.reporting -= 1;
        },
        (thrown: unknown) => this.world.fail(thrown),
      );
    });
  }

  private async reportAll(): Promise<void> {
    const { clock } = this.machine;
    for (const { name } of this.volumes) {
      const paths = this.paths.filter(({ volume }) => volume.name === name);
      for (let at = 0, isTold = false; !isTold; at += 1) {
        const path = present(paths[at % paths.length], "a unit has paths");
        isTold = await this.requests.ask(path, "readFullStatus").then(
          () => true,
          (thrown: unknown) => {
            if (toSystemError(thrown).code === "internal") throw thrown;
            return false;
          },
        );
        if (!isTold) await sleep(clock, REPORT_PAUSE_MS, { signal: new AbortController().signal });
      }
    }
  }
}
