// The Admin service as its callers see it: they name some members, the client finds the one that leads and
// rides out its loss. Whatever is asked here can be asked again: reads by nature, a volume is created under
// an identity of the caller's, and the rest is proposed in a session.
import type { AccessEdit, ProposalId } from "@ashlar/catalog";
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
import { AdminPatience, isAnswer } from "./admin-patience.ts";
import { attended } from "./attended-call.ts";
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
import type { Abortable, CallableMethod, GrpcClient } from "./grpc-client.ts";
import { LeaderBelief } from "./leader-belief.ts";
import { askGroupStatus, askMembers, joinedAddresses } from "./member-answers.ts";
import { type Attempt, MemberCalls, type Ports } from "./member-calls.ts";
import { ProposerSession } from "./proposer-session.ts";
import { adminService, sessionsService } from "./services.ts";

/** Creation of a 64 TiB volume is some 250 log entries, each with an fsync. */
const CREATE_DEADLINE_MS = 120_000;
/** The service gives a change up much earlier. */
const CHANGE_DEADLINE_MS = 30_000;

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
  private readonly ports: Ports;
  private readonly options: AdminClientOptions;
  private readonly belief: LeaderBelief;
  private readonly calls: MemberCalls;
  private readonly session: ProposerSession;
  /** Whether a member told where the others are. */
  private knowsGroup = false;

  constructor(ports: Ports, options: AdminClientOptions) {
    const { clusterId, addresses } = options;
    this.ports = ports;
    this.options = options;
    this.belief = new LeaderBelief(ports, addresses);
    this.calls = new MemberCalls(ports, { clusterId, belief: this.belief });
    this.session = new ProposerSession({
      open: ({ signal }) => this.unary(sessionsService.Open, {}, { signal }),
    });
  }

  async clusterStatus({ signal }: Abortable): Promise<ClusterStatus> {
    return clusterStatus(await this.unary(adminService.ClusterStatus, {}, { signal }));
  }

  async groupStatus({ signal }: Abortable): Promise<GroupStatus> {
    return groupStatus(await this.unary(adminService.GroupStatus, {}, { signal }));
  }

  async askMembers({ signal }: Abortable): Promise<readonly MemberAnswer[]> {
    const { clusterId } = this.options;
    const { network } = this.ports;
    return askMembers({ addresses: this.belief.addresses, clusterId, network }, { signal });
  }

  async addMember(
    { id, address }: { readonly id: string; readonly address: string },
    { signal }: Abortable,
  ): Promise<void> {
    await this.propose(adminService.AddMember, { name: id, address }, { signal });
  }

  async removeMember(id: string, { signal }: Abortable): Promise<void> {
    await this.propose(adminService.RemoveMember, { name: id }, { signal });
  }

  async listNodes({ signal }: Abortable): Promise<readonly NodeStatus[]> {
    const { nodes } = await this.unary(adminService.ListNodes, {}, { signal });
    return nodes.map(nodeStatus);
  }

  scrubDisk({ node, disk }: DiskPlace, { signal }: Abortable): Promise<ScrubPass> {
    return this.attend({ signal }, async (member, options) =>
      scrubPass(await member.unary(adminService.ScrubDisk, { node, disk }, options)),
    );
  }

  async retireDisk(
    { node, disk }: DiskPlace,
    { signal, force = false }: Abortable & { readonly force?: boolean | undefined },
  ): Promise<void> {
    await this.propose(adminService.RetireDisk, { node, disk, force }, { signal });
  }

  async listGateways({ signal }: Abortable): Promise<readonly GatewayStatus[]> {
    const { gateways } = await this.unary(adminService.ListGateways, {}, { signal });
    return gateways.map(gatewayStatus);
  }

  async drainGateway(
    asked: { readonly gateway: string; readonly draining: boolean },
    { signal, force = false }: Abortable & { readonly force?: boolean | undefined },
  ): Promise<void> {
    await this.propose(adminService.DrainGateway, { ...asked, force }, { signal });
  }

  async listVolumes({ signal }: Abortable): Promise<readonly VolumeStatus[]> {
    const { volumes } = await this.unary(adminService.ListVolumes, {}, { signal });
    return volumes.map(volumeStatus);
  }

  async getVolume(name: VolumeName, { signal }: Abortable): Promise<VolumeStatus> {
    return volumeStatus(await this.unary(adminService.GetVolume, { name }, { signal }));
  }

  createVolume(
    { replicas = 0, blockSize = 0, access = "any", ...wanted }: CreateVolumeOptions,
    { signal }: Abortable,
  ): Promise<VolumeStatus> {
    const request = { ...wanted, replicas, blockSize, access };
    return this.attend({ signal }, async (member, options) => {
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
    await this.change(adminService.DeleteVolume, { name, force }, { signal });
  }

  async fenceVolume(name: VolumeName, { signal }: Abortable): Promise<VolumeStatus> {
    return volumeStatus(await this.change(adminService.FenceVolume, { name }, { signal }));
  }

  async changeAccess(
    name: VolumeName,
    edit: AccessEdit,
    { signal }: Abortable,
  ): Promise<VolumeStatus> {
    const request = { name, edit: toAccessEdit(edit) };
    return volumeStatus(await this.change(adminService.ChangeAccess, request, { signal }));
  }

  async listHosts({ signal }: Abortable): Promise<readonly HostStatus[]> {
    const { hosts } = await this.unary(adminService.ListHosts, {}, { signal });
    return hosts.map(hostStatus);
  }

  async getHost(name: HostName, { signal }: Abortable): Promise<HostStatus> {
    return hostStatus(await this.unary(adminService.GetHost, { name }, { signal }));
  }

  async createHost(
    { name, initiators, chap }: CreateHostOptions,
    { signal }: Abortable,
  ): Promise<HostStatus> {
    const request = { name, initiators: [...initiators], chap: toChap(chap) };
    return hostStatus(await this.propose(adminService.CreateHost, request, { signal }));
  }

  async setHost(
    { name, added, removed, chap }: SetHostOptions,
    { signal }: Abortable,
  ): Promise<HostStatus> {
    const names = { name, added: [...added], removed: [...removed] };
    const request = { ...names, setsChap: chap !== undefined, chap: toChap(chap?.now) };
    return hostStatus(await this.propose(adminService.SetHost, request, { signal }));
  }

  async deleteHost(name: HostName, { signal }: Abortable): Promise<void> {
    await this.propose(adminService.DeleteHost, { name }, { signal });
  }

  /** Begins anew when its leader is lost. */
  checkVolume(
    name: VolumeName,
    {
      signal,
      onProgress = () => {},
    }: Abortable & { readonly onProgress?: (progress: CheckProgress) => void },
  ): Promise<VolumeCheck> {
    return this.attend({ signal }, (member, options) =>
      followCheck(member, { name }, { ...options, onProgress }),
    );
  }

  close(): void {
    this.calls.close();
  }

  /** Sent again after a loss of the leader under the same name, so that it takes effect once. */
  private propose<Q, R>(method: CallableMethod<Q, R>, request: Q, options: Abortable): Promise<R> {
    return this.session.run((name) => this.unary(method, request, options, name), options);
  }

  /** A change of a volume's shared state waits for the nodes that lead its chunks. */
  private change<Q, R>(method: CallableMethod<Q, R>, request: Q, options: Abortable): Promise<R> {
    return this.session.run(
      (name) =>
        this.attend(options, (member, attempt) =>
          member.unary(method, request, {
            ...attempt,
            deadlineMs: CHANGE_DEADLINE_MS,
            proposal: name(),
          }),
        ),
      options,
    );
  }

  /** A call that takes milliseconds. */
  private unary<Q, R>(
    method: CallableMethod<Q, R>,
    request: Q,
    { signal }: Abortable,
    name?: () => ProposalId,
  ): Promise<R> {
    return this.ask({ signal }, (member, attempt, patience) => {
      const deadlineMs = patience.attemptMs(attempt.deadlineMs);
      return member.unary(method, request, { ...attempt, deadlineMs, proposal: name?.() });
    });
  }

  /** A call that may take long. */
  private attend<T>(
    { signal }: Abortable,
    call: (member: GrpcClient, options: Abortable) => Promise<T>,
  ): Promise<T> {
    return this.ask({ signal }, (member, attempt, patience) => {
      const onAlive = (): void => patience.served();
      const options = { signal: attempt.signal, member, onAlive };
      return attended(this.ports, (heard) => call(member, heard), options);
    });
  }

  private ask<T>(
    { signal }: Abortable,
    call: (member: GrpcClient, attempt: Attempt, patience: AdminPatience) => Promise<T>,
  ): Promise<T> {
    const { patienceMs } = this.options;
    const members = (): readonly string[] => this.belief.members;
    const patience = new AdminPatience(this.ports, { members, patienceMs });
    return this.calls.ask((member, attempt) => call(member, attempt, patience), {
      signal,
      onFailed: async ({ address }, error) => {
        if (isAnswer(error.code) && !this.knowsGroup) await this.learnFrom(address, { signal });
        patience.failed(address, error);
      },
    });
  }

  /** A member that does not lead still knows where the others are. */
  private async learnFrom(address: string, { signal }: Abortable): Promise<void> {
    const { clusterId } = this.options;
    try {
      const { network } = this.ports;
      const group = await askGroupStatus({ address, clusterId, network }, { signal });
      this.belief.learn(joinedAddresses(group));
      this.knowsGroup = true;
    } catch (thrown) {
      signal.throwIfAborted();
      const { log } = this.ports;
      log.debug({ address, error: thrown }, "a member does not tell its group");
    }
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
