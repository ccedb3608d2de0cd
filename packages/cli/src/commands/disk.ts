// `ashlar disk …`: the disks of the storage nodes.
import { diskId, formatSize, nodeId, SystemError } from "@ashlar/core";
import type {
  AdminClient,
  DiskPlace,
  DiskStatus,
  MirrorStatus,
  NodeStatus,
  ScrubPass,
} from "@ashlar/rpc";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import { EXIT } from "../exit-status.ts";
import { type Answer, progressBar, table } from "../output.ts";
import { answering } from "../run.ts";

interface DetachOptions extends ClusterOptions {
  readonly detach?: boolean;
}

interface RetireOptions extends DetachOptions {
  readonly force?: boolean;
  readonly now?: boolean;
  readonly cancel?: boolean;
}

/** How often work that goes on by itself is looked at: nodes tell of it with their pings. */
const POLL_MS = 500;

/** `storage-1/disk-2` */
export function placeOf(text: string): DiskPlace {
  const [node, disk, ...rest] = text.split("/");
  if (node && disk && rest.length === 0) return { node: nodeId(node), disk: diskId(disk) };
  throw new SystemError("argument/invalid", `"${text}" names no disk`, {
    hint: "give NODE/DISK, for example storage-1/disk-1; see `ashlar disk list`",
  });
}

const isUnderWay = ({ finishedAt }: ScrubPass): boolean => finishedAt === "";

function scrubText(scrub: ScrubPass | null): string {
  if (!scrub) return "never";
  const { chunksDone, chunksTotal, damaged, repaired } = scrub;
  const found = damaged > 0 ? `, ${damaged} damaged, ${repaired} repaired` : "";
  if (!isUnderWay(scrub)) return `${scrub.finishedAt.slice(0, 16)}Z${found}`;
  return `${chunksDone}/${chunksTotal} chunks${found}`;
}

/** What a disk is, for people. */
export const standingOf = ({
  state,
  mirror,
  slow: mark,
}: Pick<DiskStatus, "state" | "mirror" | "slow">): string =>
  `${state}${mirrorText(mirror)}${mark ? ", slow" : ""}`;

/** Why disks are slow; nothing when none is. */
export const slowLines = (nodes: readonly Pick<NodeStatus, "disks">[]): string[] =>
  nodes.flatMap(({ disks }) =>
    disks.flatMap(({ slow: mark }) =>
      mark ? [`slow since ${mark.since.slice(0, 19)}Z: ${mark.reason}`] : [],
    ),
  );

/** Whether a failure of a disk would cost anything. */
function mirrorText(mirror: MirrorStatus | null): string {
  if (!mirror) return "";
  const { state, copiedBytes, totalBytes } = mirror;
  if (state === "both") return ", mirrored";
  if (state === "alone") return ", mirror lost";
  return `, mirroring ${totalBytes > 0 ? Math.floor((100 * copiedBytes) / totalBytes) : 0} %`;
}

async function list(options: ClusterOptions): Promise<Answer> {
  const nodes = await withAdmin(options, (admin, signal) => admin.listNodes({ signal }));
  const disks = nodes.flatMap((node) =>
    node.disks.map((disk) => ({ node: node.id, nodeState: node.state, ...disk })),
  );
  const rows = disks.map((disk) => [
    `${disk.node}/${disk.id}`,
    disk.nodeState === "up" ? standingOf(disk) : "node down",
    formatSize(disk.sizeBytes),
    formatSize(disk.freeBytes),
    disk.chunks,
    scrubText(disk.scrub),
    disk.storeUuid,
  ]);
  const headings = ["DISK", "STATE", "SIZE", "FREE", "CHUNKS", "SCRUBBED", "STORE"];
  return { json: { disks }, lines: [...table(headings, rows), ...slowLines(nodes)] };
}

/** Which disks are out of the way, and which would be. */
async function slow(policy: string | undefined, options: ClusterOptions): Promise<Answer> {
  const keeps = keepsOf(policy);
  const standing = await withAdmin(options, async (admin, signal) => {
    if (keeps !== undefined) await admin.upkeep.keepSlowDisks(keeps, { signal });
    return admin.upkeep.slowDisks({ signal });
  });
  const rows = standing.disks.map(({ node, disk, since, primaries, copies, reason }) => [
    `${node}/${disk}`,
    `${since.slice(0, 19)}Z`,
    primaries,
    copies,
    reason,
  ]);
  const what = standing.keeps ? "left where they are" : "taken out of the way";
  const headings = ["DISK", "SINCE", "LEADS", "COPIES", "REASON"];
  const disks = rows.length === 0 ? ["no disk is slow"] : table(headings, rows);
  return { json: standing, lines: [`slow disks are ${what}`, ...disks] };
}

function keepsOf(policy: string | undefined): boolean | undefined {
  if (policy === undefined) return undefined;
  if (policy === "keep" || policy === "eject") return policy === "keep";
  throw new SystemError("argument/invalid", `"${policy}" is neither "keep" nor "eject"`);
}

async function trust(text: string, options: ClusterOptions): Promise<Answer> {
  const place = placeOf(text);
  await withAdmin(options, (admin, signal) => admin.upkeep.trustDisk(place, { signal }));
  return { json: place, lines: [`${text} is used as any other, as long as it is not slow again`] };
}

/** Looks at a disk again and again until `isDone`. */
async function follow(
  admin: AdminClient,
  { node, disk }: DiskPlace,
  {
    signal,
    isDone,
  }: { readonly signal: AbortSignal; readonly isDone: (disk: DiskStatus) => boolean },
): Promise<DiskStatus> {
  const { polled } = await import("../polling.ts");
  const look = async (): Promise<DiskStatus | undefined> => {
    const nodes = await admin.listNodes({ signal });
    const found = nodes.find((one) => one.id === node)?.disks.find((one) => one.id === disk);
    if (!found) throw new SystemError("disk/not-found", `${node}/${disk} is gone`);
    return isDone(found) ? found : undefined;
  };
  return polled(look, { signal, everyMs: POLL_MS });
}

function scrubAnswer(place: DiskPlace, pass: ScrubPass): Answer {
  const { chunksDone, damaged, repaired, different } = pass;
  const isGood = damaged === repaired && different === 0;
  const name = `${place.node}/${place.disk}`;
  return {
    json: { ...place, ...pass },
    lines: [
      `${name}: ${chunksDone} chunks, ${damaged} units damaged, ${repaired} repaired, ` +
        `${different} copies elsewhere different`,
    ],
    exit: isGood ? EXIT.done : EXIT.failed,
  };
}

async function scrub(text: string, options: DetachOptions): Promise<Answer> {
  const place = placeOf(text);
  return withAdmin(options, async (admin, signal) => {
    const begun = await admin.scrubDisk(place, { signal });
    if (options.detach) {
      const line = `${text} is being verified; see \`ashlar disk list\``;
      return { json: { ...place, ...begun }, lines: [line] };
    }
    const bar = progressBar(options.json ?? false);
    let pass = begun;
    await follow(admin, place, {
      signal,
      isDone: ({ scrub: told }) => {
        // Of an earlier pass until the node's next ping, or after the leader has changed.
        if (!told || told.startedAt < begun.startedAt) return false;
        pass = told;
        bar(told.chunksDone, told.chunksTotal);
        return !isUnderWay(told);
      },
    });
    return scrubAnswer(place, pass);
  });
}

/** Shows how many copies are still on a disk, until none is. */
async function untilEmpty(
  admin: AdminClient,
  place: DiskPlace,
  {
    signal,
    json,
    isMeant,
  }: {
    readonly signal: AbortSignal;
    readonly json: boolean;
    readonly isMeant: (state: DiskStatus["state"]) => boolean;
  },
): Promise<DiskStatus> {
  const bar = progressBar(json);
  let total = 0;
  return follow(admin, place, {
    signal,
    isDone: ({ chunks, state }) => {
      if (!isMeant(state)) {
        throw new SystemError("operation/aborted", "somebody wants the disk to be used again");
      }
      total = Math.max(total, chunks);
      bar(total - chunks, total);
      return chunks === 0;
    },
  });
}

/** Its copies move elsewhere first, so that no chunk has fewer meanwhile. */
async function retire(text: string, options: RetireOptions): Promise<Answer> {
  const place = placeOf(text);
  const { force, cancel, detach, json = false } = options;
  return withAdmin(options, async (admin, signal) => {
    const { state: before } = await follow(admin, place, { signal, isDone: () => true });
    // From one that does not serve nothing can move.
    const now = options.now === true || (before !== "up" && before !== "leaving");
    if (cancel) {
      await admin.upkeep.emptyDisk({ ...place, leaving: false }, { signal });
      return { json: { ...place, state: "up" }, lines: [`${text} is used again`] };
    }
    if (now) {
      await admin.retireDisk(place, { signal, force });
      // Forced, it may hold what nobody has room for, and this would never end.
      if (detach || force) {
        const line = `${text} is retired; what it held is made again elsewhere`;
        return { json: { ...place, state: "retired" }, lines: [line] };
      }
    } else {
      await admin.upkeep.emptyDisk({ ...place, leaving: true }, { signal, force });
      if (detach) {
        const line = `the copies on ${text} move elsewhere; see \`ashlar disk list\``;
        return { json: { ...place, state: "leaving" }, lines: [line] };
      }
    }
    const isMeant = (state: DiskStatus["state"]): boolean => now || state !== "up";
    const { storeUuid } = await untilEmpty(admin, place, { signal, json, isMeant });
    if (!now) await admin.retireDisk(place, { signal });
    const line = `${text} is retired and holds nothing that is needed: it can be taken out`;
    return { json: { ...place, storeUuid, state: "retired", chunks: 0 }, lines: [line] };
  });
}

export function addDiskCommands(program: Command): void {
  const disk = program.command("disk").description("disks of the storage nodes");
  withClusterOptions(disk.command("list"))
    .description("all disks, what is on them and when they were verified last")
    .action(answering(list));
  withClusterOptions(disk.command("scrub <node/disk>"))
    .description("read back and verify all that is on a disk, and repair it from other copies")
    .option("--detach", "do not wait for the end; interrupted, it goes on as well")
    .action(answering(scrub));
  withClusterOptions(disk.command("slow [eject|keep]"))
    .description("disks that keep hosts waiting and why; whether they are taken out of the way")
    .action(answering(slow));
  withClusterOptions(disk.command("trust <node/disk>"))
    .description("use a disk again that was slow, before it has been well for long")
    .action(answering(trust));
  withClusterOptions(disk.command("retire <node/disk>"))
    .description("take a disk out of use for good, when what it holds has moved elsewhere")
    .option("--now", "at once: what it holds is made again elsewhere, from the other copies")
    .option("--force", "also when no other disk has room for all of it")
    .option("--cancel", "use a disk again whose copies move elsewhere")
    .option("--detach", "do not wait until it is empty; it is not retired then")
    .action(answering(retire));
}
