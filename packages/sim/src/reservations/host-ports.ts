// What the commands of hosts are given: where they go, and where their ends are written down.

import type { VolumeHistory } from "../workload/volume-history.ts";
import type { World } from "../world/world.ts";
import type { HostFigures } from "./host-figures.ts";
import type { HostMachine } from "./host-machine.ts";
import type { UnitHistory } from "./unit-history.ts";
import type { UnitPath } from "./unit-path.ts";

export interface HostPorts {
  readonly world: World;
  readonly machine: HostMachine;
  readonly paths: readonly UnitPath[];
  /** Of blocks. */
  readonly history: VolumeHistory;
  /** Of units, by the names of their volumes. */
  readonly units: ReadonlyMap<string, UnitHistory>;
  /** When a unit had a command for certain, by its stamp. */
  readonly arrivals: Map<number, number>;
  readonly figures: HostFigures;
  readonly stamps: { next: number };
}

export const pickFrom = <T>({ machine }: HostPorts, choices: readonly T[]): T =>
  choices[machine.random.below(choices.length)] as T;
