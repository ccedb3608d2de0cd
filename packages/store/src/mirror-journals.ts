// After the end of a process the last writes may lie on one member of a mirror only. Of content that matters to
// none: what is not in the journal was synced to both, or is written again. So it is the journal, and what names its
// beginning, that are made equal, before anything is read from them: else what one member tells now, the other one
// might not tell when it is alone.
import { hasCode } from "@ashlar/core";
import type { DiskFile } from "@ashlar/runtime";
import { layoutOf, storeSeed } from "./format.ts";
import { readJournal } from "./journal-reader.ts";
import { spansOf } from "./mirror-copy.ts";
import type { Member } from "./mirror-file.ts";
import type { Superblock } from "./superblock.ts";

export interface RootedMember extends Member {
  readonly superblock: Superblock;
}

/** The members in the order of how far their journals go; those whose disk failed are left out. */
export async function equalJournals(
  members: readonly RootedMember[],
  onFailed: (member: RootedMember, thrown: unknown) => void,
): Promise<RootedMember[]> {
  const found: { readonly member: RootedMember; readonly end: number }[] = [];
  for (const member of members) {
    try {
      found.push({ member, end: await endOf(member) });
    } catch (thrown) {
      onFailed(member, thrown);
    }
  }
  const [source, ...others] = found.sort((a, b) => b.end - a.end).map(({ member }) => member);
  if (!source) return [];
  const equal = [source];
  for (const target of others) {
    try {
      if (await makeEqual(source, target, (thrown) => onFailed(source, thrown))) equal.push(target);
      else return [target];
    } catch (thrown) {
      onFailed(target, thrown);
    }
  }
  return equal;
}

/** Where the last whole batch ends; -1 of a journal that is damaged. */
async function endOf({ file, superblock }: RootedMember): Promise<number> {
  const { storeUuid, sizeBytes, replayFrom } = superblock;
  const { journalBytes } = layoutOf(sizeBytes, superblock.journalBytes);
  const ring = { journalBytes, seed: storeSeed(storeUuid), replayFrom };
  try {
    const all = { onBatch: async () => {}, lastIsWhole: async () => true };
    return (await readJournal(file, ring, all)).end;
  } catch (thrown) {
    if (hasCode(thrown, "disk/corrupt")) return -1;
    throw thrown;
  }
}

/** False when the source cannot be read. */
async function makeEqual(
  { file: source, superblock }: RootedMember,
  { file: target }: RootedMember,
  onSourceFailed: (thrown: unknown) => void,
): Promise<boolean> {
  const { dataStart } = layoutOf(superblock.sizeBytes, superblock.journalBytes);
  for (const { from, to } of spansOf(dataStart)) {
    const wanted = Buffer.alloc(to - from);
    try {
      await source.read(from, wanted);
    } catch (thrown) {
      onSourceFailed(thrown);
      return false;
    }
    if (!(await holds(target, from, wanted))) await target.write(from, [wanted]);
  }
  await target.datasync();
  return true;
}

async function holds(file: DiskFile, from: number, wanted: Buffer): Promise<boolean> {
  const found = Buffer.alloc(wanted.length);
  await file.read(from, found);
  return wanted.equals(found);
}
