// What the hosts of a run do with its cluster. The frame founds it, harms it, heals it, and demands what must
// hold of any: see simulation.ts.
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { World } from "../world/world.ts";
import type { Operator } from "./operator.ts";
import type { ClientFigures } from "./sim-client.ts";
import type { VolumeHistory } from "./volume-history.ts";

export interface Workload {
  /** As the operator: makes what the hosts need, volumes first of all. */
  prepare(): Promise<void>;
  start(): void;
  /** The world is healed; so is what the hosts' machines suffered. */
  heal(): void;
  /** No new commands; those under way come to their end. */
  finish(): void;
  readonly isIdle: boolean;
  /** The hosts are idle, all copies back and equal: what is asked of such a cluster, before it is read for the last time. */
  conclude(): Promise<void>;
  /** @throws what broke, beyond the blocks themselves. */
  judge(): void;
  readonly figures: Readonly<Record<string, number>>;
}

export interface WorkloadPorts {
  readonly world: World;
  readonly cluster: SimCluster;
  readonly operator: Operator;
  readonly history: VolumeHistory;
  /** Of clients of block devices, whose host none of them is. */
  readonly clientFigures: ClientFigures;
  /** No stamp is given twice. */
  readonly stamps: { next: number };
  /** How long a host waits for a path. */
  readonly patienceMs: number;
  /** Volumes have so many copies at least. */
  readonly copiesMin: number;
}
