// What a gateway counts of the commands it serves. The series of a command are looked up once, when
// its name is seen first.
import { scatterLength } from "@ashlar/core";
import type { Task } from "@ashlar/iscsi";
import {
  Counter,
  exportGauge,
  Histogram,
  LATENCY_BUCKETS_SECONDS,
  type Registry,
} from "@ashlar/runtime";
import { type CommandResult, STATUS } from "@ashlar/scsi";

const MS_PER_S = 1000;

interface CommandSeries {
  observe(seconds: number): void;
}

export interface GatewayGauges {
  readonly connections: () => number;
  readonly sessions: () => number;
  readonly tasks: () => number;
}

export class GatewayMetrics {
  private readonly latency: Histogram<"command">;
  private readonly series = new Map<string, CommandSeries>();
  private readonly failures: Counter<"command" | "status">;
  private readonly bytesIn: { inc(by: number): void };
  private readonly bytesOut: { inc(by: number): void };
  private readonly closes: Counter<"reason">;

  constructor(registry: Registry, gauges: GatewayGauges) {
    const registers = [registry];
    this.latency = new Histogram({
      name: "ashlar_gateway_command_seconds",
      help: "Time of a SCSI command from its delivery with all data to its result",
      labelNames: ["command"],
      buckets: [...LATENCY_BUCKETS_SECONDS],
      registers,
    });
    this.failures = new Counter({
      name: "ashlar_gateway_command_failures_total",
      help: "SCSI commands that ended with another status than GOOD",
      labelNames: ["command", "status"],
      registers,
    });
    const bytes = new Counter({
      name: "ashlar_gateway_transferred_bytes",
      help: "Payload of SCSI commands, as initiators see the direction",
      labelNames: ["direction"],
      registers,
    });
    this.bytesIn = bytes.labels({ direction: "read" });
    this.bytesOut = bytes.labels({ direction: "write" });
    this.closes = new Counter({
      name: "ashlar_gateway_closes_total",
      help: "Connections that ended, by reason",
      labelNames: ["reason"],
      registers,
    });
    const gauge = (name: string, help: string, value: () => number): void => {
      exportGauge(registry, { name, help, read: value });
    };
    gauge("ashlar_gateway_connections", "Open TCP connections", gauges.connections);
    gauge("ashlar_gateway_sessions", "iSCSI sessions in the full-feature phase", gauges.sessions);
    gauge("ashlar_gateway_tasks", "SCSI tasks under way, the queue depth", gauges.tasks);
  }

  commandDone(task: Task, result: CommandResult, elapsedMs: number): void {
    const { name } = task.command;
    let series = this.series.get(name);
    if (!series) {
      series = this.latency.labels({ command: name });
      this.series.set(name, series);
    }
    series.observe(elapsedMs / MS_PER_S);
    if (task.received > 0) this.bytesOut.inc(task.received);
    if (result.dataIn.length > 0) this.bytesIn.inc(scatterLength(result.dataIn));
    if (result.status !== STATUS.good) {
      this.failures.inc({ command: name, status: result.status.toString(16).padStart(2, "0") });
    }
  }

  connectionClosed(reason: string): void {
    this.closes.inc({ reason });
  }
}
