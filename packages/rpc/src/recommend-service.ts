// Serves the Recommend service over gRPC.
import { ADVICE_MODES } from "@ashlar/catalog";
import { oneOf } from "./convert/scalars.ts";
import { type GrpcServer, unary } from "./grpc-server.ts";
import type { RecommendService } from "./recommend.ts";
import { recommendService } from "./services.ts";

export function bindRecommend(server: GrpcServer, service: RecommendService): void {
  const handlers = {
    ListRecommendations: unary(async (_request, context) => {
      const list = await service.list(context);
      const { hotSpots, recommendations, waiting } = list;
      return {
        ...list,
        applied: [...list.applied],
        hotSpots: [...hotSpots],
        recommendations: [...recommendations],
        waiting: [...waiting],
      };
    }),
    ApplyRecommendations: unary(async ({ ids }, context) => {
      const { applied, chunks } = await service.apply(ids, context);
      return { applied: [...applied], chunks };
    }),
    SetAdvice: unary(async ({ advice }, context) => {
      await service.setAdvice(oneOf(ADVICE_MODES, advice), context);
      return {};
    }),
  } satisfies Parameters<typeof server.add<typeof recommendService>>[1];
  server.add(recommendService, handlers, { clusterOptional: true });
}
