// The Recommend service as its callers see it. What is applied names the versions of chunks that it goes by, so that
// being asked again changes nothing.
import { ADVICE_MODES, type AdviceMode } from "@ashlar/catalog";
import type { AdminCalls } from "./admin-calls.ts";
import { oneOf, safeNumber } from "./convert/scalars.ts";
import type { Abortable } from "./grpc-client.ts";
import {
  HOT_KINDS,
  RECOMMENDATION_KINDS,
  type RecommendationList,
  type RecommendService,
} from "./recommend.ts";
import { recommendService } from "./services.ts";

const NOTHING_ASKED = { from: 0, to: 0 } as const;

export class RecommendClient implements RecommendService {
  private readonly calls: AdminCalls;

  constructor(calls: AdminCalls) {
    this.calls = calls;
  }

  async list({ signal }: Abortable): Promise<RecommendationList> {
    const reply = await this.calls.unary(recommendService.ListRecommendations, {}, { signal });
    return {
      hotSpots: reply.hotSpots.map(({ kind, ...spot }) => ({
        kind: oneOf(HOT_KINDS, kind),
        ...spot,
      })),
      recommendations: reply.recommendations.map(({ kind, ...rest }) => ({
        kind: oneOf(RECOMMENDATION_KINDS, kind),
        ...rest,
      })),
      waiting: reply.waiting,
      advice: oneOf(ADVICE_MODES, reply.advice || "manual"),
      hindrance: reply.hindrance,
      applied: reply.applied.map(({ agoMs, chunks, before, after, ...done }) => ({
        ...done,
        agoMs: safeNumber(agoMs),
        chunks: safeNumber(chunks),
        before: before ?? NOTHING_ASKED,
        after: after ?? null,
      })),
    };
  }

  async apply(
    ids: readonly string[],
    { signal }: Abortable,
  ): Promise<{ readonly applied: readonly string[]; readonly chunks: number }> {
    const request = { ids: [...ids] };
    const call = recommendService.ApplyRecommendations;
    const { applied, chunks } = await this.calls.unary(call, request, { signal });
    return { applied, chunks: safeNumber(chunks) };
  }

  async setAdvice(advice: AdviceMode, { signal }: Abortable): Promise<void> {
    await this.calls.propose(recommendService.SetAdvice, { advice }, { signal });
  }
}
