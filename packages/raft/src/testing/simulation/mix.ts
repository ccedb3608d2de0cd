// What one seed is made of. Every seed draws its own settings and its own few kinds of faults ("swarm
// testing"): a run with all faults at once hides as much as one with none, since a group that never
// gets anywhere breaks nothing.
import type { RaftConfig } from "../../config.ts";
import { between, chance, type Draw, pick } from "./random.ts";

/** Kinds of faults that are injected from time to time; messages suffer theirs one by one. */
export const FAULT_KINDS = [
  "crash",
  "pause",
  "partition",
  "one-way-cut",
  "strand-leader",
  "slow-disk",
  "clock-drift",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export type MemberSettings = Pick<
  Required<RaftConfig>,
  | "electionTicks"
  | "heartbeatTicks"
  | "messageBytesMax"
  | "committedBytesMax"
  | "uncommittedBytesMax"
  | "inflight"
  | "asyncStorage"
  | "preVote"
  | "checkQuorum"
>;

export interface Mix {
  readonly settings: MemberSettings;
  readonly tickMs: number;
  /** Mean time on the way, the share of messages that are late, and by how much. */
  readonly latencyMs: number;
  readonly latePerMille: number;
  readonly lateMs: number;
  readonly lossPerMille: number;
  readonly duplicatePerMille: number;
  /** Mean time of an fsync. */
  readonly syncMs: number;
  /** Applied entries between compactions, and entries kept behind them. */
  readonly compactEvery: number;
  readonly entriesKept: number;
  readonly clients: number;
  /** Mean time that a client waits before its next request, and until it asks again. */
  readonly thinkMs: number;
  readonly answerTimeoutMs: number;
  readonly readsPerMille: number;
  /** Mean time between two changes of the membership, and between two transfers; 0 is never. */
  readonly changeEveryMs: number;
  readonly transferEveryMs: number;
  /** Mean time between two faults of a kind; 0 is never. */
  readonly faultEveryMs: Readonly<Record<FaultKind, number>>;
  /** How often a fault hits the leader rather than anyone. */
  readonly aimAtLeaderPerMille: number;
}

const RARELY_MS = 12_000;
const OFTEN_MS = 2500;

export function drawMix(draw: Draw): Mix {
  const every = (): number => pick(draw, [0, 0, RARELY_MS, OFTEN_MS]);
  return {
    settings: drawSettings(draw),
    tickMs: between(draw, 50, 100),
    latencyMs: pick(draw, [2, 8, 30]),
    latePerMille: pick(draw, [0, 10, 80]),
    lateMs: pick(draw, [100, 1000, 4000]),
    lossPerMille: pick(draw, [0, 5, 50, 200]),
    duplicatePerMille: pick(draw, [0, 5, 80]),
    syncMs: pick(draw, [1, 5, 25]),
    compactEvery: pick(draw, [4, 20, 100]),
    entriesKept: pick(draw, [0, 3, 20]),
    clients: between(draw, 2, 4),
    thinkMs: pick(draw, [60, 200, 600]),
    answerTimeoutMs: pick(draw, [250, 800, 2000]),
    readsPerMille: pick(draw, [200, 500, 800]),
    changeEveryMs: every(),
    transferEveryMs: every(),
    faultEveryMs: drawFaults(draw, every),
    aimAtLeaderPerMille: pick(draw, [0, 300, 800]),
  };
}

function drawFaults(draw: Draw, every: () => number): Record<FaultKind, number> {
  const faults = FAULT_KINDS.map((kind) => [kind, every()] as const);
  // One kind at least, so that no seed is idle.
  faults.push([pick(draw, FAULT_KINDS), pick(draw, [RARELY_MS, OFTEN_MS])]);
  return Object.fromEntries(faults) as Record<FaultKind, number>;
}

/** Limits small enough to be met, now and then. */
function drawSettings(draw: Draw): MemberSettings {
  return {
    electionTicks: 10,
    heartbeatTicks: between(draw, 1, 3),
    messageBytesMax: pick(draw, [1, 128, 4096]),
    committedBytesMax: pick(draw, [64, 65_536]),
    uncommittedBytesMax: pick(draw, [128, 65_536]),
    inflight: {
      messagesMax: pick(draw, [1, 4, 64]),
      bytesMax: pick(draw, [96, 65_536]),
    },
    asyncStorage: chance(draw, 500),
    preVote: chance(draw, 500),
    checkQuorum: chance(draw, 600),
  };
}
