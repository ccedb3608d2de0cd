// `ashlar node …`: the storage nodes of a cluster.
import { formatSize, nodeId, SystemError } from "@ashlar/core";
import type { NodeStatus } from "@ashlar/rpc";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import { type Answer, table } from "../output.ts";
import { answering } from "../run.ts";
import { slowLines, standingOf } from "./disk.ts";
import { addMachineCommands } from "./machine.ts";
import { addNodeUpkeep } from "./node-upkeep.ts";

function stateOf({ state, service, disks }: NodeStatus): string {
  const slow = disks.filter((disk) => disk.slow !== null).length;
  return [
    state,
    ...(service === "in" ? [] : [service]),
    ...(slow === 0 ? [] : [slow === 1 ? "slow disk" : `${slow} slow disks`]),
  ].join(", ");
}

async function list(options: ClusterOptions): Promise<Answer> {
  const nodes = await withAdmin(options, (admin, signal) => admin.listNodes({ signal }));
  const rows = nodes.map((node) => [
    node.id,
    stateOf(node),
    formatSize(node.sizeBytes),
    formatSize(node.freeBytes),
    node.disks.length,
    node.chunks,
    node.primaries,
    node.degradedChunks,
    node.address,
  ]);
  const counts = ["DISKS", "CHUNKS", "PRIMARY OF", "DEGRADED"];
  const headings = ["NODE", "STATE", "SIZE", "FREE", ...counts, "ADDRESS"];
  return { json: { nodes }, lines: [...table(headings, rows), ...slowLines(nodes)] };
}

function nodeLines(node: NodeStatus): string[] {
  const disks = node.disks.map((disk) => [
    disk.id,
    standingOf(disk),
    formatSize(disk.sizeBytes),
    formatSize(disk.freeBytes),
    disk.storeUuid,
  ]);
  return [
    `node      ${node.id}`,
    `state     ${stateOf(node)}`,
    ...(node.zone === "" ? [] : [`zone      ${node.zone}`]),
    `address   ${node.address}`,
    `chunks    ${node.chunks} (primary of ${node.primaries}, degraded ${node.degradedChunks}, ` +
      `in resync ${node.resyncChunks})`,
    ...table(["DISK", "STATE", "SIZE", "FREE", "STORE"], disks),
    ...slowLines([node]),
  ];
}

async function show(id: string, options: ClusterOptions): Promise<Answer> {
  const wanted = nodeId(id);
  const nodes = await withAdmin(options, (admin, signal) => admin.listNodes({ signal }));
  const node = nodes.find((other) => other.id === wanted);
  if (node) return { json: node, lines: nodeLines(node) };
  throw new SystemError("node/not-found", `no storage node is called "${id}"`, {
    hint:
      nodes.length === 0
        ? "no storage node has registered yet"
        : `give one of ${nodes.map((other) => other.id).join(", ")}`,
  });
}

export function addNodeCommands(program: Command): void {
  const node = program.command("node").description("storage nodes");
  withClusterOptions(node.command("list"))
    .description("all storage nodes with their free space")
    .action(answering(list));
  withClusterOptions(node.command("show <id>"))
    .description("one storage node and its disks")
    .action(answering(show));
  addMachineCommands(node);
  addNodeUpkeep(node);
}
