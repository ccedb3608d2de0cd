// Opening the file of a store, which may be a pair: two members are looked at, it is judged which of them have
// everything, and what that means is written down before the first of them is used.
import { type StoreUuid, SystemError, toSystemError } from "@ashlar/core";
import type { Clock, Disk, DiskFile, Log } from "@ashlar/runtime";
import { corrupt, layoutOf } from "./format.ts";
import { copyMember, makeEqual, roomOf, spansOf } from "./mirror-copy.ts";
import { type Member, MirrorFile, type MirrorWitness } from "./mirror-file.ts";
import { type Judgement, judgeMembers, type SeenMember } from "./mirror-judgement.ts";
import { type MirrorLabel, readLabel, writeLabel } from "./mirror-label.ts";
import { absenceOf, readSuperblock, type Superblock } from "./superblock.ts";

export interface MirrorPorts {
  readonly disk: Disk;
  readonly log: Log;
  readonly clock: Clock;
  readonly witness: MirrorWitness;
}

/**
 * A member that is not here may have a label that is newer by so many events, of which this one did not hear any more
 * and of which nothing was acknowledged: it had caught up, and went on alone when the power failed. What goes on
 * without it must say more than that.
 */
const UNSEEN_EVENTS = 2;

export interface OpenedFile {
  readonly file: DiskFile;
  readonly superblock: Superblock;
  /** Of the fullest file system that something must be written to. */
  readonly freeBytes: () => Promise<number>;
  /** Of a pair. */
  readonly mirror?: MirrorFile;
}

export interface MembersOptions {
  readonly path: string;
  readonly mirrorPath?: string | undefined;
  /** Throws when the store is not the one that is meant: nothing is written then. */
  readonly refuse: (found: Superblock) => void;
}

type Looked = SeenMember & {
  readonly file: DiskFile | undefined;
  readonly superblock: Superblock | undefined;
};

/**
 * The file at `path`, together with its mirror if there is one.
 * @throws SystemError disk/foreign (no store, another format's, not a pair, or a member that may miss something),
 *   disk/locked, disk/corrupt, disk/failed.
 */
export async function openMembers(
  ports: MirrorPorts,
  { path, mirrorPath, refuse }: MembersOptions,
): Promise<OpenedFile> {
  const members: Looked[] = [];
  try {
    members.push(await look(ports.disk, path));
    if (mirrorPath !== undefined) members.push(await look(ports.disk, mirrorPath));
    return await join(ports, members, refuse);
  } catch (thrown) {
    for (const { file } of members) await file?.close().catch(() => {});
    throw thrown;
  }
}

async function look(disk: Disk, path: string): Promise<Looked> {
  let file: DiskFile | undefined;
  try {
    file = await disk.open(path, { mode: "open", lock: true });
    const superblock = await readSuperblock(file);
    const label = await readLabel(file);
    return { ...(await seen(file, superblock, label)), file, superblock };
  } catch (thrown) {
    const error = toSystemError(thrown, "disk/failed");
    await file?.close().catch(() => {});
    // Only a disk that fails is one to go on without.
    if (error.code !== "disk/failed") throw error;
    return { kind: "missing", path, error, file: undefined, superblock: undefined };
  }
}

async function seen(
  file: DiskFile,
  superblock: Superblock | undefined,
  label: MirrorLabel | undefined,
): Promise<SeenMember> {
  const { path } = file;
  if (superblock) return { kind: "store", path, storeUuid: superblock.storeUuid, label };
  // Half copied, or damaged: as good as behind.
  if (label) {
    return {
      kind: "store",
      path,
      storeUuid: label.storeUuid,
      label: { ...label, state: "behind" },
    };
  }
  const { isBlank, error } = await absenceOf(file);
  if (!isBlank) throw error;
  return { kind: "blank", path };
}

async function join(
  ports: MirrorPorts,
  members: Looked[],
  refuse: MembersOptions["refuse"],
): Promise<OpenedFile> {
  const judged = judgeMembers(members, (store) => ports.witness.eventsOf(store));
  const held = (isWanted: (index: number) => boolean): Member[] =>
    members.flatMap(({ file, path }, index) => (file && isWanted(index) ? [{ file, path }] : []));
  const superblock = members[judged.current[0] ?? 0]?.superblock;
  if (!superblock) throw corrupt("no superblock is whole");
  refuse(superblock);
  await begin(ports.disk, members, judged);
  const [current, behind] = [
    held((index) => judged.current.includes(index)),
    held((index) => !judged.current.includes(index)),
  ];
  const isSingle = members.length === 1 && judged.events === 0;
  const [first] = current;
  if (isSingle && first) {
    const { file } = first;
    return { file, superblock, freeBytes: () => ports.disk.freeBytes(file.path) };
  }
  const events = await note(ports, judged, { current, behind });
  const { log, witness, clock } = ports;
  const { storeUuid } = judged;
  const mirror = new MirrorFile({ log, witness }, { storeUuid, current, behind, events });
  const { sizeBytes: deviceBytes } = layoutOf(superblock.sizeBytes, superblock.journalBytes);
  mirror.inBackground((signal) => copyMember(mirror, { clock, deviceBytes, signal }));
  const freeBytes = async (): Promise<number> => {
    const all = await Promise.all(mirror.pathsInUse.map((path) => ports.disk.freeBytes(path)));
    return Math.min(...all);
  };
  return { file: mirror, superblock, freeBytes, mirror };
}

/**
 * The mirror of a store that never had one is made. Later on a missing file may be a disk that is not mounted, in
 * whose place nothing is to be made: there an empty file has to be.
 */
async function begin(disk: Disk, members: Looked[], judged: Judgement): Promise<void> {
  const [, mirror] = members;
  if (judged.events > 0 || mirror?.kind !== "missing") return;
  const { path } = mirror;
  if (path.startsWith("/dev/") || (await disk.exists(path))) return;
  const file = await disk.open(path, { mode: "create", lock: true });
  members[1] = { kind: "blank", path, file, superblock: undefined };
}

/** Makes it durable who is current, before anything is written; the number of the events. */
async function note(
  { witness, log }: MirrorPorts,
  { storeUuid, events }: Judgement,
  { current, behind }: { current: readonly Member[]; behind: readonly Member[] },
): Promise<number> {
  const [first, second] = current;
  if (!first) throw new SystemError("disk/failed", "no member of the mirror has everything");
  const remembered = witness.eventsOf(storeUuid);
  if (second) {
    await equalize(first, second);
    if (remembered !== events) await witness.record(storeUuid, events);
    return events;
  }
  const alone = Math.max(events, remembered ?? 0) + UNSEEN_EVENTS + 1;
  await writeLabel(first.file, { storeUuid, events: alone, state: "alone" });
  await witness.record(storeUuid, alone);
  for (const member of behind) {
    await writeLabel(member.file, { storeUuid, events: alone, state: "behind" });
  }
  const told = { path: first.path, events: alone, behind: behind.map(({ path }) => path) };
  log.warn(told, "a mirror has one member that has everything");
  return alone;
}

/**
 * After the end of a process the last writes may lie on one of them only. Of the content that matters to none:
 * what is not in the journal was synced to both, or is written again. So it is the journal, and what names its
 * beginning, that are made equal.
 */
async function equalize(first: Member, second: Member): Promise<void> {
  const superblock = await readSuperblock(first.file);
  if (!superblock) throw corrupt("no superblock is whole");
  const { dataStart } = layoutOf(superblock.sizeBytes, superblock.journalBytes);
  const written = { target: second.file, targetBytes: await roomOf(second.file) };
  for (const span of spansOf(dataStart)) await makeEqual(first.file, written, span);
  await second.file.datasync();
}

/** For a store that has no mirror, and no memory of one. */
export const noWitness: MirrorWitness = {
  eventsOf: (_: StoreUuid) => undefined,
  record: async () => {},
};
