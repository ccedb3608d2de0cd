// One connection to each storage node that the metadata service asks something of, made when it is first
// asked and kept: a change of a volume waits for these calls, and hosts wait for the change.
import type { ClusterId, DiskId } from "@ashlar/core";
import {
  closeGeneration,
  type GenerationToClose,
  GrpcClient,
  type Network,
  type ScrubPass,
  scrubDisk,
} from "@ashlar/rpc";

/** A node answers within milliseconds of its mirror; one that was stopped must not hold the next try. */
const CALL_DEADLINE_MS = 1_000;

export class StorageCalls {
  private readonly network: Network;
  private readonly clusterId: ClusterId;
  private readonly clients = new Map<string, GrpcClient>();

  constructor(
    { network }: { readonly network: Network },
    { clusterId }: { readonly clusterId: ClusterId },
  ) {
    this.network = network;
    this.clusterId = clusterId;
  }

  /** @throws SystemError as closeGeneration. */
  closeGeneration(
    address: string,
    request: GenerationToClose,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    const deadlineMs = CALL_DEADLINE_MS;
    return closeGeneration(this.client(address), request, { signal, deadlineMs });
  }

  /** @throws SystemError as scrubDisk. */
  scrubDisk(
    address: string,
    disk: DiskId,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<ScrubPass> {
    return scrubDisk(this.client(address), disk, { signal, deadlineMs: CALL_DEADLINE_MS });
  }

  /** Connections to nodes that are elsewhere now. */
  keepOnly(addresses: ReadonlySet<string>): void {
    for (const [address, client] of this.clients) {
      if (addresses.has(address)) continue;
      client.close();
      this.clients.delete(address);
    }
  }

  close(): void {
    this.keepOnly(new Set());
  }

  private client(address: string): GrpcClient {
    const { clusterId, network } = this;
    const client = this.clients.get(address) ?? new GrpcClient({ address, clusterId, network });
    this.clients.set(address, client);
    return client;
  }
}
