// The Admin service as its callers see it. Whatever is asked here can be asked again: reads by nature, a volume is
// created under an identity of the caller's, and the rest is proposed in a session.
import type { AccessEdit } from "@ashlar/catalog";
import { type ClusterId, type HostName, hasCode, SystemError, type VolumeName } from "@ashlar/core";
import { nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";
import type {
  AdminClient,
  CheckProgress,
  ClusterStatus,
  CreateHostOptions,
  CreateVolumeOptions,
  DiskPlace,
  GatewayStatus,
  GroupStatus,
  HostStatus,
  MemberAnswer,
  NodeStatus,
  SetHostOptions,
  VolumeCheck,
  VolumeStatus,
} from "./admin.ts";
import { AdminCalls } from "./admin-calls.ts";
import { hostStatus, toAccessEdit, toChap } from "./convert/access.ts";
import {
  clusterStatus,
  gatewayStatus,
  groupStatus,
  nodeStatus,
  volumeStatus,
} from "./convert/admin.ts";
import { safeNumber } from "./convert/scalars.ts";
import { type ScrubPass, scrubPass } from "./convert/scrub.ts";
import type { VolumeRequest } from "./gen/ashlar/v1/VolumeRequest.ts";
import type { Abortable, GrpcClient } from "./grpc-client.ts";
import { askMembers, endMember } from "./member-answers.ts";
import type { Ports } from "./member-calls.ts";
import type { RecommendService } from "./recommend.ts";
import { RecommendClient } from "./recommend-client.ts";
import { adminService } from "./services.ts";
import type { UpkeepService } from "./upkeep.ts";
import { UpkeepClient } from "./upkeep-client.ts";

/** Creation of a 64 TiB volume is some 250 log entries, each with an fsync. */
const CREATE_DEADLINE_MS = 120_000;

export interface AdminClientOptions {
  /** Absent when only an address is known: then any cluster that answers is taken. */
  readonly clusterId?: ClusterId | undefined;
  /** host:port of metadata members, at least one: from there it finds the others. */
  readonly addresses: readonly string[];
  /** Milliseconds that a call may go without a leader; enough for an election if absent. */
  readonly patienceMs?: number | undefined;
}

/** @throws SystemError argument/invalid when no address is given. */
export function createAdminClient(
  options: AdminClientOptions,
  ports: Ports = { clock: nodeClock, random: nodeRandom, log: silentLog },
): AdminClient {
  return new GrpcAdminClient(ports, options);
}

class GrpcAdminClient implements AdminClient {
  readonly upkeep: UpkeepService;
  readonly recommend: RecommendService;
  private readonly ports: Ports;
  private readonly options: AdminClientOptions;
  private readonly calls: AdminCalls;

  constructor(ports: Ports, options: AdminClientOptions) {
    this.ports = ports;
    this.options = options;
    this.calls = new AdminCalls(ports, options);
    this.upkeep = new UpkeepClient(this.calls);
    this.recommend = new RecommendClient(this.calls);
  }

  async clusterStatus({ signal }: Abortable): Promise<ClusterStatus> {
    return clusterStatus(await this.calls.unary(adminService.ClusterStatus, {}, { signal }));
  }

  async groupStatus({ signal }: Abortable): Promise<GroupStatus> {
    return groupStatus(await this.calls.unary(adminService.GroupStatus, {}, { signal }));
  }

  async askMembers({ signal }: Abortable): Promise<readonly MemberAnswer[]> {
    const { clusterId } = this.options;
    const { network } = this.ports;
    return askMembers({ addresses: this.calls.belief.addresses, clusterId, network }, { signal });
  }

  async endMember(address: string, { signal }: Abortable): Promise<void> {
    const { clusterId } = this.options;
    const { network } = this.ports;
    await endMember({ address, clusterId, network }, { signal });
  }

  async addMember(
    { id, address }: { readonly id: string; readonly address: string },
    { signal }: Abortable,
  ): Promise<void> {
    await this.calls.propose(adminService.AddMember, { name: id, address }, { signal });
  }

  async removeMember(id: string, { signal }: Abortable): Promise<void> {
    await this.calls.propose(adminService.RemoveMember, { name: id }, { signal });
  }

  async listNodes({ signal }: Abortable): Promise<readonly NodeStatus[]> {
    const { nodes } = await this.calls.unary(adminService.ListNodes, {}, { signal });
    return nodes.map(nodeStatus);
  }

  scrubDisk({ node, disk }: DiskPlace, { signal }: Abortable): Promise<ScrubPass> {
    return this.calls.attend({ signal }, async (member, options) =>
      scrubPass(await member.unary(adminService.ScrubDisk, { node, disk }, options)),
    );
  }

  async retireDisk(
    { node, disk }: DiskPlace,
    { signal, force = false }: Abortable & { readonly force?: boolean | undefined },
  ): Promise<void> {
    await this.calls.propose(adminService.RetireDisk, { node, disk, force }, { signal });
  }

  async listGateways({ signal }: Abortable): Promise<readonly GatewayStatus[]> {
    const { gateways } = await this.calls.unary(adminService.ListGateways, {}, { signal });
    return gateways.map(gatewayStatus);
  }

  async drainGateway(
    asked: { readonly gateway: string; readonly draining: boolean },
    { signal, force = false }: Abortable & { readonly force?: boolean | undefined },
  ): Promise<void> {
    await this.calls.propose(adminService.DrainGateway, { ...asked, force }, { signal });
  }

  async listVolumes({ signal }: Abortable): Promise<readonly VolumeStatus[]> {
    const { volumes } = await this.calls.unary(adminService.ListVolumes, {}, { signal });
    return volumes.map(volumeStatus);
  }

  async getVolume(name: VolumeName, { signal }: Abortable): Promise<VolumeStatus> {
    return volumeStatus(await this.calls.unary(adminService.GetVolume, { name }, { signal }));
  }

  createVolume(
    { replicas = 0, blockSize = 0, access = "any", ...wanted }: CreateVolumeOptions,
    { signal }: Abortable,
  ): Promise<VolumeStatus> {
    const request = { ...wanted, replicas, blockSize, access };
    return this.calls.attend({ signal }, async (member, options) => {
      const call = { ...options, deadlineMs: CREATE_DEADLINE_MS };
      try {
        return volumeStatus(await member.unary(adminService.CreateVolume, request, call));
      } catch (thrown) {
        // Its own deadline, and not that of a member that was asked whether it is still there.
        if (options.signal.aborted || !hasCode(thrown, "rpc/deadline")) throw thrown;
        const message = `volume "${wanted.name}" could not be made in time`;
        throw new SystemError("operation/timeout", message, { volume: wanted.volume }, thrown);
      }
    });
  }

  async deleteVolume(
    name: VolumeName,
    { signal, force = false }: Abortable & { readonly force?: boolean | undefined },
  ): Promise<void> {
    await this.calls.change(adminService.DeleteVolume, { name, force }, { signal });
  }

  async fenceVolume(name: VolumeName, { signal }: Abortable): Promise<VolumeStatus> {
    return volumeStatus(await this.calls.change(adminService.FenceVolume, { name }, { signal }));
  }

  async changeAccess(
    name: VolumeName,
    edit: AccessEdit,
    { signal }: Abortable,
  ): Promise<VolumeStatus> {
    const request = { name, edit: toAccessEdit(edit) };
    return volumeStatus(await this.calls.change(adminService.ChangeAccess, request, { signal }));
  }

  async listHosts({ signal }: Abortable): Promise<readonly HostStatus[]> {
    const { hosts } = await this.calls.unary(adminService.ListHosts, {}, { signal });
    return hosts.map(hostStatus);
  }

  async getHost(name: HostName, { signal }: Abortable): Promise<HostStatus> {
    return hostStatus(await this.calls.unary(adminService.GetHost, { name }, { signal }));
  }

  async createHost(
    { name, initiators, chap }: CreateHostOptions,
    { signal }: Abortable,
  ): Promise<HostStatus> {
    const request = { name, initiators: [...initiators], chap: toChap(chap) };
    return hostStatus(await this.calls.propose(adminService.CreateHost, request, { signal }));
  }

  async setHost(
    { name, added, removed, chap }: SetHostOptions,
    { signal }: Abortable,
  ): Promise<HostStatus> {
    const names = { name, added: [...added], removed: [...removed] };
    const request = { ...names, setsChap: chap !== undefined, chap: toChap(chap?.now) };
    return hostStatus(await this.calls.propose(adminService.SetHost, request, { signal }));
  }

  async deleteHost(name: HostName, { signal }: Abortable): Promise<void> {
    await this.calls.propose(adminService.DeleteHost, { name }, { signal });
  }

  /** Begins anew when its leader is lost. */
  checkVolume(
    name: VolumeName,
    {
      signal,
      onProgress = () => {},
    }: Abortable & { readonly onProgress?: (progress: CheckProgress) => void },
  ): Promise<VolumeCheck> {
    return this.calls.attend({ signal }, (member, options) =>
      followCheck(member, { name }, { ...options, onProgress }),
    );
  }

  close(): void {
    this.calls.close();
  }
}

async function followCheck(
  member: GrpcClient,
  request: VolumeRequest,
  { signal, onProgress }: Abortable & { readonly onProgress: (progress: CheckProgress) => void },
): Promise<VolumeCheck> {
  for await (const reply of member.serverStream(adminService.CheckVolume, request, { signal })) {
    const chunksDone = safeNumber(reply.chunksDone);
    onProgress({ chunksDone, chunksTotal: safeNumber(reply.chunksTotal) });
    if (!reply.done) continue;
    return {
      chunks: chunksDone,
      replicas: safeNumber(reply.replicas),
      different: safeNumber(reply.different),
      damaged: safeNumber(reply.damaged),
    };
  }
  throw new SystemError("rpc/disconnected", `${member.address}: the check broke off`);
}
