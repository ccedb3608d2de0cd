// Serves the Upkeep service over gRPC.
import { NODE_SERVICES, REBALANCING } from "@ashlar/catalog";
import { diskId, nodeId, volumeName } from "@ashlar/core";
import { toCopyReport } from "./convert/copying.ts";
import { oneOf, safeNumber } from "./convert/scalars.ts";
import type { UpkeepDefinition } from "./gen/ashlar/v1/Upkeep.ts";
import { type GrpcServer, type Handlers, unary } from "./grpc-server.ts";
import { fromSubject, toSafety } from "./safety.ts";
import { upkeepService } from "./services.ts";
import type { ShutdownStatus, UpkeepServer } from "./upkeep.ts";

const toShutdown = ({ underWay, gateways, nodes }: ShutdownStatus) => ({
  underWay,
  gateways: [...gateways],
  nodes: [...nodes],
});

type SlowDiskMethod = "TrustDisk" | "KeepSlowDisks" | "SlowDisks";

const slowDiskHandlers = (
  service: UpkeepServer,
): Pick<Handlers<UpkeepDefinition>, SlowDiskMethod> => ({
  TrustDisk: unary(async ({ node, disk }, context) => {
    await service.trustDisk({ node: nodeId(node), disk: diskId(disk) }, context);
    return {};
  }),
  KeepSlowDisks: unary(async ({ keeps }, context) => {
    await service.keepSlowDisks(keeps, context);
    return {};
  }),
  SlowDisks: unary(async (_request, context) => {
    const { keeps, disks } = await service.slowDisks(context);
    const told = disks.map(({ reason, since, ...disk }) => ({
      ...disk,
      slow: { reason, since },
    }));
    return { keeps, disks: told };
  }),
});

export function bindUpkeep(server: GrpcServer, service: UpkeepServer): void {
  const handlers = {
    SetNodeService: unary(async ({ node, service: wanted, force }, context) => {
      const asked = { node: nodeId(node), service: oneOf(NODE_SERVICES, wanted) };
      await service.setNodeService(asked, { ...context, force });
      return {};
    }),
    RemoveNode: unary(async ({ node, lost }, context) => {
      await service.removeNode({ node: nodeId(node), lost }, context);
      return {};
    }),
    EmptyDisk: unary(async ({ node, disk, leaving, force }, context) => {
      const place = { node: nodeId(node), disk: diskId(disk) };
      await service.emptyDisk({ ...place, leaving }, { ...context, force });
      return {};
    }),
    ...slowDiskHandlers(service),
    SetReplicas: unary(async ({ name, replicas }, context) => {
      await service.setReplicas({ name: volumeName(name), replicas }, context);
      return {};
    }),
    SetRebalancing: unary(async ({ rebalancing, cancel }, context) => {
      const asked = { rebalancing: oneOf(REBALANCING, rebalancing), cancel };
      return { cancelled: await service.setRebalancing(asked, context) };
    }),
    SetCopySpeed: unary(async ({ latencyTargetMs, floorBytesPerSecond }, context) => {
      const asked = {
        latencyTargetMs: latencyTargetMs || undefined,
        floorBytesPerSecond: safeNumber(floorBytesPerSecond) || undefined,
      };
      await service.setCopySpeed(asked, context);
      return {};
    }),
    RebalanceStatus: unary(async (_request, context) => {
      const { nodes, copySpeed, ...standing } = await service.rebalanceStatus(context);
      const copying = nodes.map(({ id, ...report }) => ({
        node: id,
        copying: toCopyReport(report),
      }));
      return { ...standing, ...copySpeed, nodes: copying };
    }),
    PreviewRebalance: unary(async (_request, context) => {
      const { nodes, ...plan } = await service.previewRebalance(context);
      return { ...plan, nodes: nodes.map(({ id, ...share }) => ({ node: id, ...share })) };
    }),
    JudgeSafety: unary(async (request, context) =>
      toSafety(await service.judgeSafety(fromSubject(request), context)),
    ),
    MayStop: unary(async (request, context) =>
      toSafety(await service.mayStop(fromSubject(request), context)),
    ),
    SetShutdown: unary(async ({ underWay }, context) =>
      toShutdown(await service.setShutdown({ underWay }, context)),
    ),
    ShutdownStatus: unary(async (_request, context) =>
      toShutdown(await service.shutdownStatus(context)),
    ),
    ListReleases: unary(async (_request, context) => ({
      processes: (await service.listReleases(context)).map((process) => ({ ...process })),
    })),
    EndMember: unary(async () => {
      service.endMember();
      return {};
    }),
  } satisfies Parameters<typeof server.add<typeof upkeepService>>[1];
  server.add(upkeepService, handlers, { clusterOptional: true });
}
