// Hears pings, and proposes that who fell silent, or was reported to have ended, is down: once, for
// the incarnation in question only. What storage nodes tell with their pings is kept here, in memory.
import { type NodeId, toSystemError } from "@ashlar/core";
import type { ExitReport, HeartbeatService, Ping, StorageReport } from "@ashlar/rpc";
import type { Clock, Log, Startable, Timer } from "@ashlar/runtime";
import { LivenessMonitor, type Silent } from "../liveness-monitor.ts";
import { accepted } from "../refusal.ts";
import type { ReplicatedLog } from "../replicated-log.ts";

/** Processes find a restarted metadata service within a second; loaded machines need longer. */
const GRACE_MS = 5_000;

export interface HeartbeatOptions {
  readonly pingIntervalMs: number;
  /** Pings missed in a row before a process counts as down. */
  readonly pingsMissedMax: number;
}

interface Registration {
  readonly state: "up" | "down";
  readonly incarnation: number;
  readonly bootId: string;
}

export class LogHeartbeatService implements HeartbeatService, Startable {
  private readonly replicatedLog: ReplicatedLog;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly monitor: LivenessMonitor;
  private readonly checkIntervalMs: number;
  private readonly reports = new Map<NodeId, StorageReport>();
  private timer: Timer | undefined;
  private unsubscribe = (): void => {};

  constructor(
    deps: { readonly replicatedLog: ReplicatedLog; readonly clock: Clock; readonly log: Log },
    { pingIntervalMs, pingsMissedMax }: HeartbeatOptions,
  ) {
    this.replicatedLog = deps.replicatedLog;
    this.clock = deps.clock;
    this.log = deps.log.child({ component: "heartbeat" });
    this.checkIntervalMs = pingIntervalMs / 2;
    this.monitor = new LivenessMonitor({
      silenceMaxMs: pingIntervalMs * pingsMissedMax,
      graceMs: GRACE_MS,
      checkIntervalMs: this.checkIntervalMs,
    });
  }

  async start(): Promise<void> {
    const { nodes, gateways } = this.replicatedLog.view;
    const now = this.clock.nowMs();
    for (const [process, { state, incarnation }] of [...nodes, ...gateways]) {
      if (state === "up") this.monitor.grace(process, incarnation, now);
    }
    this.unsubscribe = this.replicatedLog.subscribe(({ changes }) => {
      for (const change of changes) {
        if (change.kind === "node") this.follow(change.record.node, change.record);
        if (change.kind === "gateway") this.follow(change.record.gateway, change.record);
      }
    });
    this.timer = this.clock.every(this.checkIntervalMs, () => {
      for (const silent of this.monitor.check(this.clock.nowMs())) {
        this.log.warn({ ...silent }, "process fell silent");
        void this.declareDown(silent);
      }
    });
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
    this.unsubscribe();
  }

  /** The newest report of a node, since this process started. */
  reportOf(node: NodeId): StorageReport | undefined {
    return this.reports.get(node);
  }

  ping({ process, incarnation, report }: Ping): { readonly superseded: boolean } {
    const known = this.registration(process);
    if (known?.state !== "up" || known.incarnation !== incarnation) return { superseded: true };
    this.monitor.heard(process, incarnation, this.clock.nowMs());
    this.reports.set(process, report);
    return { superseded: false };
  }

  async reportExit({ process, bootId, status }: ExitReport): Promise<void> {
    const known = this.registration(process);
    if (known?.state !== "up" || known.bootId !== bootId) return;
    this.log.info({ process, bootId, status, incarnation: known.incarnation }, "process ended");
    await this.propose({ process, incarnation: known.incarnation });
  }

  private registration(process: NodeId): Registration | undefined {
    const { nodes, gateways } = this.replicatedLog.view;
    return nodes.get(process) ?? gateways.get(process);
  }

  private follow(process: NodeId, { state, incarnation }: Registration): void {
    if (state === "up") this.monitor.heard(process, incarnation, this.clock.nowMs());
    else this.monitor.forget(process);
  }

  /** A proposal that fails (a full disk) is made again when the silence has lasted once more. */
  private async declareDown(silent: Silent): Promise<void> {
    try {
      await this.propose(silent);
    } catch (thrown) {
      const error = toSystemError(thrown);
      this.log.error({ ...silent, code: error.code, error }, "cannot declare a process down");
      this.monitor.heard(silent.process, silent.incarnation, this.clock.nowMs());
    }
  }

  private async propose({ process, incarnation }: Silent): Promise<void> {
    const { nodes } = this.replicatedLog.view;
    const { result } = nodes.has(process)
      ? await this.replicatedLog.propose({ kind: "nodeDown", node: process, incarnation })
      : await this.replicatedLog.propose({ kind: "gatewayDown", gateway: process, incarnation });
    const { effective } = accepted(result);
    if (effective) this.log.info({ process, incarnation }, "process is down");
  }
}
