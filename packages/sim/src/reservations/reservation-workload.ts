// Hosts that share volumes as those of a failover cluster do, each over a session at every gateway: they read and
// write while they reserve, pre-empt and are pre-empted, and the operator maps and unmaps them. The initiator and
// all that lies behind it is the product's.
import type { CatalogView, VolumeRecord } from "@ashlar/catalog";
import { assert } from "@ashlar/core";
import { checkPermitted } from "../checkers/permitted-commands.ts";
import { checkKeptRecord, checkSameRecords } from "../checkers/same-records.ts";
import { checkSingleEffects } from "../checkers/single-effects.ts";
import { checkConflicts } from "../checkers/true-conflicts.ts";
import { checkReports } from "../checkers/unit-register.ts";
import type { Workload, WorkloadPorts } from "../workload/workload.ts";
import { AccessEdits } from "./access-edits.ts";
import { noHostFigures } from "./host-figures.ts";
import { HostTroubles } from "./host-troubles.ts";
import { ReservingHost } from "./reserving-host.ts";
import { UnitHistory } from "./unit-history.ts";
import { initiatorOf } from "./unit-path.ts";

const HOSTS = ["host-1", "host-2", "host-3"];
/** Mapped like them, left alone, and asks for nothing. */
const OBSERVER = "host-4";
/** Copies of the volumes of a run. */
const COPIES: readonly (readonly number[])[] = [[3], [2], [3, 2]];
/** Types of reservations that hosts of a run take: Windows has the first, others mix. */
const TYPES: readonly (readonly number[])[] = [[5], [1, 5], [3, 6], [7, 8], [1, 3, 5, 6, 7, 8]];
/** Each host has so long to find out how things stand, in a cluster where all is well. */
const REPORT_MAX_MS = 30_000;
const DARK_MS = { least: 100, most: 3_000 } as const;
const UP_MAX_MS = 30_000;
/** A pre-emption takes a few round trips. */
const HURRY_MAX_MS = 6;
/** Until whoever follows the catalog has heard of its last entry. */
const SAME_MAX_MS = 5_000;

export class ReservationWorkload implements Workload {
  private readonly ports: WorkloadPorts;
  private readonly figuresOfHosts = noHostFigures();
  private readonly units = new Map<string, UnitHistory>();
  private readonly arrivals = new Map<number, number>();
  private readonly edits: AccessEdits;
  private readonly types: readonly number[];
  private hosts: readonly ReservingHost[] = [];
  private troubles: HostTroubles | undefined;

  constructor(ports: WorkloadPorts) {
    this.ports = ports;
    const { world, cluster, operator } = ports;
    this.types = world.pick(TYPES);
    const { units, figuresOfHosts: figures } = this;
    this.edits = new AccessEdits({ world, cluster, operator, units, figures }, HOSTS);
  }

  async prepare(): Promise<void> {
    const { operator, world, cluster, history, stamps, patienceMs } = this.ports;
    const all = [...HOSTS, OBSERVER];
    for (const host of all) await operator.createHost(host, initiatorOf(host));
    await operator.createVolumes(world.pick(COPIES), "mapped");
    const { volumes } = operator;
    for (const { name } of volumes) this.units.set(name, new UnitHistory());
    for (const volume of volumes) {
      for (const host of all) await this.edits.give(volume, host, "readWrite");
    }
    const { units, figuresOfHosts: figures, types } = this;
    const onPreempt = (): void => {
      this.hurryLater();
      this.troubles?.onPreempt();
    };
    const asked = { units, figures, arrivals: this.arrivals, onPreempt };
    const shared = { world, cluster, history, stamps, ...asked };
    const options = { names: HOSTS, volumes, types, patienceMs };
    this.hosts = all.map(
      (name) => new ReservingHost(shared, { ...options, name, looksOn: name === OBSERVER }),
    );
    const machines = this.hosts.map(({ machine }) => machine).slice(0, HOSTS.length);
    this.troubles = new HostTroubles({ world, cluster }, { machines, figures });
  }

  start(): void {
    for (const host of this.hosts) host.start();
    this.edits.start();
    this.troubles?.start();
  }

  heal(): void {
    this.troubles?.heal();
  }

  finish(): void {
    this.edits.finish();
    for (const host of this.hosts) host.finish();
  }

  get isIdle(): boolean {
    return this.edits.isIdle && this.hosts.every(({ isIdle }) => isIdle);
  }

  /** What is reserved is known to all, and survives a loss of power of everything. */
  async conclude(): Promise<void> {
    const { world, cluster } = this.ports;
    await this.report();
    const before = await this.sameRecords();
    world.note("everything loses its power");
    for (const process of cluster.all) {
      process.cutPower(world.between(DARK_MS.least, DARK_MS.most));
    }
    await world.run(world.nowMs + UP_MAX_MS, () => cluster.isUp);
    assert(cluster.isUp, "L1: every process comes up");
    this.figuresOfHosts.restarts += 1;
    await this.report();
    const after = await this.sameRecords();
    for (const [at, record] of before.entries()) checkKeptRecord(record, after[at]);
  }

  /** Some commands reach the gateways while a pre-emption is under way. */
  private hurryLater(): void {
    const { world } = this.ports;
    for (const host of this.hosts) {
      world.after(world.between(0, HURRY_MAX_MS), host.machine.life, () => host.hurry());
    }
  }

  judge(): void {
    const { history, operator } = this.ports;
    const { arrivals } = this;
    const beneath = new Set(["prober"]);
    for (const { name, places } of operator.volumes) {
      const unit = this.units.get(name)?.operations ?? [];
      checkSingleEffects(unit);
      checkReports(unit);
      checkConflicts(unit);
      // Commands are of whole units but for swaps, which are of their first blocks: those tell all.
      const registers = new Set(places.map((place) => `${name}/${place}`));
      const blocks = history.operations.filter(({ input }) => registers.has(input.register));
      checkPermitted({ blocks, givenUp: history.abandoned, arrivals, beneath, unit });
    }
  }

  get figures() {
    let staleWritesRefused = 0;
    for (const unit of this.units.values()) staleWritesRefused += unit.staleWritesRefused;
    return { ...this.figuresOfHosts, staleWritesRefused };
  }

  /** Every host reads the full status of every unit. */
  private async report(): Promise<void> {
    const { world } = this.ports;
    for (const host of this.hosts) host.report();
    const isDone = (): boolean => this.hosts.every(({ isIdle }) => isIdle);
    await world.run(world.nowMs + REPORT_MAX_MS, isDone);
    assert(isDone(), "L2: every host hears what is reserved");
  }

  /** What everybody has who follows the catalog, by then the same. */
  private async sameRecords(): Promise<readonly VolumeRecord[]> {
    const { world, cluster, operator } = this.ports;
    const views = (): readonly { readonly at: string; readonly view: CatalogView }[] => [
      { at: "operator", view: cluster.catalog.view },
      ...cluster.metadata.flatMap(({ name, node }) =>
        node?.catalog ? [{ at: name, view: node.catalog }] : [],
      ),
    ];
    const isLevel = (): boolean => {
      const [first, ...others] = views().map(({ view }) => view.appliedIndex);
      return others.every((index) => index === first);
    };
    await world.run(world.nowMs + SAME_MAX_MS, isLevel);
    return operator.volumes.map(({ volume }) => {
      const records = views().map(({ at, view }) => ({ at, record: view.volumes.get(volume) }));
      return checkSameRecords(records);
    });
  }
}
