// How every file of a member's log begins: what it is, and whose. A log is one member's memory of its
// votes, so the file of another member is as wrong as that of another cluster.
//
//   head   magic "ASHRAFT1", u32 crc of the rest, u32 length of what follows,
//          uint format version, kind, cluster id, member, bytes of the kind's own
import {
  ByteReader,
  ByteWriter,
  bytes,
  type ClusterId,
  CodecError,
  crc32c,
  oneOf,
  record,
  SystemError,
  text,
  uint,
} from "@ashlar/core";
import type { MemberId } from "@ashlar/raft";

const MAGIC = Buffer.from("ASHRAFT1", "latin1");
/** Of the log of a metadata service that had one member only. */
const MAGIC_BEFORE_GROUPS = Buffer.from("ASHLOG01", "latin1");
const FORMAT_VERSION = 1;
const LENGTH_AT = MAGIC.length + 4;
const FIXED = MAGIC.length + 8;

export interface LogOwner {
  readonly clusterId: ClusterId;
  readonly member: MemberId;
}

export type LogFileKind = "segment" | "snapshot";

/** Where bytes were found and whose they must be. */
export interface LogFileOrigin {
  readonly path: string;
  readonly kind: LogFileKind;
  readonly owner: LogOwner;
}

const fields = record<{ kind: LogFileKind; clusterId: string; member: MemberId; own: Uint8Array }>({
  kind: oneOf(["segment", "snapshot"]),
  clusterId: text,
  member: uint,
  own: bytes,
});

/** `own` is what this kind of file adds to its head. */
export function encodeFileHead(kind: LogFileKind, owner: LogOwner, own: Uint8Array): Buffer {
  const to = new ByteWriter();
  to.uint(FORMAT_VERSION);
  fields.write(to, { kind, ...owner, own });
  const rest = to.take();
  const head = Buffer.alloc(FIXED + rest.length);
  MAGIC.copy(head);
  head.writeUInt32LE(rest.length, LENGTH_AT);
  rest.copy(head, FIXED);
  head.writeUInt32LE(crc32c(head.subarray(LENGTH_AT)), MAGIC.length);
  return head;
}

/**
 * The kind's own part of a file's head, and the length of the whole head.
 * @throws SystemError disk/corrupt; disk/foreign: of another cluster, member or version.
 */
export function readFileHead(
  found: Buffer,
  origin: LogFileOrigin,
): { readonly own: Buffer; readonly length: number } {
  const { path, kind, owner } = origin;
  if (found.subarray(0, MAGIC.length).equals(MAGIC_BEFORE_GROUPS)) throw beforeGroups(path);
  if (found.length < FIXED || !found.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw damaged(path, 0);
  }
  const length = FIXED + found.readUInt32LE(LENGTH_AT);
  if (length > found.length) throw damaged(path, LENGTH_AT);
  if (crc32c(found.subarray(LENGTH_AT, length)) !== found.readUInt32LE(MAGIC.length)) {
    throw damaged(path, MAGIC.length);
  }
  const from = new ByteReader(found.subarray(FIXED, length));
  const version = from.uint();
  if (version !== FORMAT_VERSION) throw otherVersion(path, `its format is ${version}`);
  const head = decoded(path, () => fields.read(from));
  if (head.kind !== kind) throw damaged(path, FIXED);
  refuseForeign(path, head, owner);
  return { own: bufferOf(head.own), length };
}

function refuseForeign(
  path: string,
  { clusterId, member }: { readonly clusterId: string; readonly member: MemberId },
  owner: LogOwner,
): void {
  const hint = "check dataDir and clusterId in the configuration";
  if (clusterId !== owner.clusterId) {
    const message = `${path} belongs to cluster ${clusterId}, not to ${owner.clusterId}`;
    throw new SystemError("disk/foreign", message, { path, hint });
  }
  if (member !== owner.member) {
    const message = `${path} belongs to member ${member}, not to member ${owner.member}`;
    throw new SystemError("disk/foreign", message, { path, hint });
  }
}

/** What `decode` gives; bytes that are whole but not understood were written by another version. */
export function decoded<T>(path: string, decode: () => T): T {
  try {
    return decode();
  } catch (thrown) {
    if (thrown instanceof CodecError) throw otherVersion(path, thrown.message);
    throw thrown;
  }
}

/** The same bytes as a Buffer: codecs give what they read as the plainer type. */
export const bufferOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, length);

export const damaged = (path: string, at: number): SystemError =>
  new SystemError("disk/corrupt", `${path} is damaged at byte ${at}`, {
    path,
    at,
    hint: "the member has to join its group again, with an empty folder",
  });

// Not disk/corrupt: what is damaged is set aside and fetched anew, which a version must not do to what
// another one wrote.
const otherVersion = (path: string, reason: string): SystemError =>
  new SystemError("disk/foreign", `${path} cannot be read by this version: ${reason}`, {
    path,
    hint: "it was written by a newer version: use that one",
  });

const beforeGroups = (path: string): SystemError =>
  new SystemError("disk/foreign", `${path} was made by an earlier development version`, {
    path,
    hint: "remove the folder of the lab and make it anew with: ashlar lab up",
  });
