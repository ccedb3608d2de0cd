// Serves the Recommend service over gRPC.
import { type GrpcServer, unary } from "./grpc-server.ts";
import type { RecommendService } from "./recommend.ts";
import { recommendService } from "./services.ts";

export function bindRecommend(server: GrpcServer, service: RecommendService): void {
  const handlers = {
    ListRecommendations: unary(async (_request, context) => {
      const { hotSpots, recommendations, waiting } = await service.list(context);
      return {
        hotSpots: [...hotSpots],
        recommendations: [...recommendations],
        waiting: [...waiting],
      };
    }),
    ApplyRecommendations: unary(async ({ ids }, context) => {
      const { applied, chunks } = await service.apply(ids, context);
      return { applied: [...applied], chunks };
    }),
  } satisfies Parameters<typeof server.add<typeof recommendService>>[1];
  server.add(recommendService, handlers, { clusterOptional: true });
}
