// The operator, who takes volumes away from hosts while they use them, lets them read only, and gives them back.
import { hostName, toSystemError } from "@ashlar/core";
import { sleep } from "@ashlar/runtime";
import type { HostAccess } from "../checkers/unit-model.ts";
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { Operator } from "../workload/operator.ts";
import type { ClientVolume } from "../workload/sim-client.ts";
import { ProcessClock } from "../world/process-clock.ts";
import type { World } from "../world/world.ts";
import type { HostFigures } from "./host-figures.ts";
import type { UnitHistory } from "./unit-history.ts";

const PAUSE_MS = 6_000;
const TAKEN_MS = 2_500;
const NEVER = new AbortController().signal;
const COUNTED = { readWrite: "mapped", readOnly: "mappedReadOnly", none: "unmapped" } as const;

export interface AccessPorts {
  readonly world: World;
  readonly cluster: SimCluster;
  readonly operator: Operator;
  readonly units: ReadonlyMap<string, UnitHistory>;
  readonly figures: HostFigures;
}

export class AccessEdits {
  private readonly ports: AccessPorts;
  private readonly hosts: readonly string[];
  private ending = false;
  isIdle = true;

  constructor(ports: AccessPorts, hosts: readonly string[]) {
    this.ports = ports;
    this.hosts = hosts;
  }

  start(): void {
    this.isIdle = false;
    this.ports.operator.do(async () => {
      await this.loop();
      this.isIdle = true;
    });
  }

  /** What was taken away is given back. */
  finish(): void {
    this.ending = true;
  }

  /** Rejects when it is not known whether it was done. */
  async give(volume: ClientVolume, host: string, access: HostAccess): Promise<void> {
    const { world, operator, units, figures } = this.ports;
    const callTime = world.nowMs;
    let returnTime: number | undefined;
    const mapped = { host: hostName(host), lun: 0, readOnly: access === "readOnly" };
    try {
      await operator.changeAccess(
        volume,
        access === "none" ? { kind: "unmap", host: mapped.host } : { kind: "map", mapping: mapped },
      );
      returnTime = world.nowMs;
      figures[COUNTED[access]] += 1;
    } finally {
      units.get(volume.name)?.access({ client: "operator", callTime, returnTime }, host, access);
    }
  }

  private async loop(): Promise<void> {
    const { world, cluster, operator } = this.ports;
    const clock = new ProcessClock(world, cluster.operator, { rate: 1 });
    const pause = (ms: number): Promise<void> =>
      sleep(clock, world.between(ms / 4, ms), { signal: NEVER });
    while (!this.ending) {
      await pause(PAUSE_MS);
      if (this.ending) return;
      const volume = world.pick(operator.volumes);
      const host = world.pick(this.hosts);
      await this.tried(volume, host, world.pick(["none", "readOnly"] as const));
      await pause(TAKEN_MS);
      while (!(await this.tried(volume, host, "readWrite"))) await pause(TAKEN_MS / 4);
    }
  }

  private async tried(volume: ClientVolume, host: string, access: HostAccess): Promise<boolean> {
    try {
      await this.give(volume, host, access);
      return true;
    } catch (thrown) {
      const { code } = toSystemError(thrown);
      if (code === "internal") throw thrown;
      this.ports.world.note(`operator: ${host} ${access}: ${code}`);
      return false;
    }
  }
}
