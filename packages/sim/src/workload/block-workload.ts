// Hosts of block devices: several clients that read, write, unmap and swap blocks of all volumes, each over the
// path that worked last.
import { SimClient } from "./sim-client.ts";
import type { Workload, WorkloadPorts } from "./workload.ts";

const CLIENTS = 4;
/** Copies of the volumes of a run. A single copy leaves few disks that may be lost. */
const COPIES: readonly (readonly number[])[] = [
  [3, 2, 1],
  [3, 2],
  [3, 3],
  [2, 2],
];
/** Longest pauses of a host between two commands: each run has busy ones and idle ones. */
const THINK_MS: readonly number[] = [20, 80, 300];

export class BlockWorkload implements Workload {
  private readonly ports: WorkloadPorts;
  private readonly clients: readonly SimClient[];

  constructor(ports: WorkloadPorts) {
    this.ports = ports;
    const names = Array.from({ length: CLIENTS }, (_, at) => `client-${at + 1}`);
    this.clients = names.map((name) => clientOf(ports, name));
  }

  prepare(): Promise<void> {
    const { operator, world, copiesMin } = this.ports;
    const choices = COPIES.filter((copies) => copies.every((count) => count >= copiesMin));
    return operator.createVolumes(world.pick(choices));
  }

  start(): void {
    for (const client of this.clients) client.start();
  }

  heal(): void {}

  finish(): void {
    for (const client of this.clients) client.finish();
  }

  get isIdle(): boolean {
    return this.clients.every(({ isIdle }) => isIdle);
  }

  async conclude(): Promise<void> {}

  judge(): void {}

  get figures() {
    return { ...this.ports.clientFigures };
  }
}

/** A client of block devices. */
export function clientOf(ports: WorkloadPorts, name: string): SimClient {
  const { world, cluster, operator, history, stamps, patienceMs } = ports;
  const { network, gateways } = cluster;
  const deps = { world, network, gateways, history, figures: ports.clientFigures, stamps };
  const thinkMs = world.pick(THINK_MS);
  return new SimClient(deps, { name, volumes: () => operator.volumes, thinkMs, patienceMs });
}
