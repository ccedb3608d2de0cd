// The members of a mirror that should have everything, before the store is opened. Each is recovered for trial, without
// a write: one whose metadata is damaged has not everything, and one that fails is left out. After the end of a
// process the last writes may lie on one of them only. Of content that matters to none: what is not in the journal was
// synced to both, or is written again. So it is the journal, and what names its beginning, that are made equal: else
// what one member tells now, the other one might not tell when it is alone.
import { hasCode } from "@ashlar/core";
import type { DiskFile } from "@ashlar/runtime";
import { layoutOf } from "./format.ts";
import { spansOf } from "./mirror-copy.ts";
import type { Member } from "./mirror-file.ts";
import type { MirrorLabel } from "./mirror-label.ts";
import { recover } from "./recovery.ts";
import { recoveryPorts } from "./recovery-ports.ts";
import type { Superblock } from "./superblock.ts";

export interface RootedMember extends Member {
  readonly superblock: Superblock;
  readonly label: MirrorLabel | undefined;
}

export interface EqualMembers {
  /** None when no one is left. The first one counts where they differed. */
  readonly equal: readonly RootedMember[];
  /** Their metadata is damaged: they are to be written as a whole. */
  readonly damaged: readonly RootedMember[];
}

/** @throws SystemError disk/corrupt when no one that can be read is whole: nothing was written then. */
export async function equalMembers(
  members: readonly RootedMember[],
  onFailed: (member: RootedMember, thrown: unknown) => void,
): Promise<EqualMembers> {
  const whole: { readonly member: RootedMember; readonly end: number }[] = [];
  const damaged: RootedMember[] = [];
  let damage: unknown;
  for (const member of members) {
    try {
      whole.push({ member, end: await trialEnd(member) });
    } catch (thrown) {
      if (hasCode(thrown, "disk/corrupt")) {
        damage = thrown;
        damaged.push(member);
      } else onFailed(member, thrown);
    }
  }
  if (whole.length === 0 && damage !== undefined) throw damage;
  const [source, target] = whole
    .sort((a, b) => sequenceOf(b.member) - sequenceOf(a.member) || b.end - a.end)
    .map(({ member }) => member);
  if (!source || !target) return { equal: source ? [source] : [], damaged };
  let pieces: readonly Piece[];
  try {
    pieces = await rootOf(source);
  } catch (thrown) {
    onFailed(source, thrown);
    return { equal: [target], damaged };
  }
  try {
    await makeEqual(target, pieces);
    return { equal: [source, target], damaged };
  } catch (thrown) {
    onFailed(target, thrown);
    return { equal: [source], damaged };
  }
}

const sequenceOf = ({ superblock }: RootedMember): number => superblock.sequence;

/** Where the journal ends, as a recovery finds it. */
async function trialEnd({ file, superblock }: RootedMember): Promise<number> {
  const unwritten: DiskFile = {
    path: file.path,
    sizeBytes: () => file.sizeBytes(),
    read: (position, target) => file.read(position, target),
    write: async () => {},
    writeMany: async () => {},
    datasync: async () => {},
    truncate: async () => {},
    close: async () => {},
  };
  const ports = await recoveryPorts(unwritten, superblock, { pageCacheBytes: 0 });
  return (await recover(ports, superblock)).journalEnd;
}

interface Piece {
  readonly position: number;
  readonly bytes: Buffer;
}

/** Superblocks and journal; read as a whole before any of it is written elsewhere. */
async function rootOf({ file, superblock }: RootedMember): Promise<Piece[]> {
  const { dataStart } = layoutOf(superblock.sizeBytes, superblock.journalBytes);
  const pieces: Piece[] = [];
  for (const { from, to } of spansOf(dataStart)) {
    const bytes = Buffer.alloc(to - from);
    await file.read(from, bytes);
    pieces.push({ position: from, bytes });
  }
  return pieces;
}

async function makeEqual({ file }: RootedMember, pieces: readonly Piece[]): Promise<void> {
  for (const { position, bytes } of pieces) {
    const found = Buffer.alloc(bytes.length);
    await file.read(position, found);
    if (!found.equals(bytes)) await file.write(position, [bytes]);
  }
  await file.datasync();
}
