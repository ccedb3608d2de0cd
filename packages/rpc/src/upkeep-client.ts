// The Upkeep service as its callers see it.
import { type NodeService, REBALANCING, type Rebalancing } from "@ashlar/catalog";
import { diskId, type NodeId, nodeId, type VolumeName } from "@ashlar/core";
import type { DiskPlace } from "./admin.ts";
import type { AdminCalls } from "./admin-calls.ts";
import { fromCopyReport, fromCopySpeed } from "./convert/copying.ts";
import { oneOf, safeNumber } from "./convert/scalars.ts";
import type { ShutdownReply__Output } from "./gen/ashlar/v1/ShutdownReply.ts";
import type { Abortable } from "./grpc-client.ts";
import type { ProcessRelease } from "./release.ts";
import { fromSafety, type SafetyAnswer, type SafetySubject, toSubject } from "./safety.ts";
import { upkeepService } from "./services.ts";
import type {
  CopySpeedChange,
  RebalancePreview,
  RebalanceStatus,
  ShutdownStatus,
  SlowDisks,
  UpkeepService,
} from "./upkeep.ts";

interface Forceful extends Abortable {
  readonly force?: boolean | undefined;
}

export class UpkeepClient implements UpkeepService {
  private readonly calls: AdminCalls;

  constructor(calls: AdminCalls) {
    this.calls = calls;
  }

  async setNodeService(
    asked: { readonly node: NodeId; readonly service: NodeService },
    { signal, force = false }: Forceful,
  ): Promise<void> {
    await this.calls.propose(upkeepService.SetNodeService, { ...asked, force }, { signal });
  }

  async removeNode(
    asked: { readonly node: NodeId; readonly lost: boolean },
    { signal }: Abortable,
  ): Promise<void> {
    await this.calls.propose(upkeepService.RemoveNode, asked, { signal });
  }

  async emptyDisk(
    asked: DiskPlace & { readonly leaving: boolean },
    { signal, force = false }: Forceful,
  ): Promise<void> {
    await this.calls.propose(upkeepService.EmptyDisk, { ...asked, force }, { signal });
  }

  async trustDisk(asked: DiskPlace, { signal }: Abortable): Promise<void> {
    await this.calls.propose(upkeepService.TrustDisk, asked, { signal });
  }

  async keepSlowDisks(keeps: boolean, { signal }: Abortable): Promise<void> {
    await this.calls.propose(upkeepService.KeepSlowDisks, { keeps }, { signal });
  }

  async slowDisks({ signal }: Abortable): Promise<SlowDisks> {
    const { keeps, disks } = await this.calls.unary(upkeepService.SlowDisks, {}, { signal });
    return {
      keeps,
      disks: disks.map(({ node, disk, slow, primaries, copies }) => ({
        node: nodeId(node),
        disk: diskId(disk),
        reason: slow?.reason ?? "",
        since: slow?.since ?? "",
        primaries: safeNumber(primaries),
        copies: safeNumber(copies),
      })),
    };
  }

  async setReplicas(
    asked: { readonly name: VolumeName; readonly replicas: number },
    { signal }: Abortable,
  ): Promise<void> {
    await this.calls.propose(upkeepService.SetReplicas, asked, { signal });
  }

  async setRebalancing(
    asked: { readonly rebalancing: Rebalancing; readonly cancel: boolean },
    { signal }: Abortable,
  ): Promise<number> {
    const reply = await this.calls.propose(upkeepService.SetRebalancing, asked, { signal });
    return safeNumber(reply.cancelled);
  }

  async setCopySpeed(asked: CopySpeedChange, { signal }: Abortable): Promise<void> {
    const { latencyTargetMs = 0, floorBytesPerSecond = 0 } = asked;
    const request = { latencyTargetMs, floorBytesPerSecond };
    await this.calls.propose(upkeepService.SetCopySpeed, request, { signal });
  }

  async rebalanceStatus({ signal }: Abortable): Promise<RebalanceStatus> {
    const reply = await this.calls.unary(upkeepService.RebalanceStatus, {}, { signal });
    return {
      rebalancing: oneOf(REBALANCING, reply.rebalancing),
      hindrance: reply.hindrance,
      moving: safeNumber(reply.moving),
      planned: safeNumber(reply.planned),
      begun: safeNumber(reply.begun),
      elapsedMs: safeNumber(reply.elapsedMs),
      copySpeed: fromCopySpeed(reply),
      nodes: reply.nodes.flatMap(({ node, copying }) =>
        copying ? [{ id: nodeId(node), ...fromCopyReport(copying) }] : [],
      ),
    };
  }

  async judgeSafety(subject: SafetySubject, { signal }: Abortable): Promise<SafetyAnswer> {
    const asked = toSubject(subject);
    return fromSafety(await this.calls.unary(upkeepService.JudgeSafety, asked, { signal }));
  }

  async mayStop(subject: SafetySubject, { signal }: Abortable): Promise<SafetyAnswer> {
    const asked = toSubject(subject);
    return fromSafety(await this.calls.unary(upkeepService.MayStop, asked, { signal }));
  }

  async setShutdown(
    asked: { readonly underWay: boolean },
    { signal }: Abortable,
  ): Promise<ShutdownStatus> {
    return shutdownStatus(await this.calls.unary(upkeepService.SetShutdown, asked, { signal }));
  }

  async shutdownStatus({ signal }: Abortable): Promise<ShutdownStatus> {
    return shutdownStatus(await this.calls.unary(upkeepService.ShutdownStatus, {}, { signal }));
  }

  async listReleases({ signal }: Abortable): Promise<readonly ProcessRelease[]> {
    const { processes } = await this.calls.unary(upkeepService.ListReleases, {}, { signal });
    return processes.map(({ kind, state, incarnation, ...process }) => ({
      ...process,
      kind: oneOf(["node", "gateway"], kind),
      state: oneOf(["up", "down"], state),
      incarnation: safeNumber(incarnation),
    }));
  }

  previewRebalance({ signal }: Abortable): Promise<RebalancePreview> {
    return this.calls.attend({ signal }, async (member, options) => {
      const { nodes, ...plan } = await member.unary(upkeepService.PreviewRebalance, {}, options);
      return {
        moves: safeNumber(plan.moves),
        bytes: safeNumber(plan.bytes),
        homeless: safeNumber(plan.homeless),
        nodes: nodes.map(({ node, sizeBytes, copies, copiesAfter }) => ({
          id: nodeId(node),
          sizeBytes: safeNumber(sizeBytes),
          copies: safeNumber(copies),
          copiesAfter: safeNumber(copiesAfter),
        })),
      };
    });
  }
}

const shutdownStatus = ({ underWay, gateways, nodes }: ShutdownReply__Output): ShutdownStatus => ({
  underWay,
  gateways: gateways.map(nodeId),
  nodes: nodes.map(nodeId),
});
