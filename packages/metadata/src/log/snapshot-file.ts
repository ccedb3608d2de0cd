// The whole state in one file, so that the log before it can go. Written beside and renamed, so that
// there is always one that is whole.
import { crc32c, SystemError } from "@ashlar/core";
import type { Disk } from "@ashlar/runtime";
import { encodeSegmentHead, type LogIdentity, segmentHeadOf } from "./frame.ts";

const SNAPSHOT_NAME = "snapshot";
const PART_NAME = "snapshot.part";
/** u48 index, u48 length of the state, u32 crc of both and of the state. */
const SNAPSHOT_FIXED = 16;
const SUM_AT = 12;

const sumOf = (fixed: Buffer, state: Buffer): number =>
  crc32c(state, crc32c(fixed.subarray(0, SUM_AT)));

export interface SnapshotFound extends LogIdentity {
  /** Index of the last entry in the state. */
  readonly index: number;
  readonly state: Buffer;
}

export async function writeSnapshot(
  disk: Disk,
  folder: string,
  { clusterId, logId, index, state }: SnapshotFound,
): Promise<void> {
  const part = `${folder}/${PART_NAME}`;
  await disk.remove(part);
  const file = await disk.open(part, { mode: "create" });
  try {
    const fixed = Buffer.alloc(SNAPSHOT_FIXED);
    fixed.writeUIntLE(index, 0, 6);
    fixed.writeUIntLE(state.length, 6, 6);
    fixed.writeUInt32LE(sumOf(fixed, state), SUM_AT);
    await file.write(0, [encodeSegmentHead({ clusterId, logId }), fixed, state]);
    await file.datasync();
    await file.close();
  } catch (thrown) {
    await file.close();
    await disk.remove(part);
    throw thrown;
  }
  await disk.rename(part, `${folder}/${SNAPSHOT_NAME}`);
}

/** @throws SystemError disk/corrupt: what was renamed into place was whole. */
export async function readSnapshot(disk: Disk, folder: string): Promise<SnapshotFound | undefined> {
  await disk.remove(`${folder}/${PART_NAME}`);
  const path = `${folder}/${SNAPSHOT_NAME}`;
  if (!(await disk.exists(path))) return undefined;
  const bytes = await readWhole(disk, path);
  const head = segmentHeadOf(bytes);
  if (!head || bytes.length < head.length + SNAPSHOT_FIXED) throw damaged(path);
  const fixed = bytes.subarray(head.length, head.length + SNAPSHOT_FIXED);
  const start = head.length + SNAPSHOT_FIXED;
  const state = bytes.subarray(start, start + fixed.readUIntLE(6, 6));
  if (sumOf(fixed, state) !== fixed.readUInt32LE(SUM_AT)) throw damaged(path);
  return { clusterId: head.clusterId, logId: head.logId, index: fixed.readUIntLE(0, 6), state };
}

const damaged = (path: string): SystemError =>
  new SystemError("disk/corrupt", `${path} is damaged`, {
    path,
    hint: "restore the metadata folder from another member or a backup",
  });

export async function readWhole(disk: Disk, path: string): Promise<Buffer> {
  const file = await disk.open(path, { mode: "open" });
  try {
    const bytes = Buffer.alloc(await file.sizeBytes());
    await file.read(0, bytes);
    return bytes;
  } finally {
    await file.close();
  }
}
