// `ashlar host …`: the machines that may use volumes, and what they prove. Secrets come from files or standard
// input, never from the command line, which everybody on the machine can read; none is ever printed.
import { type HostName, hostName, initiatorName, SystemError } from "@ashlar/core";
import type { HostChap, HostStatus } from "@ashlar/rpc";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import { type Answer, table } from "../output.ts";
import { answering } from "../run.ts";
import { readSecret, SECRET_OPTIONS } from "../secrets.ts";

interface ChapOptions {
  readonly chapUser?: string;
  readonly chapSecretFile?: string;
  readonly targetUser?: string;
  readonly targetSecretFile?: string;
}

interface CreateOptions extends ClusterOptions, ChapOptions {
  readonly iqn: readonly string[];
}

interface SetOptions extends ClusterOptions, ChapOptions {
  readonly addIqn?: readonly string[];
  readonly removeIqn?: readonly string[];
  /** False with --no-chap. */
  readonly chap: boolean;
}

/** With its hint, if it is not possible as a whole. */
async function chapOf(options: ChapOptions): Promise<HostChap | undefined> {
  const { chapUser, chapSecretFile, targetUser, targetSecretFile } = options;
  if (chapSecretFile === undefined) {
    if (chapUser === undefined && targetUser === undefined && targetSecretFile === undefined) {
      return undefined;
    }
    throw new SystemError("argument/invalid", "CHAP needs the secret of the initiator", {
      hint: "give --chap-secret-file FILE, or - for standard input",
    });
  }
  if ((targetUser === undefined) !== (targetSecretFile === undefined)) {
    throw new SystemError("argument/invalid", "mutual CHAP needs both user and secret", {
      hint: "give --target-user and --target-secret-file, or neither",
    });
  }
  const secret = await readSecret(chapSecretFile);
  if (targetUser === undefined || targetSecretFile === undefined) {
    return { user: chapUser ?? "", secret, mutual: undefined };
  }
  const mutual = { user: targetUser, secret: await readSecret(targetSecretFile) };
  return { user: chapUser ?? "", secret, mutual };
}

const chapLine = ({ chap, chapUser, targetUser }: HostStatus): string => {
  if (chap === "") return "none";
  const user = chapUser === "" ? "the initiator's name" : chapUser;
  return `${chap}, user ${user}${chap === "mutual" ? `, target user ${targetUser}` : ""}`;
};

function hostLines(host: HostStatus): string[] {
  const volumes = host.volumes.map(
    ({ name, lun, readOnly }) => `${name} at LUN ${lun}${readOnly ? ", read-only" : ""}`,
  );
  return [
    `host       ${host.name}, made ${host.createdAt}`,
    ...host.initiators.map((name) => `initiator  ${name}`),
    `CHAP       ${chapLine(host)}`,
    ...(volumes.length > 0 ? volumes : ["none"]).map((line) => `volume     ${line}`),
  ];
}

const answerOf = (host: HostStatus): Answer => ({ json: host, lines: hostLines(host) });

async function create(text: string, options: CreateOptions): Promise<Answer> {
  const name = hostName(text);
  const initiators = options.iqn.map(initiatorName);
  const chap = await chapOf(options);
  return answerOf(
    await withAdmin(options, (admin, signal) =>
      admin.createHost({ name, initiators, chap }, { signal }),
    ),
  );
}

async function list(options: ClusterOptions): Promise<Answer> {
  const hosts = await withAdmin(options, (admin, signal) => admin.listHosts({ signal }));
  const rows = hosts.map(({ name, chap, volumes, initiators }) => [
    name,
    chap,
    volumes.length,
    initiators.join(","),
  ]);
  return { json: { hosts }, lines: table(["HOST", "CHAP", "VOLUMES", "INITIATORS"], rows) };
}

async function show(text: string, options: ClusterOptions): Promise<Answer> {
  const name = hostName(text);
  return answerOf(await withAdmin(options, (admin, signal) => admin.getHost(name, { signal })));
}

async function set(text: string, options: SetOptions): Promise<Answer> {
  const name = hostName(text);
  const added = (options.addIqn ?? []).map(initiatorName);
  const removed = (options.removeIqn ?? []).map(initiatorName);
  const now = await chapOf(options);
  if (now && !options.chap) {
    throw new SystemError("argument/invalid", "--no-chap and a secret exclude each other", {
      hint: "give one of them",
    });
  }
  const chap = now || !options.chap ? { now } : undefined;
  if (!chap && added.length === 0 && removed.length === 0) {
    throw new SystemError("argument/invalid", "nothing is to be changed", {
      hint: "see `ashlar host set --help`",
    });
  }
  return answerOf(
    await withAdmin(options, (admin, signal) =>
      admin.setHost({ name, added, removed, chap }, { signal }),
    ),
  );
}

async function remove(text: string, options: ClusterOptions): Promise<Answer> {
  const name: HostName = hostName(text);
  await withAdmin(options, (admin, signal) => admin.deleteHost(name, { signal }));
  return { json: { deleted: name }, lines: [`${name} is deleted`] };
}

function withChapOptions(command: Command): Command {
  for (const [flags, text] of SECRET_OPTIONS) command.option(flags, text);
  return command;
}

const gathered = (name: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  name,
];

export function addHostCommands(program: Command): void {
  const host = program.command("host").description("hosts: who may use volumes that are mapped");
  withChapOptions(withClusterOptions(host.command("create <name>")))
    .description("make a host of one or more initiators; `ashlar volume map` gives it volumes")
    .requiredOption(
      "--iqn <name>",
      "of an initiator: iqn., eui. or naa.; may be repeated",
      gathered,
    )
    .action(answering(create));
  withClusterOptions(host.command("list")).description("all hosts").action(answering(list));
  withClusterOptions(host.command("show <name>"))
    .description("one host, its initiators and its volumes")
    .action(answering(show));
  withChapOptions(withClusterOptions(host.command("set <name>")))
    .description("change a host; sessions that run go on, and CHAP counts from the next login")
    .option("--add-iqn <name>", "one more initiator; may be repeated", gathered)
    .option("--remove-iqn <name>", "one less, while it is mapped to no volume", gathered)
    .option("--no-chap", "nothing has to be proved any more")
    .addHelpText("after", "\nThe CHAP options replace all that was set of CHAP before.")
    .action(answering(set));
  withClusterOptions(host.command("delete <name>"))
    .description("delete a host that is mapped to no volume")
    .action(answering(remove));
}
