// `ashlar cluster …`: the cluster as a whole.
import { formatSize } from "@ashlar/core";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import { type Answer, table } from "../output.ts";
import { answering } from "../run.ts";

async function status(options: ClusterOptions): Promise<Answer> {
  const cluster = await withAdmin(options, (admin, signal) => admin.clusterStatus({ signal }));
  const kinds = { metadata: cluster.metadata, storage: cluster.storage, gateway: cluster.gateways };
  const rows = Object.entries(kinds).flatMap(([kind, processes]) =>
    processes.map(({ id, state, address, portals }) => [
      kind,
      id,
      state,
      address || portals.map((portal) => portal.address).join(","),
    ]),
  );
  return {
    json: cluster,
    lines: [
      `cluster   ${cluster.clusterId}, made ${cluster.createdAt}`,
      `volumes   ${cluster.volumes}`,
      `chunks    ${cluster.chunks} of ${formatSize(cluster.chunkSize)}: ` +
        `${cluster.degradedChunks} degraded, ${cluster.resyncChunks} in resync, ` +
        `${cluster.unavailableChunks} unavailable`,
      ...table(["KIND", "ID", "STATE", "ADDRESS"], rows),
    ],
  };
}

export function addClusterCommands(program: Command): void {
  const cluster = program.command("cluster").description("the cluster as a whole");
  withClusterOptions(cluster.command("status"))
    .description("processes, and how many chunks lack a copy")
    .action(answering(status));
}
