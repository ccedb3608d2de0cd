// All storage nodes of a gateway: one client each, made at the first operation that goes there.
import type { NodeRecord } from "@ashlar/catalog";
import type { NodeId } from "@ashlar/core";
import {
  ReplicaClient,
  type ReplicaClientDependencies,
  type ReplicaRequest,
} from "./replica-client.ts";

export class ReplicaClients {
  private readonly dependencies: ReplicaClientDependencies;
  private readonly clients = new Map<NodeId, ReplicaClient>();

  constructor(dependencies: ReplicaClientDependencies) {
    this.dependencies = dependencies;
  }

  submit(node: NodeId, request: ReplicaRequest): void {
    this.client(node).submit(request);
  }

  /** Resolves when the node knows a stream of this process. */
  greet(node: NodeId): Promise<void> {
    return this.client(node).greet();
  }

  /** The catalog's record of a node changed. */
  onNodeChanged(record: NodeRecord): void {
    this.clients.get(record.node)?.onNodeChanged(record);
  }

  get inFlight(): number {
    let sum = 0;
    for (const client of this.clients.values()) sum += client.inFlight;
    return sum;
  }

  get waiting(): number {
    let sum = 0;
    for (const client of this.clients.values()) sum += client.waiting;
    return sum;
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }

  private client(node: NodeId): ReplicaClient {
    const known = this.clients.get(node);
    if (known) return known;
    const made = new ReplicaClient(this.dependencies, node);
    this.clients.set(node, made);
    return made;
  }
}
