// Who a metadata folder belongs to: one small file that says which member of which cluster keeps its
// log here. Written when the folder is formatted; a member without it has no number, and so no vote.
import { type ClusterId, type NodeId, SystemError } from "@ashlar/core";
import type { MemberId } from "@ashlar/raft";
import { type Disk, readSealed, writeSealed } from "@ashlar/runtime";

const MEMBER_NAME = "member.json";
export const MEMBER_FILE_VERSION = 1;

export interface MemberFile {
  readonly version: typeof MEMBER_FILE_VERSION;
  readonly clusterId: ClusterId;
  readonly node: NodeId;
  readonly member: MemberId;
  /** How the member came into being: it made the group, or it joined one. */
  readonly birth: "founder" | "joiner";
  /** Voters of the group as this member last knew it. */
  readonly voters: number;
  /** Why its state is not the group's: nothing in this folder may be used again. */
  readonly diverged?: string;
}

/** Durable when resolved. @throws SystemError disk/no-space, disk/failed: the former one stands. */
export async function writeMemberFile(disk: Disk, folder: string, file: MemberFile): Promise<void> {
  await disk.makeFolder(folder);
  await writeSealed(disk, `${folder}/${MEMBER_NAME}`, file);
}

/**
 * The member whose folder it is, undefined for a folder that belongs to none.
 * @throws SystemError disk/corrupt; disk/foreign: another cluster's, node's or version's.
 */
export async function readMemberFile(
  disk: Disk,
  folder: string,
  expected: { readonly clusterId: ClusterId; readonly node: NodeId },
): Promise<MemberFile | undefined> {
  const path = `${folder}/${MEMBER_NAME}`;
  const found = await readSealed(disk, path);
  if (!found) return undefined;
  const file = found as unknown as MemberFile;
  if (file.version !== MEMBER_FILE_VERSION) throw otherVersion(path, file.version);
  refuseForeign(path, "cluster", file.clusterId, expected.clusterId);
  refuseForeign(path, "node", file.node, expected.node);
  return file;
}

function refuseForeign(path: string, what: string, found: string, expected: string): void {
  if (found === expected) return;
  throw new SystemError("disk/foreign", `${path} belongs to ${what} ${found}, not to ${expected}`, {
    path,
    hint: "check nodeId, clusterId and dataDir in the configuration",
  });
}

const otherVersion = (path: string, version: number): SystemError =>
  new SystemError(
    "disk/foreign",
    `${path} cannot be read by this version: its format is ${version}`,
    {
      path,
      hint: "it was written by a newer version: use that one",
    },
  );
