// `ashlar volume …`: the virtual disks of a cluster.
import { formatSize, parseSize, SystemError, volumeId, volumeName } from "@ashlar/core";
import type { VolumeStatus } from "@ashlar/rpc";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import { EXIT } from "../exit-status.ts";
import { type Answer, progressBar, table } from "../output.ts";
import { answering } from "../run.ts";
import { wholeNumber } from "../whole-number.ts";
import { accessLines, addMappingCommands } from "./mapping.ts";

interface CreateOptions extends ClusterOptions {
  readonly size: string;
  readonly replicas?: string;
  readonly blockSize?: string;
  readonly mapped?: boolean;
}

interface DeleteOptions extends ClusterOptions {
  readonly force?: boolean;
}

const changeOf = ({ change }: VolumeStatus): string =>
  change === "" ? "" : `; under way: ${change}`;

/** Who may use it, in short. */
function hostsOf({ access, mappings }: VolumeStatus): string {
  if (access === "any") return "any";
  const [only] = mappings;
  if (mappings.length > 1) return `${mappings.length} hosts`;
  return only?.host ?? "none";
}

function volumeLines(volume: VolumeStatus): string[] {
  return [
    `volume    ${volume.name}`,
    `target    ${volume.iqn}${volume.access === "any" ? `  LUN ${volume.lun}` : ""}`,
    ...accessLines(volume),
    `size      ${formatSize(volume.sizeBytes)} in blocks of ${volume.blockSize}`,
    `replicas  ${volume.replicas}`,
    `chunks    ${volume.chunks}: ${volume.degradedChunks} degraded, ` +
      `${volume.resyncChunks} in resync, ${volume.unavailableChunks} unavailable`,
    `state     generation ${volume.generation}, ${volume.resets} resets${changeOf(volume)}`,
    `id        ${volume.id}, made ${volume.createdAt}`,
  ];
}

async function create(name: string, options: CreateOptions): Promise<Answer> {
  const { nodeRandom } = await import("@ashlar/runtime");
  const wanted = {
    volume: volumeId(nodeRandom.uuid()),
    name: volumeName(name),
    sizeBytes: parseSize(options.size),
    replicas: wholeNumber("replicas", options.replicas),
    blockSize: wholeNumber("block-size", options.blockSize),
    access: options.mapped ? ("mapped" as const) : ("any" as const),
  };
  const volume = await withAdmin(options, (admin, signal) =>
    admin.createVolume(wanted, { signal }),
  );
  return { json: volume, lines: volumeLines(volume) };
}

async function list(options: ClusterOptions): Promise<Answer> {
  const volumes = await withAdmin(options, (admin, signal) => admin.listVolumes({ signal }));
  const rows = volumes.map((volume) => [
    volume.name,
    formatSize(volume.sizeBytes),
    volume.replicas,
    volume.degradedChunks,
    hostsOf(volume),
    volume.iqn,
  ]);
  const lines = table(["VOLUME", "SIZE", "REPLICAS", "DEGRADED", "HOSTS", "TARGET"], rows);
  return { json: { volumes }, lines };
}

async function show(name: string, options: ClusterOptions): Promise<Answer> {
  const wanted = volumeName(name);
  const volume = await withAdmin(options, (admin, signal) => admin.getVolume(wanted, { signal }));
  return { json: volume, lines: volumeLines(volume) };
}

const REPAIRED = "damaged units that another replica has in order were repaired: check again";

async function check(name: string, options: ClusterOptions): Promise<Answer> {
  const wanted = volumeName(name);
  const bar = progressBar(options.json ?? false);
  const found = await withAdmin(options, (admin, signal) =>
    admin.checkVolume(wanted, {
      signal,
      onProgress: ({ chunksDone, chunksTotal }) => bar(chunksDone, chunksTotal),
    }),
  );
  const good = found.different === 0 && found.damaged === 0;
  return {
    json: found,
    lines: [
      `${found.chunks} chunks, ${found.replicas} replicas: ` +
        `${found.different} different, ${found.damaged} damaged`,
      ...(found.damaged > 0 ? [REPAIRED] : []),
    ],
    exit: good ? EXIT.done : EXIT.failed,
  };
}

async function fence(name: string, options: ClusterOptions): Promise<Answer> {
  const wanted = volumeName(name);
  const volume = await withAdmin(options, (admin, signal) => admin.fenceVolume(wanted, { signal }));
  const line = `${wanted} is fenced: nothing sent before generation ${volume.generation} can be done`;
  return { json: volume, lines: [line] };
}

async function set(name: string, options: ClusterOptions & { replicas?: string }): Promise<Answer> {
  const wanted = volumeName(name);
  const replicas = wholeNumber("replicas", options.replicas);
  if (replicas === undefined) {
    throw new SystemError("argument/invalid", "nothing is to be set", {
      hint: "give --replicas COUNT",
    });
  }
  await withAdmin(options, (admin, signal) =>
    admin.upkeep.setReplicas({ name: wanted, replicas }, { signal }),
  );
  const line = `${wanted} is to have ${replicas} copies of each block; see \`ashlar volume show ${wanted}\``;
  return { json: { name: wanted, replicas }, lines: [line] };
}

async function remove(name: string, options: DeleteOptions): Promise<Answer> {
  const wanted = volumeName(name);
  const { force } = options;
  await withAdmin(options, (admin, signal) => admin.deleteVolume(wanted, { signal, force }));
  return { json: { deleted: wanted }, lines: [`${wanted} is deleted`] };
}

export function addVolumeCommands(program: Command): void {
  const volume = program.command("volume").description("volumes: the disks that hosts see");
  withClusterOptions(volume.command("create <name>"))
    .description("make a volume; it is thin and can be used at once")
    .requiredOption("--size <size>", "for example 100GiB, a whole number of MiB")
    .option("--replicas <count>", "copies of each block (default: 2, or 1 with a single node)")
    .option("--block-size <bytes>", "logical block size, 512 or 4096 (default: 512)")
    .option("--mapped", "nobody may use it until it is mapped (default: any initiator may)")
    .action(answering(create));
  withClusterOptions(volume.command("list")).description("all volumes").action(answering(list));
  withClusterOptions(volume.command("show <name>"))
    .description("one volume and the state of its chunks")
    .action(answering(show));
  withClusterOptions(volume.command("check <name>"))
    .description("compare every replica of every chunk; exit 1 when any differ")
    .action(answering(check));
  withClusterOptions(volume.command("set <name>"))
    .description("change a volume while it is in use")
    .option("--replicas <count>", "copies of each block, 1 to 3: made, or dropped, by and by")
    .action(answering(set));
  addMappingCommands(volume);
  withClusterOptions(volume.command("fence <name>"))
    .description("see to it that nothing takes effect any more that gateways sent before")
    .action(answering(fence));
  withClusterOptions(volume.command("delete <name>"))
    .description("delete a volume and give its space back; hosts that use it are not asked")
    .option("--force", "also when a node that leads some of it does not answer")
    .action(answering(remove));
}
