// What people and their tools ask: reads of the applied state, and proposals.
import {
  type AccessEdit,
  changesNothing,
  countByNode,
  countChunks,
  type NodeRecord,
  type ProposalId,
  type VolumeChange,
  type VolumeRecord,
} from "@ashlar/catalog";
import {
  type HostName,
  type NodeId,
  SystemError,
  type VolumeId,
  type VolumeName,
} from "@ashlar/core";
import type {
  AdminService,
  CheckProgress,
  ClusterStatus,
  CreateHostOptions,
  CreateVolumeOptions,
  DiskPlace,
  DiskStatus,
  GatewayStatus,
  GroupStatus,
  HostStatus,
  LostPathStatus,
  MemberStatus,
  NodeStatus,
  ScrubPass,
  SetHostOptions,
  StorageReport,
  VolumeCheck,
  VolumeStatus,
} from "@ashlar/rpc";
import type { DiskAdministration } from "../disk-administration.ts";
import type { GenerationChanges } from "../generation-changes.ts";
import type { GroupView } from "../group/group-view.ts";
import type { HostAdministration } from "../host-administration.ts";
import { findVolume, slowDisksOf } from "../named-records.ts";
import { accepted } from "../refusal.ts";
import type { ReplicatedLog } from "../replicated-log.ts";
import type { VolumeChecker } from "../volume-check.ts";
import type { VolumeCreation } from "../volume-creation.ts";

export interface AdminServiceDeps {
  readonly log: ReplicatedLog;
  readonly creation: VolumeCreation;
  readonly changes: Pick<GenerationChanges, "change" | "fence" | "outcome">;
  readonly checker: VolumeChecker;
  readonly disks: Pick<DiskAdministration, "scrub" | "retire">;
  readonly hosts: HostAdministration;
  /** What a node told with its newest ping. */
  readonly reportOf: (node: NodeId) => StorageReport | undefined;
  readonly lostPathsTo: (members: readonly MemberStatus[]) => readonly LostPathStatus[];
  readonly sessionsOf: (gateway: NodeId) => number | null;
  readonly group: GroupView;
}

interface AdminCall {
  readonly signal: AbortSignal;
  readonly proposal?: ProposalId | undefined;
}

const sum = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((total, value) => total + of(value), 0);
const byId = <T extends { readonly id: string }>(a: T, b: T): number => (a.id < b.id ? -1 : 1);

export class LogAdminService implements AdminService {
  private readonly deps: AdminServiceDeps;

  constructor(deps: AdminServiceDeps) {
    this.deps = deps;
  }

  async clusterStatus(): Promise<ClusterStatus> {
    const view = await this.currentView();
    const { cluster, nodes, gateways, volumes, appliedIndex } = view;
    if (!cluster) throw new SystemError("cluster/unavailable", "the cluster is not created yet");
    const members = this.deps.group.members();
    return {
      ...cluster,
      appliedIndex,
      metadata: members,
      storage: [...nodes.values()]
        .map(({ node, state, incarnation, address }) => ({
          id: node,
          state,
          incarnation,
          address,
          portals: [],
        }))
        .sort(byId),
      gateways: [...gateways.values()]
        .map(({ gateway, state, incarnation, portals }) => ({
          id: gateway,
          state,
          incarnation,
          address: "",
          portals,
        }))
        .sort(byId),
      volumes: volumes.size,
      slowDisks: slowDisksOf(nodes.values()).map(({ slow }) => slow.reason),
      lostPaths: this.deps.lostPathsTo(members),
      ...countChunks(view),
    };
  }

  async groupStatus(): Promise<GroupStatus> {
    return this.deps.group.status();
  }

  /** Asked again, it only tells the address anew. */
  async addMember(
    { id, address }: { readonly id: NodeId; readonly address: string },
    { proposal }: AdminCall,
  ): Promise<void> {
    const command = { kind: "memberExpected", node: id, address } as const;
    accepted((await this.deps.log.propose(command, proposal)).result);
  }

  async removeMember(id: NodeId, { signal, proposal }: AdminCall): Promise<void> {
    await this.currentView();
    const before = this.deps.log.answered(proposal, "memberRemoved");
    if (!before) await this.deps.group.requireDispensable(id, { signal });
    const command = { kind: "memberRemoved", node: id } as const;
    accepted((await this.deps.log.propose(command, proposal)).result);
  }

  async listNodes(): Promise<readonly NodeStatus[]> {
    const view = await this.currentView();
    const counts = countByNode(view);
    const none = { chunks: 0, primaries: 0, degradedChunks: 0, resyncChunks: 0 };
    return [...view.nodes.values()]
      .map((record) => ({ ...this.nodeStatus(record), ...(counts.get(record.node) ?? none) }))
      .sort(byId);
  }

  async scrubDisk(place: DiskPlace, call: AdminCall): Promise<ScrubPass> {
    await this.currentView();
    return this.deps.disks.scrub(place, call);
  }

  async retireDisk(
    place: DiskPlace,
    { force = false, ...call }: AdminCall & { readonly force?: boolean | undefined },
  ): Promise<void> {
    await this.currentView();
    await this.deps.disks.retire(place, { ...call, force });
  }

  async listGateways(): Promise<readonly GatewayStatus[]> {
    const { gateways } = await this.currentView();
    return [...gateways.values()]
      .map(({ gateway, bootId: _, ...record }) => ({
        ...record,
        id: gateway,
        sessions: this.deps.sessionsOf(gateway),
      }))
      .sort(byId);
  }

  async drainGateway(
    asked: { readonly gateway: NodeId; readonly draining: boolean },
    { proposal, force = false }: AdminCall & { readonly force?: boolean | undefined },
  ): Promise<void> {
    const command = { kind: "drainGateway", ...asked, force } as const;
    accepted((await this.deps.log.propose(command, proposal)).result);
  }

  async listVolumes(): Promise<readonly VolumeStatus[]> {
    const view = await this.currentView();
    return [...view.volumes.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((record) => this.volumeStatus(record));
  }

  async getVolume(name: VolumeName): Promise<VolumeStatus> {
    await this.currentView();
    return this.volumeStatus(findVolume(this.deps.log.view, name));
  }

  async createVolume(
    options: CreateVolumeOptions,
    call: { readonly signal: AbortSignal },
  ): Promise<VolumeStatus> {
    const volume = await this.deps.creation.create(options, call);
    // Not by its name, which may be another volume's by now.
    const record = this.deps.log.view.volumes.get(volume);
    if (record) return this.volumeStatus(record);
    const message = `volume "${options.name}" was made and deleted since`;
    throw new SystemError("volume/not-found", message, { volume });
  }

  async deleteVolume(
    name: VolumeName,
    { force, ...call }: AdminCall & { readonly force?: boolean | undefined },
  ): Promise<void> {
    if (!force) {
      await this.changeVolume(name, { kind: "delete" }, call);
      return;
    }
    const { signal, proposal } = call;
    await this.currentView();
    // A request that was held up may come when its caller has been answered by another member.
    signal.throwIfAborted();
    const before = this.deps.log.answered(proposal, "deleteVolume");
    if (before) {
      accepted(before);
      return;
    }
    const { volume } = findVolume(this.deps.log.view, name);
    accepted((await this.deps.log.propose({ kind: "deleteVolume", volume }, proposal)).result);
  }

  async fenceVolume(name: VolumeName, call: AdminCall): Promise<VolumeStatus> {
    const { signal } = call;
    await this.currentView();
    signal.throwIfAborted();
    // In one phase, since nothing but the generation changes: I/O goes on whatever becomes of the metadata
    // members meanwhile. Sent again, it fences once more, which does no harm.
    const { volume } = findVolume(this.deps.log.view, name);
    await this.deps.changes.fence({ volume, reset: false }, { signal });
    const record = this.deps.log.view.volumes.get(volume);
    if (record) return this.volumeStatus(record);
    throw new SystemError("volume/not-found", `volume "${name}" was deleted meanwhile`);
  }

  /**
   * In two phases, since a gateway must not show a host what another one still refuses it, or the other way
   * round; what changes nothing needs none.
   */
  async changeAccess(name: VolumeName, edit: AccessEdit, call: AdminCall): Promise<VolumeStatus> {
    const view = await this.currentView();
    const before = this.deps.log.answered(call.proposal, "prepareChange");
    if (!before && edit.kind !== "unmap") {
      const record = findVolume(this.deps.log.view, name);
      if (!record.change && changesNothing(record, edit)) return this.volumeStatus(record);
    }
    const volume = await this.changeVolume(name, { kind: "access", edit }, call);
    const record = view.volumes.get(volume);
    if (record) return this.volumeStatus(record);
    throw new SystemError("volume/not-found", `volume "${name}" was deleted meanwhile`);
  }

  async listHosts(): Promise<readonly HostStatus[]> {
    await this.currentView();
    return this.deps.hosts.list();
  }

  async getHost(name: HostName): Promise<HostStatus> {
    await this.currentView();
    return this.deps.hosts.get(name);
  }

  createHost(host: CreateHostOptions, call: AdminCall): Promise<HostStatus> {
    return this.deps.hosts.create(host, call);
  }

  setHost(change: SetHostOptions, call: AdminCall): Promise<HostStatus> {
    return this.deps.hosts.set(change, call);
  }

  deleteHost(name: HostName, call: AdminCall): Promise<void> {
    return this.deps.hosts.delete(name, call);
  }

  /** Sent again, it goes on where it stood: by then the name may be nobody's. */
  private async changeVolume(
    name: VolumeName,
    change: VolumeChange,
    { signal, proposal }: AdminCall,
  ): Promise<VolumeId> {
    await this.currentView();
    signal.throwIfAborted();
    const { log, changes } = this.deps;
    const before = log.answered(proposal, "prepareChange");
    if (before) {
      const prepared = accepted(before);
      await changes.outcome(prepared, { signal });
      return prepared.volume;
    }
    const { volume } = findVolume(this.deps.log.view, name);
    await changes.change({ volume, change }, { signal, proposal });
    return volume;
  }

  async checkVolume(
    name: VolumeName,
    {
      signal,
      onProgress = () => {},
    }: { readonly signal: AbortSignal; readonly onProgress?: (progress: CheckProgress) => void },
  ): Promise<VolumeCheck> {
    await this.currentView();
    return this.deps.checker.check(findVolume(this.deps.log.view, name), { signal, onProgress });
  }

  private async currentView(): Promise<ReplicatedLog["view"]> {
    await this.deps.log.readIndex();
    return this.deps.log.view;
  }

  private nodeStatus(record: NodeRecord) {
    const { node, state, service, zone, incarnation, address, disks: known } = record;
    const report = this.deps.reportOf(node);
    const disks = known.map(
      ({ disk, storeUuid, sizeBytes, state: diskState, slow = null }): DiskStatus => {
        const told = report?.disks.find((one) => one.storeUuid === storeUuid);
        const isRetired = diskState === "down" && state === "up" && told?.state === "up";
        return {
          id: disk,
          storeUuid,
          state: told?.state === "failed" ? "failed" : isRetired ? "retired" : diskState,
          sizeBytes: told?.sizeBytes ?? sizeBytes,
          freeBytes: told?.freeBytes ?? 0,
          chunks: this.deps.log.view.chunks.load({ node, disk, storeUuid }).replicas,
          scrub: told?.scrub ?? null,
          mirror: told?.mirror ?? null,
          slow,
        };
      },
    );
    const sizeBytes = sum(disks, (disk) => disk.sizeBytes);
    const freeBytes = sum(disks, (disk) => disk.freeBytes);
    const standing = { state, service, zone, incarnation };
    return { id: node, ...standing, address, disks, sizeBytes, freeBytes };
  }

  private volumeStatus(record: VolumeRecord): VolumeStatus {
    const { volume, change, ...shape } = record;
    const counts = countChunks(this.deps.log.view, [record.family]);
    return { ...shape, id: volume, change: change?.kind ?? "", ...counts };
  }
}
