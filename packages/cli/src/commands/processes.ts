// The roles: what supervisors, systemd and compose start. Each runs until it is told to stop.
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { processStreams, writeError } from "../output.ts";

/** The command itself, for supervisors to start roles with. */
export const script = (): string => fileURLToPath(new URL("../../bin/ashlar.js", import.meta.url));

interface ProcessOptions {
  readonly config: string;
}

type Main = (options: ProcessOptions) => Promise<void>;

const ROLES: Readonly<Record<string, readonly [description: string, main: Main]>> = {
  metadata: [
    "run a metadata member",
    async ({ config }) => (await import("@ashlar/metadata")).main({ configPath: config }),
  ],
  storage: [
    "run a storage node",
    async ({ config }) => (await import("@ashlar/storage")).main({ configPath: config }),
  ],
  gateway: [
    "run a gateway",
    async ({ config }) => (await import("@ashlar/gateway")).main({ configPath: config }),
  ],
  supervise: [
    "run the processes of this machine and start again what dies",
    async ({ config }) =>
      (await import("@ashlar/supervisor")).main({ configPath: config, script: script() }),
  ],
};

export function addProcessCommands(program: Command): void {
  for (const [name, [description, main]] of Object.entries(ROLES)) {
    program
      .command(name)
      .description(description)
      .requiredOption("--config <file>", "its configuration, a JSON file")
      .action(async (options: ProcessOptions) => {
        try {
          await main(options);
        } catch (thrown) {
          process.exitCode = writeError(processStreams, thrown, false);
        }
      });
  }
}
