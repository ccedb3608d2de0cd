// The Upkeep service as its callers see it.
import type { NodeService } from "@ashlar/catalog";
import type { NodeId, VolumeName } from "@ashlar/core";
import type { DiskPlace } from "./admin.ts";
import type { AdminCalls } from "./admin-calls.ts";
import type { Abortable } from "./grpc-client.ts";
import { upkeepService } from "./services.ts";
import type { UpkeepService } from "./upkeep.ts";

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

  async setReplicas(
    asked: { readonly name: VolumeName; readonly replicas: number },
    { signal }: Abortable,
  ): Promise<void> {
    await this.calls.propose(upkeepService.SetReplicas, asked, { signal });
  }
}
