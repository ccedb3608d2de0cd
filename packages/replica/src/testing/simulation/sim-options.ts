// What a simulation is made of, and how much goes wrong in it.
export interface SimOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly isrSize: number;
  /** Steps with faults, before everything is healed. */
  readonly steps: number;
  /** Chance of a fault per thousand steps. */
  readonly faultsPerMille: number;
  /** Chance that a fault is a stop of the primary. */
  readonly stopsPercent: number;
  /** Chance that a fault is a flipped bit in a unit of which another member has a good copy. */
  readonly flipsPercent: number;
  /** Whether the volume is changed all the time. */
  readonly changes?: boolean;
}
