// The Recommend service: what the leader thinks of how load is spread.
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
 * be served from elsewhere. `add-disks`: all are busy.
 */
export const RECOMMENDATION_KINDS = ["move-leading", "add-copy", "add-disks"] as const;

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
}
