// `ashlar cluster init|token`, `ashlar node join|run`: a cluster of machines, each with one command. The first founds
// it, every further one is given the token that the first one printed; each then runs its processes until it is told
// to stop.
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { clusterId, formatSize, nodeId, parseSize, SystemError } from "@ashlar/core";
import type { Command } from "commander";
import {
  type ClusterOptions,
  isAddress,
  withAdmin,
  withClusterOptions,
} from "../cluster-address.ts";
import { script } from "../installed.ts";
import type { JoinToken } from "../machine/join-token.ts";
import {
  BASE_PORT_DEFAULT,
  hostPort,
  hostsOf,
  ISCSI_PORT_DEFAULT,
  type Machine,
  type MachineDisk,
} from "../machine/machine.ts";
import { type Answer, processStreams, writeAnswer } from "../output.ts";
import { answering } from "../run.ts";
import { wholeNumber } from "../whole-number.ts";

export interface MachineOptions {
  readonly dir: string;
  readonly host: string;
  readonly dataHost?: string;
  readonly name?: string;
  readonly disk?: readonly string[];
  readonly zone?: string;
  readonly basePort?: string;
  readonly portal?: string;
  /** False with --no-gateway. */
  readonly gateway: boolean;
  /** False with --no-run. */
  readonly run: boolean;
  readonly json?: boolean;
}

interface JoinOptions extends MachineOptions {
  readonly metadata?: boolean;
}

const HOST = /^[A-Za-z0-9.:-]+$/;
/** Six ports from it are used. */
const BASE_PORT_MAX = 65_530;
const UNSAFE =
  "nothing between the machines is encrypted or authenticated yet: whoever reaches these addresses can join and read " +
  "everything, so keep them on isolated networks";

/** A host's name as an id may be: of `Node_3.example` it is `node-3`. */
function ownName(): string {
  const [first = ""] = hostname().toLowerCase().split(".");
  return first.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "");
}

/** `100GiB` is a file of that size in the folder, `/dev/sdb=1TiB` uses so much of a device or file. */
function diskIn(text: string, at: number, folder: string): MachineDisk {
  const cut = text.lastIndexOf("=");
  const sizeBytes = parseSize(text.slice(cut + 1));
  const path = cut > 0 ? resolve(text.slice(0, cut)) : join(folder, `disk-${at + 1}`);
  return { path, sizeBytes };
}

function portalIn({ portal, host }: MachineOptions): string {
  const address = portal ?? hostPort(hostsOf({ host })[0], ISCSI_PORT_DEFAULT);
  if (isAddress(address)) return address;
  throw new SystemError("argument/invalid", `--portal ${address} is not HOST:PORT`);
}

/** @throws SystemError argument/invalid */
function checkHosts(option: "--host" | "--data-host", host: string): void {
  const hosts = hostsOf({ host });
  if (!hosts.every((one) => HOST.test(one))) {
    throw new SystemError("argument/invalid", `${option} ${host} is not an address or a name`, {
      hint:
        "give the address at which the other machines reach this one, without a port; of a machine in two " +
        "networks both, with a comma between",
    });
  }
  const families = new Set(hosts.map(isIP));
  if (hosts.length === 1 || (families.size === 1 && !families.has(0))) return;
  throw new SystemError("argument/invalid", `${option} ${host} mixes kinds of addresses`, {
    hint: "give IP addresses of one family, one in each network",
  });
}

/** What the options say of a machine. @throws SystemError argument/invalid. */
export function plannedMachine(
  options: MachineOptions,
): Omit<Machine, "clusterId" | "members" | "hasMember"> {
  const { host, dataHost, gateway, zone = "" } = options;
  const name = options.name ?? ownName();
  nodeId(`metadata-${name}`);
  checkHosts("--host", host);
  if (dataHost !== undefined) checkHosts("--data-host", dataHost);
  const basePort = wholeNumber("base-port", options.basePort) ?? BASE_PORT_DEFAULT;
  if (basePort > BASE_PORT_MAX) {
    throw new SystemError(
      "argument/invalid",
      `--base-port ${basePort} leaves no room for six ports`,
    );
  }
  const dir = resolve(options.dir);
  const disks = (options.disk ?? []).map((text, at) =>
    diskIn(text, at, join(dir, `storage-${name}`)),
  );
  const portal = gateway ? { portal: { address: portalIn(options), tpgt: 1 } } : {};
  const data = dataHost === undefined ? {} : { dataHost };
  return { name, dir, host, ...data, basePort, disks, zone, ...portal };
}

const tokenOf = ({ clusterId: id, members }: Machine): JoinToken => ({
  clusterId: id,
  metadata: members.map(({ address }) => address),
});

function machineLines({ name, disks, portal, hasMember }: Machine): string[] {
  const storage = disks
    .map(({ path, sizeBytes }) => `${path} (${formatSize(sizeBytes)})`)
    .join(", ");
  return [
    `machine   ${name}${hasMember ? ", a member of the metadata group" : ""}`,
    ...(disks.length > 0 ? [`disks     ${storage}`] : []),
    ...(portal ? [`portal    ${portal.address}`] : []),
  ];
}

/** Says what was made, and runs it unless that is not wanted. */
async function answered(
  machine: Machine,
  answer: Answer,
  { run, json = false }: MachineOptions,
): Promise<Answer> {
  if (!run) {
    const lines = [...answer.lines, `run it with \`ashlar node run --dir ${machine.dir}\``];
    return { ...answer, lines };
  }
  writeAnswer(processStreams, answer, json);
  await runMachine(machine);
  return { json: undefined, lines: [] };
}

/** Becomes the supervisor of the machine; ends when that is told to stop. */
async function runMachine(machine: Machine): Promise<void> {
  const { machinePaths } = await import("../machine/machine.ts");
  const { main } = await import("@ashlar/supervisor");
  await main({ configPath: machinePaths(machine.dir).supervisorConfig, script: script() });
  // The supervisor ends the process.
  await new Promise<never>(() => {});
}

/** A machine that was made before: members may have joined since. */
async function refreshed(machine: Machine): Promise<Machine> {
  const { writeMachine } = await import("../machine/machine-folder.ts");
  const { withMembersOfNow } = await import("../machine/join.ts");
  const newer = await withMembersOfNow(machine);
  if (newer !== machine) await writeMachine(newer, "ready");
  return newer;
}

/** Founds a cluster with this machine as its first. */
export async function initMachine(options: MachineOptions): Promise<Answer> {
  const { foundMachine } = await import("../machine/machine-folder.ts");
  const { addressOf, processId } = await import("../machine/machine.ts");
  const { formatToken } = await import("../machine/join-token.ts");
  const { nodeRandom } = await import("@ashlar/runtime");
  const planned = plannedMachine(options);
  const founder = {
    nodeId: processId("metadata", planned.name),
    address: addressOf(planned, "metadata"),
  };
  const machine = await foundMachine({
    ...planned,
    clusterId: clusterId(nodeRandom.uuid()),
    hasMember: true,
    members: [founder],
  });
  const token = formatToken(tokenOf(machine));
  const { clusterId: id, name, dir } = machine;
  const lines = [
    `cluster   ${id}, founded`,
    ...machineLines(machine),
    `admin     ${founder.address}  (--admin, or ASHLAR_ADMIN)`,
    "further machines join with",
    `  ashlar node join ${token} --dir DIR --host ADDRESS --disk SIZE`,
    `two of them with --metadata: while the group has one member, the cluster stops with it`,
    UNSAFE,
  ];
  const json = { clusterId: id, machine: name, dir, admin: [founder.address], token };
  return answered(machine, { json, lines }, options);
}

/** The machine of this cluster in its folder, made now unless it was made before. */
async function joinedMachine(
  planned: Omit<Machine, "members">,
  { metadata: addresses }: JoinToken,
): Promise<{ readonly machine: Machine; readonly isNew: boolean }> {
  const { findMachine, writeMachine } = await import("../machine/machine-folder.ts");
  const { clusterId: cluster, name, dir } = planned;
  const there = (await findMachine(dir))?.machine;
  if (there?.clusterId === cluster && there.name === name) {
    return { machine: await refreshed(there), isNew: false };
  }
  const { joinCluster } = await import("../machine/join.ts");
  const { createAdminClient } = await import("@ashlar/rpc");
  const admin = createAdminClient({ clusterId: cluster, addresses });
  try {
    const machine = await joinCluster(planned, admin, new AbortController());
    await writeMachine(machine, "ready");
    return { machine, isNew: true };
  } finally {
    admin.close();
  }
}

async function joinMachine(text: string, options: JoinOptions): Promise<Answer> {
  const { parseToken } = await import("../machine/join-token.ts");
  const token = parseToken(text);
  const { clusterId: id } = token;
  const { metadata: hasMember = false } = options;
  const planned = { ...plannedMachine(options), clusterId: id, hasMember };
  const { machine, isNew } = await joinedMachine(planned, token);
  const json = { clusterId: id, machine: machine.name, dir: machine.dir };
  const how = isNew ? "joined" : "joined before";
  const lines = [`cluster   ${id}, ${how}`, ...machineLines(machine), UNSAFE];
  return answered(machine, { json, lines }, options);
}

async function run({ dir }: { readonly dir: string }): Promise<Answer> {
  const { requireMachine } = await import("../machine/machine-folder.ts");
  await runMachine(await refreshed(await requireMachine(resolve(dir))));
  return { json: undefined, lines: [] };
}

async function token(options: ClusterOptions): Promise<Answer> {
  const { formatToken } = await import("../machine/join-token.ts");
  const { clusterId: id, metadata } = await withAdmin(options, (admin, signal) =>
    admin.clusterStatus({ signal }),
  );
  const told = formatToken({
    clusterId: clusterId(id),
    metadata: metadata.map(({ address }) => address),
  });
  return { json: { token: told }, lines: [told] };
}

const collected = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** The options that describe a machine. */
export function withMachineOptions(
  command: Command,
  { isRequired }: { readonly isRequired: boolean },
): Command {
  const dir = "folder of all files of this machine";
  const host = "address at which the other machines reach this one; in two networks: A,B";
  if (isRequired)
    command.requiredOption("--dir <dir>", dir).requiredOption("--host <address>", host);
  else command.option("--dir <dir>", dir).option("--host <address>", host);
  return command
    .option(
      "--data-host <address>",
      "where operations and replication come in, as --host is given (default: --host)",
    )
    .option("--name <name>", "ends the ids of its processes (default: the name of the host)")
    .option(
      "--disk <[path=]size>",
      "a disk: a file in --dir, or so much of a file or device; may be repeated",
      collected,
    )
    .option("--zone <zone>", "what fails together with it, such as a rack")
    .option(
      "--portal <host:port>",
      `where hosts log in (default: --host, port ${ISCSI_PORT_DEFAULT})`,
    )
    .option("--no-gateway", "run no gateway")
    .option(
      "--base-port <port>",
      `first of the five ports it uses besides (default: ${BASE_PORT_DEFAULT})`,
    )
    .option("--no-run", "only make its files; `ashlar node run` runs it")
    .option("--json", "one JSON document on standard output");
}

export function addTokenCommand(cluster: Command): void {
  withClusterOptions(cluster.command("token"))
    .description("what a further machine is given: `ashlar node join TOKEN`")
    .action(answering(token));
}

export function addMachineCommands(node: Command): void {
  withMachineOptions(node.command("join <token>"), { isRequired: true })
    .description(
      "make this machine part of a cluster and run it, also in the place of one that is lost",
    )
    .option("--metadata", "run a member of the metadata group as well")
    .action(answering(joinMachine));
  node
    .command("run")
    .description("run what `cluster init` or `node join` made on this machine, until told to stop")
    .requiredOption("--dir <dir>", "folder of all files of this machine")
    .action(answering(run));
}
