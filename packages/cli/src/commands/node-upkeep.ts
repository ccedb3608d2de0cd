// `ashlar node drain|undrain|maintenance|remove|replace`: what is wanted of a storage node, and how to do without it.
import { type NodeId, nodeId, SystemError } from "@ashlar/core";
import type { AdminClient, NodeStatus } from "@ashlar/rpc";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import { type Answer, progressBar } from "../output.ts";
import { answering } from "../run.ts";

interface WaitOptions extends ClusterOptions {
  /** False with --no-wait. */
  readonly wait: boolean;
}

interface ForceOptions extends ClusterOptions {
  readonly force?: boolean;
}

/** How often it is looked at. */
const POLL_MS = 500;

interface Followed {
  readonly signal: AbortSignal;
  /** What is still to be done; 0 ends it. */
  readonly left: (nodes: readonly NodeStatus[]) => number;
  readonly json: boolean;
}

/** Looks at the nodes again and again until nothing is left to be done. */
async function follow(admin: AdminClient, { signal, left, json }: Followed): Promise<void> {
  const { polled } = await import("../polling.ts");
  const bar = progressBar(json);
  let total = 0;
  const look = async (): Promise<true | undefined> => {
    const now = left(await admin.listNodes({ signal }));
    total = Math.max(total, now);
    bar(total - now, total);
    return now === 0 ? true : undefined;
  };
  await polled(look, { signal, everyMs: POLL_MS });
}

function found(nodes: readonly NodeStatus[], id: NodeId): NodeStatus {
  const node = nodes.find((one) => one.id === id);
  if (node) return node;
  throw new SystemError("node/not-found", `no storage node is called "${id}"`, {
    hint: "see `ashlar node list`",
  });
}

/** Copies on a node that is being drained. @throws SystemError operation/aborted when that was taken back. */
const copiesOn =
  (id: NodeId) =>
  (nodes: readonly NodeStatus[]): number => {
    const { service, chunks } = found(nodes, id);
    if (service === "draining") return chunks;
    throw new SystemError("operation/aborted", `somebody ended the drain of ${id}`);
  };

async function drain(id: string, options: WaitOptions & ForceOptions): Promise<Answer> {
  const node = nodeId(id);
  const { force, wait, json = false } = options;
  return withAdmin(options, async (admin, signal) => {
    await admin.upkeep.setNodeService({ node, service: "draining" }, { signal, force });
    if (!wait) {
      const line = `the copies on ${id} move elsewhere; see \`ashlar node list\``;
      return { json: { node, service: "draining" }, lines: [line] };
    }
    await follow(admin, { signal, json, left: copiesOn(node) });
    const line = `${id} holds nothing that is needed: it can be stopped, and removed`;
    return { json: { node, service: "draining", chunks: 0 }, lines: [line] };
  });
}

async function undrain(id: string, options: ClusterOptions): Promise<Answer> {
  const node = nodeId(id);
  await withAdmin(options, (admin, signal) =>
    admin.upkeep.setNodeService({ node, service: "in" }, { signal }),
  );
  return { json: { node, service: "in" }, lines: [`${id} takes part again`] };
}

async function maintenance(id: string, state: string, options: ForceOptions): Promise<Answer> {
  const node = nodeId(id);
  if (state !== "on" && state !== "off") {
    throw new SystemError("argument/invalid", `"${state}" is neither "on" nor "off"`);
  }
  const service = state === "on" ? "maintenance" : "in";
  await withAdmin(options, (admin, signal) =>
    admin.upkeep.setNodeService({ node, service }, { signal, force: options.force }),
  );
  const line =
    state === "on"
      ? `${id} may be away: nobody makes its copies elsewhere until \`ashlar node maintenance ${id} off\``
      : `${id} takes part again: when it is away for long, its copies are made elsewhere`;
  return { json: { node, service }, lines: [line] };
}

async function remove(id: string, options: ClusterOptions & { lost?: boolean }): Promise<Answer> {
  const node = nodeId(id);
  const { lost = false } = options;
  await withAdmin(options, (admin, signal) => admin.upkeep.removeNode({ node, lost }, { signal }));
  const line = lost
    ? `${id} is removed; what it held is made again elsewhere, see \`ashlar volume list\``
    : `${id} is removed; its disks are of no use to this cluster until they are wiped`;
  return { json: { removed: node }, lines: [line] };
}

const degraded = (nodes: readonly NodeStatus[]): number =>
  nodes.reduce((sum, { degradedChunks }) => sum + degradedChunks, 0);

/** A node that runs is emptied first; of one that is lost the copies are made again from the others. */
async function replace(
  id: string,
  { with: other, ...options }: WaitOptions & { with: string },
): Promise<Answer> {
  const [node, fresh] = [nodeId(id), nodeId(other)];
  const { json = false, wait } = options;
  return withAdmin(options, async (admin, signal) => {
    const nodes = await admin.listNodes({ signal });
    const { state } = found(nodes, node);
    if (found(nodes, fresh).state !== "up" || node === fresh) {
      throw new SystemError("node/down", `${other} cannot take the place of ${id}`, {
        hint: "start another storage node first; see `ashlar node list`",
      });
    }
    if (state === "up") {
      await admin.upkeep.setNodeService({ node, service: "draining" }, { signal });
      if (wait) await follow(admin, { signal, json, left: copiesOn(node) });
      const line = wait
        ? `${id} is empty: stop it, then \`ashlar node remove ${id}\``
        : `the copies on ${id} move elsewhere; see \`ashlar node list\``;
      return { json: { node, with: fresh, service: "draining" }, lines: [line] };
    }
    await admin.upkeep.removeNode({ node, lost: true }, { signal });
    if (wait) await follow(admin, { signal, json, left: degraded });
    const line = wait
      ? `${id} is replaced: every chunk has all its copies again`
      : `${id} is removed; what it held is made again, see \`ashlar volume list\``;
    return { json: { removed: node, with: fresh }, lines: [line] };
  });
}

export function addNodeUpkeep(node: Command): void {
  withClusterOptions(node.command("drain <id>"))
    .description("move all copies off a storage node, and keep it empty")
    .option("--force", "also when not all of them have a place elsewhere")
    .option("--no-wait", "do not wait until it is empty; interrupted, it goes on as well")
    .action(answering(drain));
  withClusterOptions(node.command("undrain <id>"))
    .description("let a storage node take part again")
    .action(answering(undrain));
  withClusterOptions(node.command("maintenance <id> <on|off>"))
    .description("a storage node may be away for a while, and nobody makes its copies elsewhere")
    .option("--force", "also when chunks could not be served without it")
    .action(answering(maintenance));
  withClusterOptions(node.command("remove <id>"))
    .description("do without a storage node that is stopped and empty, for good")
    .option("--lost", "also when it is not empty: what it held is made again elsewhere")
    .action(answering(remove));
  withClusterOptions(node.command("replace <id>"))
    .description("have another storage node take the place of one that is lost, or is to go")
    .requiredOption("--with <id>", "the new one, which is running")
    .option("--no-wait", "do not wait until all copies are made")
    .action(answering(replace));
}
