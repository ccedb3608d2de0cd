// The orderly end of the whole cluster, in the memory of the leader: gateways are told with their pings to stop, and
// when none is left, storage nodes. Nobody is declared down meanwhile, so that every copy stays in sync. It is not in
// the catalog, so nothing of it is left when the cluster starts again; a change of leaders ends it.
import type { NodeId } from "@ashlar/core";
import type { ShutdownStatus } from "@ashlar/rpc";
import type { Log, Startable } from "@ashlar/runtime";
import { followLeadership } from "./leadership.ts";
import type { ReplicatedLog } from "./replicated-log.ts";

export interface ClusterShutdownDeps {
  readonly replicatedLog: ReplicatedLog;
  readonly log: Log;
}

export class ClusterShutdown implements Startable {
  private readonly deps: ClusterShutdownDeps;
  private isUnderWay = false;
  private unsubscribe = (): void => {};

  constructor(deps: ClusterShutdownDeps) {
    this.deps = deps;
  }

  async start(): Promise<void> {
    const over = (): void => {
      this.isUnderWay = false;
    };
    const part = { onApplied: () => {}, begin: over, end: over };
    this.unsubscribe = followLeadership(this.deps.replicatedLog, part);
  }

  async stop(): Promise<void> {
    this.unsubscribe();
  }

  get underWay(): boolean {
    return this.isUnderWay;
  }

  /** @throws SystemError raft/not-leader. */
  set(underWay: boolean): void {
    this.deps.replicatedLog.requireLead();
    if (underWay !== this.isUnderWay) this.deps.log.warn({ underWay }, "shutdown of the cluster");
    this.isUnderWay = underWay;
  }

  /** Whether this process shall stop now. */
  tells(process: NodeId): boolean {
    if (!this.isUnderWay) return false;
    const { gateways } = this.deps.replicatedLog.view;
    return gateways.has(process) || this.gatewaysLeft().length === 0;
  }

  /** @param unheard nodes that do not ping any more. */
  status(unheard: readonly NodeId[]): ShutdownStatus {
    const { nodes } = this.deps.replicatedLog.view;
    const left = [...nodes.values()]
      .filter(({ node, state }) => state === "up" && !unheard.includes(node))
      .map(({ node }) => node);
    return { underWay: this.isUnderWay, gateways: this.gatewaysLeft(), nodes: left.sort() };
  }

  private gatewaysLeft(): readonly NodeId[] {
    const { gateways } = this.deps.replicatedLog.view;
    return [...gateways.values()]
      .filter(({ state }) => state === "up")
      .map(({ gateway }) => gateway)
      .sort();
  }
}
