// `ashlar cluster member …`: who belongs to the metadata group. Adding says that a member is expected; its
// process joins by itself, learns the log and then votes.
import { type NodeId, nodeId, SystemError } from "@ashlar/core";
import type { AdminClient, MemberStatus } from "@ashlar/rpc";
import type { Command } from "commander";
import {
  type ClusterOptions,
  isAddress,
  withAdmin,
  withClusterOptions,
} from "../cluster-address.ts";
import { memberTable } from "../member-table.ts";
import { type Answer, progressLines } from "../output.ts";
import { answering } from "../run.ts";

/** A member that has joined copies some MiB: this is time to start its process as well. */
const WAIT_MAX_MS = 180_000;
const POLL_MS = 500;

interface AddOptions extends ClusterOptions {
  readonly wait: boolean;
}

async function list(options: ClusterOptions): Promise<Answer> {
  const { metadata } = await withAdmin(options, (admin, signal) => admin.clusterStatus({ signal }));
  return { json: { members: metadata }, lines: memberTable(metadata) };
}

interface Goal {
  /** What is waited for, as an error says it. */
  readonly what: string;
  readonly isReached: (members: readonly MemberStatus[]) => boolean;
  /** How far it is, for people. */
  readonly progress: (members: readonly MemberStatus[]) => string;
  readonly hint: string;
}

/** @throws SystemError operation/timeout. */
async function until(
  admin: AdminClient,
  { what, isReached, progress, hint }: Goal,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (line: string) => void },
): Promise<readonly MemberStatus[]> {
  const { nodeClock, sleep } = await import("@ashlar/runtime");
  const endMs = nodeClock.nowMs() + WAIT_MAX_MS;
  for (;;) {
    const { metadata } = await admin.clusterStatus({ signal });
    if (isReached(metadata)) return metadata;
    const told = progress(metadata);
    tell(told);
    if (nodeClock.nowMs() > endMs) {
      throw new SystemError(
        "operation/timeout",
        `${what} after ${WAIT_MAX_MS / 1_000} s: ${told}`,
        {
          hint,
        },
      );
    }
    await sleep(nodeClock, POLL_MS, { signal });
  }
}

const isVoter = (member: MemberStatus | undefined): boolean =>
  member?.role === "leader" || member?.role === "follower" || member?.role === "candidate";

function joining(id: NodeId, address: string, member: MemberStatus | undefined): string {
  if (member?.role === "learner") return `${id} copies the log: ${member.lag} entries behind`;
  return `${id} has not joined; waiting for its process at ${address}`;
}

/** Starting the process is the caller's part. */
const startHint = (id: NodeId): string =>
  `start it with \`ashlar metadata --config FILE\`, a configuration with nodeId ${id}, this ` +
  "cluster's id and members, and an empty dataDir; it joins by itself, see `ashlar cluster member list`";

function parseAddress(text: string): string {
  if (isAddress(text)) return text;
  throw new SystemError("argument/invalid", `"${text}" is not HOST:PORT`, {
    hint: "give the address where the other members and all clients reach it",
  });
}

async function add(name: string, where: string, options: AddOptions): Promise<Answer> {
  const id = nodeId(name);
  const address = parseAddress(where);
  const ofMember = (members: readonly MemberStatus[]) => members.find((one) => one.id === id);
  const members = await withAdmin(options, async (admin, signal) => {
    await admin.addMember({ id, address }, { signal });
    if (!options.wait) return (await admin.clusterStatus({ signal })).metadata;
    const goal: Goal = {
      what: `${id} is no voter`,
      isReached: (all) => isVoter(ofMember(all)),
      progress: (all) => joining(id, address, ofMember(all)),
      hint: startHint(id),
    };
    return until(admin, goal, { signal, tell: progressLines(options.json ?? false) });
  });
  const member = ofMember(members);
  const lines = isVoter(member)
    ? [`${id} is a voter`]
    : [joining(id, address, member), startHint(id)];
  return { json: member ?? null, lines };
}

async function remove(name: string, options: ClusterOptions): Promise<Answer> {
  const id = nodeId(name);
  await withAdmin(options, async (admin, signal) => {
    await admin.removeMember(id, { signal });
    const goal: Goal = {
      what: `${id} is still in the group`,
      isReached: (members) => members.every((one) => one.id !== id),
      progress: () => `${id} is leaving the group`,
      hint: "see `ashlar cluster status`",
    };
    await until(admin, goal, { signal, tell: progressLines(options.json ?? false) });
  });
  return { json: { removed: id }, lines: [`${id} is removed; its process can be stopped`] };
}

export function addMemberCommands(cluster: Command): void {
  const member = cluster.command("member").description("the metadata members of a cluster");
  withClusterOptions(member.command("list"))
    .description("all metadata members, and those that are expected")
    .action(answering(list));
  withClusterOptions(member.command("add <name> <host:port>"))
    .description(
      "expect a metadata member; waits until its process has joined, copied the log and votes. " +
        "For a name that is known: its address has changed",
    )
    .option("--no-wait", "do not wait until it votes")
    .action(answering(add));
  withClusterOptions(member.command("remove <name>"))
    .description(
      "take a metadata member out, and wait until it is; refused where too few would be left that answer",
    )
    .action(answering(remove));
}
