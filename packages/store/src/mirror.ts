// Opening the file of a store, which may be a pair: two members are looked at, it is judged which of them have
// everything, and what that means is written down before the first of them is used.
import { type StoreUuid, SystemError, toSystemError } from "@ashlar/core";
import type { Clock, Disk, DiskFile, Log } from "@ashlar/runtime";
import { corrupt, layoutOf } from "./format.ts";
import { copyMember } from "./mirror-copy.ts";
import {
  type Member,
  MirrorFile,
  type MirrorFileOptions,
  type MirrorWitness,
} from "./mirror-file.ts";
import { type Judgement, judgeMembers, type SeenMember } from "./mirror-judgement.ts";
import { type MirrorLabel, readLabel, writeLabel } from "./mirror-label.ts";
import { equalMembers, type RootedMember } from "./mirror-members.ts";
import { absenceOf, readSuperblock, type Superblock } from "./superblock.ts";

export interface MirrorPorts {
  readonly disk: Disk;
  readonly log: Log;
  readonly clock: Clock;
  readonly witness: MirrorWitness;
}

export interface OpenedFile {
  readonly file: DiskFile;
  readonly superblock: Superblock;
  /** Of the fullest file system that something must be written to. */
  readonly freeBytes: () => Promise<number>;
  /** Of a pair. */
  readonly mirror?: MirrorFile;
  /** Begins to copy to a member that is behind, which is not before the store is recovered. */
  readonly copy?: () => void;
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
    // Only a disk that fails, or cannot take a lock, is one to go on without.
    if (error.code !== "disk/failed" && error.code !== "disk/no-space") throw error;
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
  const labels = members.map((member) => (member.kind === "store" ? member.label : undefined));
  const judgedCurrent = members.flatMap(({ file, path, superblock }, index) =>
    file && superblock && judged.current.includes(index)
      ? [{ file, path, superblock, label: labels[index] }]
      : [],
  );
  const [first] = judgedCurrent;
  if (!first) throw corrupt("no superblock is whole");
  refuse(first.superblock);
  if (members.length === 1 && judged.events === 0) {
    const { file, superblock } = first;
    return { file, superblock, freeBytes: () => ports.disk.freeBytes(file.path) };
  }
  await begin(ports, members, judged);
  const behind = members.flatMap(({ file, path }, index) =>
    file && !judged.current.includes(index) ? [{ file, path }] : [],
  );
  return opened(ports, await note(ports, judged, { current: judgedCurrent, behind }));
}

function opened({ disk, log, witness, clock }: MirrorPorts, noted: Noted): OpenedFile {
  const { superblock } = noted.current[0];
  const mirror = new MirrorFile({ log, witness }, noted);
  const { sizeBytes: deviceBytes } = layoutOf(superblock.sizeBytes, superblock.journalBytes);
  const copy = (): void =>
    mirror.inBackground((signal) => copyMember(mirror, { clock, deviceBytes, signal }));
  const freeBytes = async (): Promise<number> => {
    const asked = mirror.pathsInUse.map((path) => disk.freeBytes(path));
    // A disk that does not tell has failed, which shows when it is written to.
    const told = (await Promise.allSettled(asked)).flatMap((one) =>
      one.status === "fulfilled" ? [one.value] : [],
    );
    return told.length === 0 ? 0 : Math.min(...told);
  };
  return { file: mirror, superblock, freeBytes, mirror, copy };
}

/**
 * The mirror of a store that never had one is made. Later on a missing file may be a disk that is not mounted, in
 * whose place nothing is to be made: there an empty file has to be.
 */
async function begin(
  { disk, log }: MirrorPorts,
  members: Looked[],
  judged: Judgement,
): Promise<void> {
  const [, mirror] = members;
  if (judged.events > 0 || mirror?.kind !== "missing") return;
  const { path } = mirror;
  try {
    if (path.startsWith("/dev/") || (await disk.exists(path))) return;
    const file = await disk.open(path, { mode: "create", lock: true });
    members[1] = { kind: "blank", path, file, superblock: undefined };
  } catch (thrown) {
    log.error({ path, error: toSystemError(thrown, "disk/failed") }, "a mirror cannot be made");
  }
}

interface Noted extends MirrorFileOptions {
  readonly current: readonly [RootedMember, ...RootedMember[]];
}

/** Makes it durable who is current before anything is written. Members whose disk fails are left out. */
async function note(
  { witness, log }: MirrorPorts,
  { storeUuid, events: told }: Judgement,
  members: { readonly current: readonly RootedMember[]; readonly behind: readonly Member[] },
): Promise<Noted> {
  const onFailed = ({ path, file }: Member, thrown: unknown): void => {
    log.error({ path, error: toSystemError(thrown, "disk/failed") }, "mirror member failed");
    void file.close().catch(() => {});
  };
  const { equal, damaged } = await equalMembers(members.current, onFailed);
  const [first, second] = equal;
  if (!first) throw new SystemError("disk/failed", "no member of the mirror can be used");
  const known = witness.eventsOf(storeUuid);
  const { label } = first;
  const partnerEvents = label?.state === "alone" ? label.partnerEvents : told;
  if (second) {
    const given = Math.max(told, known?.given ?? 0);
    if (known?.noted !== told) await witness.record(storeUuid, { noted: told, given });
    return { storeUuid, current: [first, second], behind: [], events: told, partnerEvents };
  }
  const events = Math.max(told, known?.given ?? 0) + 1;
  await witness.record(storeUuid, { noted: known?.noted ?? told, given: events });
  await writeLabel(first.file, { storeUuid, events, state: "alone", partnerEvents });
  await witness.record(storeUuid, { noted: events, given: events });
  const behind: Member[] = [];
  for (const member of [...members.behind, ...damaged]) {
    try {
      await writeLabel(member.file, { storeUuid, events, state: "behind", partnerEvents });
      behind.push(member);
    } catch (thrown) {
      onFailed(member, thrown);
    }
  }
  const paths = behind.map(({ path }) => path);
  log.warn({ path: first.path, events, behind: paths }, "one member of a mirror has everything");
  return { storeUuid, current: [first], behind, events, partnerEvents };
}

/** For a store that has no mirror, and no memory of one. */
export const noWitness: MirrorWitness = {
  eventsOf: (_: StoreUuid) => undefined,
  record: async () => {},
};
