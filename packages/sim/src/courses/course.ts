// What happens to a cluster at work, between its beginning and the demand that everything comes back.
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { FaultInjector } from "../faults/fault-injector.ts";
import type { FaultTargets } from "../faults/fault-targets.ts";
import type { Operator } from "../workload/operator.ts";
import type { World } from "../world/world.ts";

export interface Course {
  /** Hosts are at work; so they are when it is over, and nothing is broken any more. */
  run(): Promise<void>;
  readonly figures: Readonly<Record<string, number>>;
}

export interface CoursePorts {
  readonly world: World;
  readonly cluster: SimCluster;
  readonly operator: Operator;
  readonly targets: FaultTargets;
  readonly faults: FaultInjector;
  /** L1: every place in use is served soon, by the processes that run. @throws when it is not. */
  readonly served: () => Promise<void>;
  /** Faults are over: what hosts' own machines suffer is, too. */
  readonly onHealed: () => void;
  /** Virtual seconds that a course may choose to last. */
  readonly seconds: number;
}
