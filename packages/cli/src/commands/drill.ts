// `ashlar drill …`: tries out on a cluster what must not surprise anybody later, and leaves a receipt.
import { basename } from "node:path";
import { SystemError } from "@ashlar/core";
import type { DrillSite, Receipt } from "@ashlar/lab";
import type { Command } from "commander";
import {
  type ClusterOptions,
  LAB_FOLDER_DEFAULT,
  withAdmin,
  withClusterOptions,
} from "../cluster-address.ts";
import { EXIT } from "../exit-status.ts";
import { script } from "../installed.ts";
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

interface FaultCommandOptions extends DrillCommandOptions {
  readonly seconds?: string;
  readonly rounds?: string;
  readonly seed?: string;
  readonly force?: boolean;
  /** Name of a compose project, or true: the one of this folder. */
  readonly compose?: string | true;
}

/** The drills with faults, as lab has them: known before it is loaded, which takes its time. */
export const FAULT_COMMANDS: Readonly<Record<string, string>> = {
  "kill-node": "a storage node dies at work and comes back",
  "kill-gateway": "a gateway dies at work, and with it one path of every host",
  "kill-leader": "the leader of the metadata members dies",
  blackout: "everything dies at once and is started in any order, one storage node late",
  "pull-disk": "a disk fails under its node, and an empty one takes its place",
  partition: "a machine is cut off: a storage node's, a gateway's, the metadata leader's",
  pause: "a process stands still and goes on: a storage node, a gateway, the metadata leader",
  "slow-disk": "every operation of a disk takes 50 ms longer",
  "swap-node": "a storage node dies, and an empty machine takes its place",
  "rolling-restart": "every process is restarted, the next one when nothing is missing",
  soak: "faults drawn at random, one after another",
};

/** Signals that end a drill: what it has broken and made is mended and taken away before the command ends. */
const END_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

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

/** The project that compose takes in this folder: COMPOSE_PROJECT_NAME, or the folder's own name. */
function ownProject(): string {
  const { COMPOSE_PROJECT_NAME: named } = process.env;
  const folder = basename(process.cwd()).toLowerCase();
  return named || folder.replaceAll(/[^a-z0-9_-]/g, "").replace(/^[_-]+/, "");
}

/** The site that the options mean: what can be ended, held and cut off there. */
async function openSite(
  { dir, admin, compose }: FaultCommandOptions,
  options: { readonly signal: AbortSignal },
): Promise<DrillSite> {
  if (compose !== undefined) {
    if (dir !== undefined || admin !== undefined) {
      throw new SystemError("argument/invalid", "--compose excludes --dir and --admin", {
        hint: "give one of them",
      });
    }
    const { openComposeSite } = await import("@ashlar/lab");
    return openComposeSite(compose === true ? ownProject() : compose, options);
  }
  const { ASHLAR_ADMIN } = process.env;
  if (admin !== undefined || (dir === undefined && ASHLAR_ADMIN)) {
    throw new SystemError(
      "drill/impossible",
      "metadata members cannot be asked to kill processes",
      {
        hint: "give --dir LAB or --compose: a drill with faults needs to reach the processes themselves",
      },
    );
  }
  const { Lab, openLabSite } = await import("@ashlar/lab");
  return openLabSite(new Lab({ dir: dir ?? LAB_FOLDER_DEFAULT, script: script() }));
}

async function faultDrill(name: string, options: FaultCommandOptions): Promise<Answer> {
  const { checkReceiptPath, runFaults } = await import("@ashlar/lab");
  const { receipt: file, force, json = false } = options;
  const numbers = {
    seconds: wholeNumber("seconds", options.seconds),
    rounds: wholeNumber("rounds", options.rounds),
    seed: wholeNumber("seed", options.seed),
  };
  if (file !== undefined) checkReceiptPath(file);
  const tell = progressLines(json);
  const interrupt = new AbortController();
  const onSignal = (): void => {
    tell("interrupted: what was broken is mended, what was made is taken away");
    interrupt.abort(new SystemError("operation/aborted", "interrupted"));
  };
  for (const signal of END_SIGNALS) process.on(signal, onSignal);
  try {
    const site = await openSite(options, interrupt);
    const receipt = await runFaults(
      name,
      site,
      { ...numbers, force },
      { signal: interrupt.signal, tell, onStep: (step) => tell(`${step.verdict}  ${step.name}`) },
    );
    return receiptAnswer(receipt, file);
  } finally {
    for (const signal of END_SIGNALS) process.off(signal, onSignal);
  }
}

const withReceipt = (command: Command): Command =>
  withClusterOptions(command).option("--receipt <file>", "also as a file: .json, .html or .txt");

function addFaultDrill(drill: Command, name: string, description: string): void {
  const seconds = name === "soak" ? "how long in all (default: 300)" : "how long each fault lasts";
  withReceipt(drill.command(name))
    .description(`${description}, under hosts at work; exit 1 on FAIL`)
    .option(
      "--compose [project]",
      "on the containers of a compose project (default: this folder's)",
    )
    .option("--seconds <count>", seconds)
    .option("--rounds <count>", "how often")
    .option("--seed <number>", "of the hosts' work and of what is drawn (default: any; it is told)")
    .option("--force", "also when a copy or a process is missing already")
    .action(answering((options: FaultCommandOptions) => faultDrill(name, options)));
}

export function addDrillCommands(program: Command): void {
  const drill = program.command("drill").description("rehearsals of what may happen to a cluster");
  for (const [name, description] of Object.entries(FAULT_COMMANDS)) {
    addFaultDrill(drill, name, description);
  }
  withReceipt(drill.command("cluster-validation"))
    .description("what validates a Windows failover cluster, by simulated hosts; exit 1 on FAIL")
    .option("--hosts <count>", "hosts, 2 to 16 (default: 4)")
    .option("--volume <name>", "the volume to rehearse on (default: made for it, then deleted)")
    .option("--volumes <count>", "how many to make, 1 to 8 (default: 2)")
    .option("--force", "also on a volume that is in use: its beginning is overwritten")
    .action(answering(clusterValidation));
}
