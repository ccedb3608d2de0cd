// `ashlar bench …`: measures a cluster. The bench reads its own options, so that it is the same
// command whether it is started from here or by `npm run bench`.
import type { Command } from "commander";

export function addBenchCommand(program: Command): void {
  program
    .command("bench [options...]")
    .description("measure a cluster, or any target, and what each process spent (see bench --help)")
    .helpOption(false)
    .allowUnknownOption()
    .action(async (options: readonly string[]) => {
      const { runBench } = await import("@ashlar/bench");
      process.exitCode = await runBench(options);
    });
}
