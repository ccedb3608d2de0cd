// Metrics and health of one process: a prom-client registry of its own and a small HTTP listener
// with /metrics and /healthz. Names are ashlar_<component>_<what>_<unit>, seconds and bytes.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { present, SystemError } from "@ashlar/core";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { Lifecycle, type Startable } from "./lifecycle.ts";
import type { Log } from "./log.ts";

export { Counter, Gauge, Histogram, Registry };

/** Latency buckets in seconds: 0.1 ms (a cached read) to 25 s (the command budget of a gateway). */
export const LATENCY_BUCKETS_SECONDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  25,
];

/**
 * How often the event loop is looked at. Stalls of interest are longer (20 ms is the rule for a
 * storage process, hundreds hurt); every 10 ms cost each idle process 0.5 % of a core.
 */
const EVENT_LOOP_DELAY_PRECISION_MS = 50;

/** A registry with the process's own figures, `ashlar_process_nodejs_eventloop_lag_*` among them. */
export function openRegistry(labels: Readonly<Record<string, string>>): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ ...labels });
  collectDefaultMetrics({
    register: registry,
    prefix: "ashlar_process_",
    eventLoopMonitoringPrecision: EVENT_LOOP_DELAY_PRECISION_MS,
  });
  return registry;
}

/** A gauge whose value is read when the metrics are. */
export function exportGauge(
  registry: Registry,
  {
    name,
    help,
    read,
  }: { readonly name: string; readonly help: string; readonly read: () => number },
): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

export interface Health {
  readonly ok: boolean;
  /** Shown as JSON at /healthz. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A process's node, and how it is. */
export interface HealthyNode extends Startable {
  health(): Health;
}

/** The node with its metrics beside it: they tell also of one that does not come up. */
export function observed(
  node: HealthyNode,
  { registry, log }: { readonly registry: Registry; readonly log: Log },
  listen: { readonly host: string; readonly port: number },
): Startable {
  const lifecycle = new Lifecycle({ log });
  const metrics = new MetricsServer({ registry, health: () => node.health() }, listen);
  return {
    start: () =>
      lifecycle.start([
        ["metrics", metrics],
        ["node", node],
      ]),
    stop: () => lifecycle.stop(),
  };
}

/** Serves /metrics and /healthz (200 or 503). */
export class MetricsServer implements Startable {
  private readonly registry: Registry;
  private readonly health: () => Health;
  private readonly host: string;
  private readonly port: number;
  private server: Server | undefined;

  constructor(
    { registry, health }: { readonly registry: Registry; readonly health: () => Health },
    { host, port }: { readonly host: string; readonly port: number },
  ) {
    this.registry = registry;
    this.health = health;
    this.host = host;
    this.port = port;
  }

  /** The port in use, after start. */
  get listeningPort(): number {
    return (present(this.server, "metrics server runs").address() as AddressInfo).port;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      void this.answer(request.url ?? "/").then(({ status, type, body }) => {
        response.writeHead(status, { "content-type": type });
        response.end(body);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        reject(
          new SystemError(
            error.code === "EADDRINUSE" ? "config/port-in-use" : "config/invalid",
            `cannot listen on ${this.host}:${this.port}: ${error.message}`,
          ),
        );
      });
      server.listen(this.port, this.host, resolve);
    });
    server.unref();
    this.server = server;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise<void>((resolve) => {
      if (this.server) this.server.close(() => resolve());
      else resolve();
    });
  }

  private async answer(url: string): Promise<{ status: number; type: string; body: string }> {
    if (url === "/metrics") {
      const body = await this.registry.metrics();
      return { status: 200, type: this.registry.contentType, body };
    }
    if (url === "/healthz") {
      const { ok, detail } = this.health();
      const body = JSON.stringify({ status: ok ? "ok" : "unhealthy", ...detail });
      return { status: ok ? 200 : 503, type: "application/json", body };
    }
    return { status: 404, type: "text/plain", body: "see /metrics and /healthz\n" };
  }
}
