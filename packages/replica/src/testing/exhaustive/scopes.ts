// The scopes that are searched: in every test run, and in a soak where they take minutes.
import type { Fact } from "./group.ts";
import type { Scope } from "./scope.ts";

export interface NamedScope extends Scope {
  readonly name: string;
  /** A search that sees fewer states has lost something. */
  readonly statesMin: number;
  /** What must have happened on the way. */
  readonly sees: readonly Fact[];
}

/** Three replicas in sync, one write in one epoch: what a scope leaves out that names none of it. */
export const PLAIN = {
  replicas: 3,
  inSync: 3,
  epochs: 1,
  mutations: ["write"],
  reads: false,
  crashes: 0,
  breaks: 0,
  downs: 0,
  ups: 0,
  moves: 0,
  sessions: 4,
} as const;

const FAILOVER = { ...PLAIN, epochs: 2, downs: 1 } as const;

export const SCOPES: readonly NamedScope[] = [
  {
    ...FAILOVER,
    name: "failover: a write and a read",
    reads: true,
    statesMin: 80_000,
    sees: ["committed", "failedOver", "truncated", "readAnswered", "staleReadRefused"],
  },
  {
    ...FAILOVER,
    name: "two failovers: a write",
    epochs: 3,
    downs: 2,
    statesMin: 70_000,
    sees: ["committed", "failedOver", "truncated"],
  },
  {
    ...FAILOVER,
    name: "failover: a learner that asks to be admitted",
    inSync: 2,
    statesMin: 65_000,
    sees: ["committed", "failedOver", "truncated", "admitted", "copied"],
  },
  {
    ...FAILOVER,
    name: "a sole member and a learner: a write, a read",
    replicas: 2,
    inSync: 1,
    reads: true,
    statesMin: 12_000,
    sees: ["committed", "failedOver", "readAnswered", "staleReadRefused", "admitted"],
  },
  {
    ...FAILOVER,
    name: "two replicas: one returns, a write and an unmap",
    replicas: 2,
    inSync: 2,
    mutations: ["write", "unmap"],
    ups: 1,
    statesMin: 65_000,
    sees: ["committed", "failedOver", "truncated", "admitted", "copied"],
  },
  {
    ...FAILOVER,
    name: "two replicas: a move, a crash, a broken connection, a read",
    replicas: 2,
    inSync: 2,
    downs: 0,
    moves: 1,
    crashes: 1,
    breaks: 1,
    reads: true,
    statesMin: 50_000,
    sees: ["committed", "failedOver", "truncated", "recovered", "readAnswered"],
  },
];

/** Minutes and gigabytes: `npm run soak`. */
export const SCOPES_OF_MINUTES: readonly NamedScope[] = [
  {
    ...FAILOVER,
    name: "failover: two overlapping writes",
    mutations: ["write", "write"],
    statesMin: 180_000,
    sees: ["committed", "failedOver", "truncated"],
  },
  {
    ...FAILOVER,
    name: "failover: a write and a crash",
    crashes: 1,
    statesMin: 65_000,
    sees: ["committed", "failedOver", "truncated", "recovered"],
  },
  {
    ...FAILOVER,
    name: "failover: a write, a broken connection and a move",
    downs: 0,
    breaks: 1,
    moves: 1,
    statesMin: 200_000,
    sees: ["committed", "failedOver", "truncated"],
  },
  {
    ...FAILOVER,
    name: "two replicas: two writes, a read, a crash, syncs in parts",
    replicas: 2,
    inSync: 2,
    mutations: ["write", "write"],
    reads: true,
    crashes: 1,
    partialSyncs: true,
    statesMin: 260_000,
    sees: ["committed", "failedOver", "recovered", "readAnswered", "staleReadRefused"],
  },
];
