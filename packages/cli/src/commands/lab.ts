// `ashlar lab …`: a whole cluster on this machine, in one folder.
import { SystemError } from "@ashlar/core";
import type { Lab, LabReport, UpOptions } from "@ashlar/lab";
import type { Command } from "commander";
import { LAB_FOLDER_DEFAULT } from "../cluster-address.ts";
import { script } from "../installed.ts";
import { type Answer, processStreams, writeAnswer, writeError } from "../output.ts";
import { answering } from "../run.ts";

interface LabCommandOptions {
  readonly dir: string;
  readonly json?: boolean;
}

interface UpCommandOptions extends LabCommandOptions, UpOptions {
  readonly detach?: boolean;
}

/** Signals that end a lab in the foreground in order; closing the terminal is one of them. */
const END_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function openLab({ dir }: LabCommandOptions): Promise<Lab> {
  const { Lab } = await import("@ashlar/lab");
  return new Lab({ dir, script: script() });
}

/** Runs `call` with a signal that aborts at the first Ctrl-C. */
async function interruptible<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort(new SystemError("operation/aborted", "interrupted"));
  for (const name of END_SIGNALS) process.on(name, onSignal);
  try {
    return await call(interrupt.signal);
  } finally {
    for (const name of END_SIGNALS) process.off(name, onSignal);
  }
}

async function reportAnswer(report: LabReport, ready: boolean): Promise<Answer> {
  const { connectLines, labLines } = await import("@ashlar/lab");
  const lines = labLines(report);
  return {
    json: report.status,
    lines: ready ? [...lines, ...connectLines(report), "", "ready"] : lines,
  };
}

/** Stays until the lab is shut down from elsewhere, or shuts it down itself when interrupted. */
async function stay(lab: Lab, json: boolean): Promise<void> {
  if (!json) processStreams.err("Ctrl-C stops the lab; its data stay.\n");
  try {
    await interruptible((signal) => lab.keep({ signal }));
  } catch (thrown) {
    if (!(thrown instanceof SystemError) || thrown.code !== "operation/aborted") throw thrown;
    if (!json) processStreams.err("stopping: gateways, metadata, storage\n");
    await lab.down({ signal: new AbortController().signal });
  }
}

async function up(options: UpCommandOptions): Promise<Answer> {
  const { dir, json = false, detach = false, ...shape } = options;
  const lab = await openLab({ dir });
  if (!json) processStreams.err(`starting the lab in ${lab.dir}\n`);
  const report = await interruptible((signal) => lab.up(shape, { signal }));
  const answer = await reportAnswer(report, true);
  if (detach) return answer;
  writeAnswer(processStreams, answer, json);
  try {
    await stay(lab, json);
    return { json: undefined, lines: [] };
  } catch (thrown) {
    // The one document is out already: what goes wrong from here on is told on stderr.
    return { json: undefined, lines: [], exit: writeError(processStreams, thrown, false) };
  }
}

async function status(options: LabCommandOptions): Promise<Answer> {
  const lab = await openLab(options);
  return reportAnswer(await interruptible((signal) => lab.status({ signal })), false);
}

async function down(options: LabCommandOptions): Promise<Answer> {
  const lab = await openLab(options);
  await interruptible((signal) => lab.down({ signal }));
  return { json: { dir: lab.dir, state: "down" }, lines: [`${lab.dir} is down; its data stay`] };
}

async function logs(
  id: string | undefined,
  options: LabCommandOptions & { readonly lines: string },
): Promise<Answer> {
  const count = Number(options.lines);
  if (!Number.isInteger(count) || count < 1) {
    throw new SystemError("argument/invalid", `--lines ${options.lines} is not a count`, {
      hint: "give a whole number above 0",
    });
  }
  const lab = await openLab(options);
  const found = await lab.logs(id, count);
  return {
    json: { logs: found },
    lines: found.flatMap((log) => log.lines.map((line) => `${log.id} | ${line}`)),
  };
}

const ADDED_KINDS: Readonly<Record<string, "storage" | "metadata" | "gateway">> = {
  node: "storage",
  metadata: "metadata",
  gateway: "gateway",
};

async function add(what: string, options: LabCommandOptions): Promise<Answer> {
  const kind = ADDED_KINDS[what];
  if (!kind) {
    const hint = `give ${Object.keys(ADDED_KINDS).join(" or ")}`;
    throw new SystemError("argument/invalid", `cannot add "${what}"`, { hint });
  }
  const lab = await openLab(options);
  const { id } = await interruptible((signal) => lab.add(kind, { signal }));
  return { json: { added: { kind, id } }, lines: [`${id} serves`] };
}

async function stop(
  id: string,
  options: LabCommandOptions & { readonly kill?: boolean; readonly ifSafe?: boolean },
): Promise<Answer> {
  const lab = await openLab(options);
  const { kill = false, ifSafe = false } = options;
  await lab.stop(id, { kill, ifSafe });
  return { json: { stopped: id }, lines: [`${id} is down and is kept down`] };
}

async function start(id: string, options: LabCommandOptions): Promise<Answer> {
  const lab = await openLab(options);
  await interruptible((signal) => lab.start(id, { signal }));
  return { json: { started: id }, lines: [`${id} serves`] };
}

async function wipe(id: string, options: LabCommandOptions): Promise<Answer> {
  const lab = await openLab(options);
  await interruptible((signal) => lab.wipe(id, { signal }));
  return { json: { wiped: id }, lines: [`${id} comes back empty`] };
}

function withLabOptions(command: Command): Command {
  return command
    .option("--dir <folder>", "the lab's folder", LAB_FOLDER_DEFAULT)
    .option("--json", "one JSON document on standard output");
}

function addUp(lab: Command): void {
  withLabOptions(lab.command("up"))
    .description("make the lab if there is none, start it, and wait until it serves")
    .option("--nodes <count>", "storage nodes (default: 3)")
    .option("--metadata <count>", "metadata members, 1, 3 or 5 (default: 3)")
    .option("--gateways <count>", "gateways (default: 2)")
    .option("--disks <count>", "disks per storage node (default: 1)")
    .option("--disk-size <size>", "size of a disk, taken as data arrive (default: 8GiB)")
    .option("--mirror", "each of these disks is two, one a mirror of the other")
    .option("--listen <host[:port]>", "where the portals listen (default: 127.0.0.1, from 3260 on)")
    .option("--advertise <host[:port]>", "what initiators are told in its place")
    .option("--carrier <kind>", "how operations travel, socket or grpc (default: socket)")
    .option("--redirect", "portals send each login to the gateway with the fewest sessions")
    .option("--networks <count>", "1 or 2, of an isolated lab: each process has an address in both")
    .option(
      "--data-network <number>",
      "of two networks the one that operations and replication prefer (default: as all traffic, the first)",
    )
    .option(
      "--isolate",
      "a network namespace and an address for each process (needs root, iproute2)",
    )
    .option("--detach", "return when the lab serves; else stay, and Ctrl-C stops it")
    .action(answering(up));
}

export function addLabCommands(program: Command): void {
  const lab = program.command("lab").description("a whole cluster on this machine");
  addUp(lab);
  withLabOptions(lab.command("status"))
    .description("processes, portals and volumes")
    .action(answering(status));
  withLabOptions(lab.command("down"))
    .description("stop everything in order; data stay")
    .action(answering(down));
  withLabOptions(lab.command("logs [id]"))
    .description("the last lines of the logs, of all processes or one")
    .option("--lines <count>", "lines of each", "10")
    .action(answering(logs));
  withLabOptions(lab.command("add <what>"))
    .description("add a storage node, metadata member or gateway: node | metadata | gateway")
    .action(answering(add));
  withLabOptions(lab.command("stop <id>"))
    .description("stop a process and keep it down")
    .option("--kill", "by SIGKILL")
    .option("--if-safe", "only when nobody would notice; else say why, and exit 3")
    .action(answering(stop));
  withLabOptions(lab.command("start <id>"))
    .description("start a stopped process and wait until it serves")
    .action(answering(start));
  withLabOptions(lab.command("wipe <id>"))
    .description(
      "remove the data of a stopped storage node or metadata member: it comes back empty",
    )
    .action(answering(wipe));
}
