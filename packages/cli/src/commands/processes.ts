// The roles: what supervisors, systemd and compose start. Each runs until it is told to stop.
import { SystemError } from "@ashlar/core";
import type { Command } from "commander";
import { script } from "../installed.ts";
import { processStreams, writeError } from "../output.ts";
import { addGatewayCommands } from "./gateway.ts";

interface ProcessOptions {
  readonly config?: string;
}

function pathIn({ config }: ProcessOptions): string {
  if (config !== undefined) return config;
  throw new SystemError("argument/invalid", "it is not said what is to be done", {
    hint: "give a sub-command, see --help, or --config to run the process",
  });
}

const CONFIG = "--config <file>";

type Main = (options: ProcessOptions) => Promise<void>;

const ROLES: Readonly<Record<string, readonly [description: string, main: Main]>> = {
  metadata: [
    "run a metadata member",
    async (options) => (await import("@ashlar/metadata")).main({ configPath: pathIn(options) }),
  ],
  storage: [
    "run a storage node",
    async (options) => (await import("@ashlar/storage")).main({ configPath: pathIn(options) }),
  ],
  gateway: [
    "gateways: the iSCSI portals that hosts log in to; with --config, run one",
    async (options) => (await import("@ashlar/gateway")).main({ configPath: pathIn(options) }),
  ],
  supervise: [
    "run the processes of this machine and start again what dies",
    async (options) =>
      (await import("@ashlar/supervisor")).main({ configPath: pathIn(options), script: script() }),
  ],
};

export function addProcessCommands(program: Command): void {
  for (const [name, [description, main]] of Object.entries(ROLES)) {
    const command = program
      .command(name)
      .description(description)
      .action(async (options: ProcessOptions) => {
        try {
          await main(options);
        } catch (thrown) {
          process.exitCode = writeError(processStreams, thrown, false);
        }
      });
    // Sub-commands that go with a role do without it, and must not be asked for it.
    if (name !== "gateway") command.requiredOption(CONFIG, "its configuration, a JSON file");
    else addGatewayCommands(command.option(CONFIG, "the configuration of the process to run"));
  }
}
