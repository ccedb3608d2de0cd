// The Admin service as its callers see it. A member that cannot be reached is passed over; the last
// one that answered is asked first.
import { type ClusterId, hasCode, SystemError, type VolumeName } from "@ashlar/core";
import type {
  AdminClient,
  CheckProgress,
  ClusterStatus,
  CreateVolumeOptions,
  NodeStatus,
  VolumeCheck,
  VolumeStatus,
} from "./admin.ts";
import { clusterStatus, nodeStatus, volumeStatus } from "./convert/admin.ts";
import { safeNumber } from "./convert/scalars.ts";
import { GrpcClient } from "./grpc-client.ts";
import { adminService } from "./services.ts";

/** A read is made again when its connection broke: the member may just have been restarted. */
const READ_ROUNDS = 2;

/** Creation of a 64 TiB volume is some 250 log entries, each with an fsync. */
const CREATE_DEADLINE_MS = 120_000;

export interface AdminClientOptions {
  /** Absent when only an address is known: then any cluster that answers is taken. */
  readonly clusterId?: ClusterId | undefined;
  /** host:port of metadata members. */
  readonly addresses: readonly string[];
}

export function createAdminClient(options: AdminClientOptions): AdminClient {
  return new GrpcAdminClient(options);
}

class GrpcAdminClient implements AdminClient {
  private readonly members: GrpcClient[];

  constructor({ clusterId, addresses }: AdminClientOptions) {
    this.members = addresses.map((address) => new GrpcClient({ address, clusterId }));
  }

  clusterStatus({ signal }: { readonly signal: AbortSignal }): Promise<ClusterStatus> {
    return this.read(async (member) =>
      clusterStatus(await member.unary(adminService.ClusterStatus, {}, { signal })),
    );
  }

  listNodes({ signal }: { readonly signal: AbortSignal }): Promise<readonly NodeStatus[]> {
    return this.read(async (member) => {
      const { nodes } = await member.unary(adminService.ListNodes, {}, { signal });
      return nodes.map(nodeStatus);
    });
  }

  listVolumes({ signal }: { readonly signal: AbortSignal }): Promise<readonly VolumeStatus[]> {
    return this.read(async (member) => {
      const { volumes } = await member.unary(adminService.ListVolumes, {}, { signal });
      return volumes.map(volumeStatus);
    });
  }

  getVolume(name: VolumeName, { signal }: { readonly signal: AbortSignal }): Promise<VolumeStatus> {
    return this.read(async (member) =>
      volumeStatus(await member.unary(adminService.GetVolume, { name }, { signal })),
    );
  }

  createVolume(
    { name, sizeBytes, replicas = 0, blockSize = 0 }: CreateVolumeOptions,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<VolumeStatus> {
    const request = { name, sizeBytes, replicas, blockSize };
    const call = { signal, deadlineMs: CREATE_DEADLINE_MS };
    return this.ask(async (member) =>
      volumeStatus(await member.unary(adminService.CreateVolume, request, call)),
    );
  }

  async deleteVolume(
    name: VolumeName,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    await this.ask((member) => member.unary(adminService.DeleteVolume, { name }, { signal }));
  }

  checkVolume(
    name: VolumeName,
    {
      signal,
      onProgress = () => {},
    }: { readonly signal: AbortSignal; readonly onProgress?: (progress: CheckProgress) => void },
  ): Promise<VolumeCheck> {
    return this.ask(async (member) => {
      const replies = member.serverStream(adminService.CheckVolume, { name }, { signal });
      for await (const reply of replies) {
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
    });
  }

  close(): void {
    for (const member of this.members) member.close();
  }

  /** Reads are made again after any failure of the way there. */
  private async read<T>(call: (member: GrpcClient) => Promise<T>): Promise<T> {
    for (let round = 1; ; round += 1) {
      try {
        return await this.ask(call);
      } catch (thrown) {
        const passing =
          hasCode(thrown, "rpc/disconnected") || hasCode(thrown, "cluster/unavailable");
        if (!passing || round === READ_ROUNDS) throw thrown;
      }
    }
  }

  /** Only an unreachable member is passed over: a call that began may have taken effect. */
  private async ask<T>(call: (member: GrpcClient) => Promise<T>): Promise<T> {
    let last: SystemError | undefined;
    for (const member of [...this.members]) {
      try {
        const answer = await call(member);
        this.members.sort((a, b) => Number(b === member) - Number(a === member));
        return answer;
      } catch (thrown) {
        if (!hasCode(thrown, "rpc/unavailable") && !hasCode(thrown, "raft/not-leader"))
          throw thrown;
        last = thrown;
      }
    }
    const addresses = this.members.map(({ address }) => address).join(", ");
    throw new SystemError(
      "cluster/unavailable",
      `no metadata member answers at ${addresses || "(no address given)"}`,
      { hint: "check that the cluster runs and that the address is right" },
      last,
    );
  }
}
