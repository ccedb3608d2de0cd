// The Recommend service: what the leader thinks of how load is spread.
import type { AdviceMode } from "@ashlar/catalog";
import type { AdminCallOptions } from "./admin.ts";

export const HOT_KINDS = ["node", "disk", "volume", "cluster"] as const;
export type HotKind = (typeof HOT_KINDS)[number];

/** Demand of a node or volume in operations per second, 64 KiB counting as one more; share of the time a disk is busy. */
export interface Measure {
  readonly id: string;
  readonly figure: number;
}

export interface HotSpot extends Measure {
  readonly kind: HotKind;
  /** Of all of its kind, itself included. */
  readonly mean: number;
}

/**
 * `move-leading`: chunks of a busy volume are led by another of their nodes. `add-copy`: a volume with one copy cannot
 * be served from elsewhere. `add-disks`: all are busy. `full-disk`, `hot-disk`: one is, far more than others.
 * `room-after-loss`: the copies of a node would not fit on the others. `add-path`: a host has one gateway only.
 * `spread-sessions`: one gateway has far more than others.
 */
export const RECOMMENDATION_KINDS = [
  "move-leading",
  "add-copy",
  "add-disks",
  "full-disk",
  "hot-disk",
  "room-after-loss",
  "add-path",
  "spread-sessions",
] as const;

export interface Recommendation {
  /** The same as long as it stands. */
  readonly id: string;
  readonly kind: (typeof RECOMMENDATION_KINDS)[number];
  /** In words, with figures. */
  readonly reason: string;
  /** What is done when it is applied; what to do by hand when it cannot be. */
  readonly action: string;
  readonly applicable: boolean;
}

export interface RecommendationList {
  readonly hotSpots: readonly HotSpot[];
  readonly recommendations: readonly Recommendation[];
  /** Storage nodes that have not told their load yet: nothing is judged until they have. */
  readonly waiting: readonly string[];
  readonly advice: AdviceMode;
  /** In words, why nothing is done by itself now; empty for nothing. */
  readonly hindrance: string;
  /** Done lately, the newest first, as far as this leader knows. */
  readonly applied: readonly AppliedAdvice[];
}

/** What two nodes are asked, as of {@link Measure}. */
export interface AskedPair {
  readonly from: number;
  readonly to: number;
}

export interface AppliedAdvice {
  readonly id: string;
  /** In words. */
  readonly action: string;
  /** Nobody asked for it. */
  readonly byItself: boolean;
  readonly agoMs: number;
  readonly from: string;
  readonly to: string;
  readonly chunks: number;
  readonly before: AskedPair;
  /** Null until figures are of the time since. */
  readonly after: AskedPair | null;
}

export interface RecommendService {
  list(options: AdminCallOptions): Promise<RecommendationList>;
  /**
   * Of one that has changed since it was listed, what it says now is done.
   * @param ids empty: all that can be applied.
   * @returns what was, and how many chunks changed hands.
   * @throws SystemError recommendation/not-found; argument/invalid for one that is advice.
   */
  apply(
    ids: readonly string[],
    options: AdminCallOptions,
  ): Promise<{ readonly applied: readonly string[]; readonly chunks: number }>;
  /** Whether what moves no data is also done by itself, from now on. */
  setAdvice(advice: AdviceMode, options: AdminCallOptions): Promise<void>;
}
