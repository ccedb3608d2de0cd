// All storage nodes of a gateway: one client each, made at the first operation that goes there.
import type { NodeRecord } from "@ashlar/catalog";
import type { NodeId } from "@ashlar/core";
import type { Timer } from "@ashlar/runtime";
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

  /** Resolves when the nodes know a stream of this process, or after `limitMs`. */
  async outlive(nodes: readonly NodeId[], limitMs: number): Promise<void> {
    const greeted = Promise.all(nodes.map((node) => this.client(node).greet()));
    let limit: Timer | undefined;
    const outlived = new Promise<void>((resolve) => {
      limit = this.dependencies.clock.after(limitMs, resolve);
    });
    await Promise.race([greeted, outlived]);
    limit?.cancel();
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
