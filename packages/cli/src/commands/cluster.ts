// `ashlar cluster …`: the cluster as a whole.
import { formatSize, hasCode, SystemError } from "@ashlar/core";
import type { AdminClient, ClusterStatus, GroupStatus } from "@ashlar/rpc";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import { EXIT } from "../exit-status.ts";
import { leaderlessGroup, memberTable } from "../member-table.ts";
import { type Answer, errorDocument, table } from "../output.ts";
import { answering } from "../run.ts";
import {
  addTokenCommand,
  initMachine,
  type MachineOptions,
  withMachineOptions,
} from "./machine.ts";
import { addMemberCommands } from "./member.ts";
import { addShutdown } from "./shutdown.ts";

/** An election is over by then; who asks for the status wants to see a group that has no leader. */
const STATUS_PATIENCE_MS = 3_000;

type Positions = Pick<GroupStatus, "term" | "lastIndex" | "commitIndex" | "appliedIndex">;

const positionsLine = ({ term, lastIndex, commitIndex, appliedIndex }: Positions): string =>
  `term      ${term}; log to ${lastIndex}, committed to ${commitIndex}, applied to ${appliedIndex}`;

function clusterAnswer(cluster: ClusterStatus, group: GroupStatus): Answer {
  const { leader, term, lastIndex, commitIndex, appliedIndex } = group;
  const positions = { term, lastIndex, commitIndex, appliedIndex };
  const kinds = { storage: cluster.storage, gateway: cluster.gateways };
  const rows = Object.entries(kinds).flatMap(([kind, processes]) =>
    processes.map(({ id, state, address, portals }) => [
      kind,
      id,
      state,
      address || portals.map((portal) => portal.address).join(","),
    ]),
  );
  return {
    json: { ...cluster, leader, ...positions },
    lines: [
      `cluster   ${cluster.clusterId}, made ${cluster.createdAt}`,
      `volumes   ${cluster.volumes}`,
      `chunks    ${cluster.chunks} of ${formatSize(cluster.chunkSize)}: ` +
        `${cluster.degradedChunks} degraded, ${cluster.resyncChunks} in resync, ` +
        `${cluster.unavailableChunks} unavailable`,
      ...cluster.slowDisks.map((reason) => `slow      ${reason}`),
      ...cluster.lostPaths.map(
        ({ process, peer, path }) => `network   ${process} does not reach ${peer} at ${path}`,
      ),
      `leader    ${leader}`,
      positionsLine(positions),
      ...memberTable(cluster.metadata),
      ...table(["KIND", "ID", "STATE", "ADDRESS"], rows),
    ],
  };
}

/** What the members that answer say without a leader. */
async function leaderlessAnswer(
  admin: AdminClient,
  reason: SystemError,
  signal: AbortSignal,
): Promise<Answer> {
  const group = leaderlessGroup(await admin.askMembers({ signal }));
  if (!group) throw reason;
  return {
    json: { ...group, ...errorDocument(reason) },
    lines: [
      `cluster   ${group.clusterId}`,
      `leader    none: ${reason.message}`,
      positionsLine(group),
      ...memberTable(group.metadata),
    ],
    exit: EXIT.failed,
  };
}

const status = (options: ClusterOptions): Promise<Answer> =>
  withAdmin(
    options,
    async (admin, signal) => {
      try {
        const cluster = await admin.clusterStatus({ signal });
        return clusterAnswer(cluster, await admin.groupStatus({ signal }));
      } catch (thrown) {
        // The second: nobody leads since disks are full, which keeps members from voting.
        if (!hasCode(thrown, "cluster/unavailable") && !hasCode(thrown, "disk/no-space"))
          throw thrown;
        return leaderlessAnswer(admin, thrown, signal);
      }
    },
    { patienceMs: STATUS_PATIENCE_MS },
  );

type InitOptions = Partial<MachineOptions> & {
  readonly config?: string;
  readonly gateway: boolean;
  readonly run: boolean;
};

async function init({ config, dir, host, ...options }: InitOptions): Promise<Answer> {
  if (config !== undefined) return foundMember(config);
  if (dir !== undefined && host !== undefined) return initMachine({ dir, host, ...options });
  throw new SystemError("argument/invalid", "it is not said where", {
    hint: "give --dir and --host for a machine with everything, or --config of a metadata member",
  });
}

/** The member alone, for who writes all configuration files by other means. */
async function foundMember(path: string): Promise<Answer> {
  const { foundCluster, METADATA_CONFIG } = await import("@ashlar/metadata");
  const { nodeDisk, nodeRandom, readConfig } = await import("@ashlar/runtime");
  const config = await readConfig(path, METADATA_CONFIG);
  await foundCluster({ disk: nodeDisk, random: nodeRandom }, config);
  const { clusterId, nodeId, dataDir } = config;
  return {
    json: { clusterId, founder: nodeId, dataDir },
    lines: [
      `cluster ${clusterId} is founded: ${nodeId} is its first member, in ${dataDir}`,
      `start it with \`ashlar metadata --config ${path}\`; the others begin blank and join it`,
    ],
  };
}

export function addClusterCommands(program: Command): void {
  const cluster = program.command("cluster").description("the cluster as a whole");
  withClusterOptions(cluster.command("status"))
    .description(
      "metadata members and their leader, processes, how many chunks lack a copy; exit 1 without a leader",
    )
    .action(answering(status));
  withMachineOptions(cluster.command("init"), { isRequired: false })
    .description("found a cluster with this machine as its first, and run it; once")
    .option(
      "--config <file>",
      "found only: format the folder of a metadata member with this configuration",
    )
    .action(answering(init));
  addTokenCommand(cluster);
  addShutdown(cluster);
  addMemberCommands(cluster);
}
