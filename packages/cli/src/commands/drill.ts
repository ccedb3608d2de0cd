// `ashlar drill …`: tries out on a cluster what must not surprise anybody later, and leaves a receipt.
import type { Receipt } from "@ashlar/lab";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import { EXIT } from "../exit-status.ts";
import { type Answer, progressLines } from "../output.ts";
import { answering } from "../run.ts";
import { wholeNumber } from "../whole-number.ts";

interface DrillCommandOptions extends ClusterOptions {
  readonly receipt?: string;
}

interface ValidationCommandOptions extends DrillCommandOptions {
  readonly hosts?: string;
  readonly volume?: string;
  readonly volumes?: string;
  readonly force?: boolean;
}

/** What a drill says: its receipt, also in the file that was asked for; exit 1 when it failed. */
export async function receiptAnswer(receipt: Receipt, file: string | undefined): Promise<Answer> {
  const { receiptLines, writeReceipt } = await import("@ashlar/lab");
  if (file !== undefined) await writeReceipt(file, receipt);
  const exit = receipt.verdict === "PASS" ? EXIT.done : EXIT.failed;
  return { json: receipt, lines: receiptLines(receipt), exit };
}

async function clusterValidation(options: ValidationCommandOptions): Promise<Answer> {
  const { checkReceiptPath, rehearseValidation } = await import("@ashlar/lab");
  const { volume, force, receipt: file, json = false } = options;
  const hosts = wholeNumber("hosts", options.hosts);
  const volumes = wholeNumber("volumes", options.volumes);
  if (file !== undefined) checkReceiptPath(file);
  const tell = progressLines(json);
  const receipt = await withAdmin(options, (admin, signal) =>
    rehearseValidation(
      admin,
      { hosts, volume, volumes, force },
      { signal, onStep: ({ verdict, name }) => tell(`${verdict}  ${name}`) },
    ),
  );
  return receiptAnswer(receipt, file);
}

const withReceipt = (command: Command): Command =>
  withClusterOptions(command).option("--receipt <file>", "also as a file: .json or .txt");

export function addDrillCommands(program: Command): void {
  const drill = program.command("drill").description("rehearsals of what may happen to a cluster");
  withReceipt(drill.command("cluster-validation"))
    .description("what validates a Windows failover cluster, by simulated hosts; exit 1 on FAIL")
    .option("--hosts <count>", "hosts, 2 to 16 (default: 4)")
    .option("--volume <name>", "the volume to rehearse on (default: made for it, then deleted)")
    .option("--volumes <count>", "how many to make, 1 to 8 (default: 2)")
    .option("--force", "also on a volume that is in use: its beginning is overwritten")
    .action(answering(clusterValidation));
}
