// The command tree. What a command needs is loaded when it runs, so that each starts as fast as it
// can: the supervisor has its processes started before it loads a gRPC client.
import { SystemError } from "@ashlar/core";
import { Command, CommanderError } from "commander";
import { addBenchCommand } from "./commands/bench.ts";
import { addClusterCommands } from "./commands/cluster.ts";
import { addContainerCommands } from "./commands/container.ts";
import { addDiskCommands } from "./commands/disk.ts";
import { addDrillCommands } from "./commands/drill.ts";
import { addHostCommands } from "./commands/host.ts";
import { addLabCommands } from "./commands/lab.ts";
import { addNodeCommands } from "./commands/node.ts";
import { addProcessCommands } from "./commands/processes.ts";
import { addRebalanceCommands } from "./commands/rebalance.ts";
import { addRecommendCommands } from "./commands/recommend.ts";
import { addSafeCommands } from "./commands/safe.ts";
import { addUpgradeCommands } from "./commands/upgrade.ts";
import { addVolumeCommands } from "./commands/volume.ts";
import { EXIT } from "./exit-status.ts";
import { version } from "./installed.ts";
import { processStreams, type Streams, writeError } from "./output.ts";

/** Commander's word for it is shown by `--help` and `--version`, which are no errors. */
const SHOWN = new Set(["commander.help", "commander.helpDisplayed", "commander.version"]);

function makeProgram(json: boolean): Command {
  const program = new Command("ashlar")
    .description("Scale-out iSCSI storage: several machines become one storage device")
    .version(version())
    .showHelpAfterError(false)
    .exitOverride()
    // Errors are written by writeError, in the form that was asked for.
    .configureOutput({ writeErr: (text) => (json ? undefined : void text) });
  addLabCommands(program);
  addVolumeCommands(program);
  addHostCommands(program);
  addNodeCommands(program);
  addRebalanceCommands(program);
  addRecommendCommands(program);
  addDiskCommands(program);
  addSafeCommands(program);
  addUpgradeCommands(program);
  addClusterCommands(program);
  addDrillCommands(program);
  addBenchCommand(program);
  addProcessCommands(program);
  addContainerCommands(program);
  return program;
}

/** Runs a command line; the exit status is left in process.exitCode. */
export async function run(argv: readonly string[], streams: Streams = processStreams) {
  const json = argv.includes("--json");
  try {
    await makeProgram(json).parseAsync([...argv], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (SHOWN.has(thrown.code) && thrown.exitCode === 0) return;
    const message = thrown.message.replace(/^error: /, "").replaceAll("\n", " ");
    const usage =
      thrown.code === "commander.help" || message === "(outputHelp)"
        ? new SystemError("argument/invalid", "a sub-command is missing", {
            hint: "see `ashlar --help`",
          })
        : new SystemError("argument/invalid", message, { hint: "see `ashlar --help`" });
    process.exitCode = writeError(streams, usage, json) || EXIT.usage;
  }
}
