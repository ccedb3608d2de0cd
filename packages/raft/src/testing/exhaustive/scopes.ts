// The scopes that are searched: in every test run, and in a soak where they take minutes.
import type { Scope } from "./scope.ts";
import type { Fact } from "./transitions.ts";

export interface NamedScope extends Scope {
  readonly name: string;
  /** A search that sees fewer states has lost something. */
  readonly statesMin: number;
  /** What must have happened on the way. */
  readonly sees: readonly Fact[];
}

/** What a scope leaves out that names none of it. */
export const NOTHING = {
  proposals: 0,
  crashes: 0,
  heartbeats: 0,
  writesWaiting: 0,
  leases: false,
} as const;

export const SCOPES: readonly NamedScope[] = [
  {
    ...NOTHING,
    name: "the paper's Raft: 2 terms",
    terms: 2,
    statesMin: 25_000,
    sees: ["elected", "deposed", "committed", "overwritten"],
  },
  {
    ...NOTHING,
    name: "asynchronous storage: 1 term, 1 crash",
    terms: 1,
    crashes: 1,
    writesWaiting: 1,
    statesMin: 140_000,
    sees: ["elected", "committed", "recovered"],
  },
  {
    ...NOTHING,
    name: "pre-vote and quorum check: 1 term, 1 heartbeat, 1 crash",
    terms: 1,
    heartbeats: 1,
    crashes: 1,
    leases: true,
    statesMin: 130_000,
    sees: ["elected", "deposed", "committed", "recovered"],
  },
];

/** Minutes and gigabytes: `npm run soak`. */
export const SCOPES_OF_MINUTES: readonly NamedScope[] = [
  {
    ...NOTHING,
    name: "the paper's Raft: 2 terms, 1 crash",
    terms: 2,
    crashes: 1,
    statesMin: 120_000,
    sees: ["elected", "deposed", "committed", "overwritten", "recovered"],
  },
  {
    ...NOTHING,
    name: "the paper's Raft: 3 terms",
    terms: 3,
    statesMin: 1_100_000,
    sees: ["elected", "deposed", "committed", "overwritten"],
  },
  {
    ...NOTHING,
    name: "the paper's Raft: 2 terms, 1 proposal",
    terms: 2,
    proposals: 1,
    statesMin: 540_000,
    sees: ["elected", "deposed", "committed", "overwritten"],
  },
  {
    ...NOTHING,
    name: "the paper's Raft: 2 terms, 1 proposal, 1 crash",
    terms: 2,
    proposals: 1,
    crashes: 1,
    statesMin: 4_300_000,
    sees: ["elected", "deposed", "committed", "overwritten", "recovered"],
  },
  {
    ...NOTHING,
    name: "asynchronous storage: 2 terms",
    terms: 2,
    writesWaiting: 1,
    statesMin: 1_100_000,
    sees: ["elected", "deposed", "committed", "overwritten"],
  },
  {
    ...NOTHING,
    name: "pre-vote and quorum check: 1 term, 1 proposal, 1 heartbeat",
    terms: 1,
    proposals: 1,
    heartbeats: 1,
    leases: true,
    statesMin: 2_700_000,
    sees: ["elected", "deposed", "committed"],
  },
];
