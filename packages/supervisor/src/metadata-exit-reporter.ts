// Tells the metadata service that a process ended. The gRPC client's code takes most of a second to
// load on a busy machine, longer than missed pings take: it is loaded ahead, once the processes are
// started, and not before, since they come first. The connection is made for each report: reports
// are rare, and a channel that lost its peer would wait before it tries again.
import { clusterId, nodeId } from "@ashlar/core";
import type { ExitReporterClient } from "@ashlar/rpc";
import type { Clock, Log } from "@ashlar/runtime";
import type { SupervisorConfig } from "./config.ts";
import type { ExitReporter } from "./supervisor.ts";

/**
 * After this the metadata service has found out by missed pings, even if its leader was lost meanwhile: an
 * election takes a second or three, and a new leader first waits for pings.
 */
const REPORT_TIMEOUT_MS = 8_000;

type Client = Pick<ExitReporterClient, "reportExit" | "close">;
export type OpenClient = () => Client;

export class MetadataExitReporter implements ExitReporter {
  private readonly load: () => Promise<OpenClient>;
  private loaded: Promise<OpenClient> | undefined;

  /** `load` brings in the client's code. */
  constructor({ load }: { readonly load: () => Promise<OpenClient> }) {
    this.load = load;
  }

  /** Loads ahead what a report needs. */
  async prepare(): Promise<void> {
    this.loaded ??= this.load();
    await this.loaded;
  }

  async report({ id, bootId, status, signal }: Parameters<ExitReporter["report"]>[0]) {
    this.loaded ??= this.load();
    const client = (await this.loaded)();
    // As a shell writes it.
    const how = signal === null ? `exit ${status ?? "unknown"}` : `signal ${signal}`;
    const deadline = { signal: AbortSignal.timeout(REPORT_TIMEOUT_MS) };
    try {
      await client.reportExit({ process: nodeId(id), bootId, status: how }, deadline);
    } finally {
      client.close();
    }
  }
}

/** The client of the metadata service, its code not loaded yet. */
export async function loadClient(
  dependencies: { readonly clock: Clock; readonly log: Log },
  cluster: Pick<SupervisorConfig, "clusterId" | "metadata">,
): Promise<OpenClient> {
  const { createExitReporterClient } = await import("@ashlar/rpc");
  const { nodeRandom } = await import("@ashlar/runtime");
  const options = { clusterId: clusterId(cluster.clusterId), addresses: cluster.metadata };
  return () => createExitReporterClient({ ...dependencies, random: nodeRandom }, options);
}
