// Tells the metadata service that a process ended. The gRPC client is loaded with the first report
// and closed after each: most supervisors never need it, and it would double their memory.
import { clusterId, nodeId } from "@ashlar/core";
import type { Clock, Log } from "@ashlar/runtime";
import type { SupervisorConfig } from "./config.ts";
import type { ExitReporter } from "./supervisor.ts";

type ClusterOfConfig = Pick<SupervisorConfig, "clusterId" | "metadata">;

/** After this the metadata service has found out by missed pings. */
const REPORT_TIMEOUT_MS = 2_000;

export class MetadataExitReporter implements ExitReporter {
  private readonly dependencies: { readonly clock: Clock; readonly log: Log };
  private readonly config: ClusterOfConfig;

  constructor(dependencies: { readonly clock: Clock; readonly log: Log }, config: ClusterOfConfig) {
    this.dependencies = dependencies;
    this.config = config;
  }

  async report({ id, bootId, status, signal }: Parameters<ExitReporter["report"]>[0]) {
    const { createExitReporterClient } = await import("@ashlar/rpc");
    const { nodeRandom } = await import("@ashlar/runtime");
    const client = createExitReporterClient(
      { ...this.dependencies, random: nodeRandom },
      { clusterId: clusterId(this.config.clusterId), addresses: this.config.metadata },
    );
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
