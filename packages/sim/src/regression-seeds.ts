// Runs that broke once, and what was wrong then: continuous integration runs them again. A seed is good
// for the commit it was found at; later ones draw other things, so each defect has a test of its own beside
// the code that had it.

export interface RegressionSeed {
  readonly seed: number;
  readonly seconds: number;
  readonly was: string;
}

export const REGRESSION_SEEDS: readonly RegressionSeed[] = [
  { seed: 9, seconds: 20, was: "an atlas of faults that took the last good copy of a chunk" },
  { seed: 16, seconds: 60, was: "timers that fired in a process after they were cancelled" },
  { seed: 36, seconds: 60, was: "an atlas that judged by the catalog of before a partition" },
];
