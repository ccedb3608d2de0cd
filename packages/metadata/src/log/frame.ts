// On-disk form of the log. A segment is a head and frames; a frame is one group commit: it was
// written in one piece and synced before the next began. So an unreadable frame is a torn tail if
// nothing readable follows, and damage otherwise.
//
//   head   magic "ASHLOG01", u32 crc of the rest, u32 length of the JSON that follows
//   frame  u32 magic, u32 crc of the rest, u32 length of the rest after this field,
//          u48 first index, u16 count, count x { u32 length, bytes }
import { type ClusterId, clusterId, crc32c, SystemError } from "@ashlar/core";

/** Segments stay below this. */
export const SEGMENT_LENGTH_MAX = 16 * 1024 * 1024;
/** One group commit: bounds what a power cut can tear and the time of one write. */
export const FRAME_LENGTH_MAX = 1024 * 1024;
export const ENTRIES_PER_FRAME_MAX = 512;

const SEGMENT_MAGIC = Buffer.from("ASHLOG01", "latin1");
const SEGMENT_FORMAT_VERSION = 1;
const SEGMENT_HEAD_FIXED = SEGMENT_MAGIC.length + 8;
const FRAME_MAGIC = 0x464c5341;
const FRAME_FIXED = 12;
const FRAME_HEAD = FRAME_FIXED + 8;
const ENTRY_HEAD = 4;

export interface LogIdentity {
  readonly clusterId: ClusterId;
  readonly logId: string;
}

/** A readable frame found in a segment. */
export interface FoundFrame {
  readonly firstIndex: number;
  readonly entries: readonly Buffer[];
  /** Bytes of the whole frame. */
  readonly length: number;
}

export const frameLength = (entries: readonly Buffer[]): number =>
  entries.reduce((sum, entry) => sum + ENTRY_HEAD + entry.length, FRAME_HEAD);

export function encodeFrame(firstIndex: number, entries: readonly Buffer[]): Buffer {
  const frame = Buffer.alloc(frameLength(entries));
  frame.writeUInt32LE(FRAME_MAGIC, 0);
  frame.writeUInt32LE(frame.length - FRAME_FIXED, 8);
  frame.writeUIntLE(firstIndex, FRAME_FIXED, 6);
  frame.writeUInt16LE(entries.length, FRAME_FIXED + 6);
  let at = FRAME_HEAD;
  for (const entry of entries) {
    at = frame.writeUInt32LE(entry.length, at);
    at += entry.copy(frame, at);
  }
  frame.writeUInt32LE(crc32c(frame.subarray(8)), 4);
  return frame;
}

/** The frame that begins at `at`, undefined when there is none that can be read. */
export function frameAt(bytes: Buffer, at: number): FoundFrame | undefined {
  if (at + FRAME_HEAD > bytes.length || bytes.readUInt32LE(at) !== FRAME_MAGIC) return undefined;
  const length = FRAME_FIXED + bytes.readUInt32LE(at + 8);
  if (length < FRAME_HEAD || at + length > bytes.length) return undefined;
  if (crc32c(bytes.subarray(at + 8, at + length)) !== bytes.readUInt32LE(at + 4)) return undefined;
  const entries: Buffer[] = [];
  let next = at + FRAME_HEAD;
  for (let count = bytes.readUInt16LE(at + FRAME_FIXED + 6); count > 0; count -= 1) {
    const size = bytes.readUInt32LE(next);
    next += ENTRY_HEAD + size;
    entries.push(bytes.subarray(next - size, next));
  }
  return { firstIndex: bytes.readUIntLE(at + FRAME_FIXED, 6), entries, length };
}

/** Whether a readable frame begins anywhere from `from` on. */
export function hasFrameAfter(bytes: Buffer, from: number): boolean {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(FRAME_MAGIC);
  for (let at = bytes.indexOf(magic, from); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    if (frameAt(bytes, at)) return true;
  }
  return false;
}

export function encodeSegmentHead(identity: LogIdentity): Buffer {
  const json = Buffer.from(JSON.stringify({ version: SEGMENT_FORMAT_VERSION, ...identity }));
  const head = Buffer.alloc(SEGMENT_HEAD_FIXED + json.length);
  SEGMENT_MAGIC.copy(head);
  head.writeUInt32LE(json.length, SEGMENT_MAGIC.length + 4);
  json.copy(head, SEGMENT_HEAD_FIXED);
  head.writeUInt32LE(crc32c(head.subarray(SEGMENT_MAGIC.length + 4)), SEGMENT_MAGIC.length);
  return head;
}

/** The head of a segment and its length, undefined when it cannot be read. */
export function segmentHeadOf(
  bytes: Buffer,
): (LogIdentity & { readonly length: number }) | undefined {
  if (bytes.length < SEGMENT_HEAD_FIXED) return undefined;
  if (!bytes.subarray(0, SEGMENT_MAGIC.length).equals(SEGMENT_MAGIC)) return undefined;
  const length = SEGMENT_HEAD_FIXED + bytes.readUInt32LE(SEGMENT_MAGIC.length + 4);
  if (length > bytes.length) return undefined;
  const sum = crc32c(bytes.subarray(SEGMENT_MAGIC.length + 4, length));
  if (sum !== bytes.readUInt32LE(SEGMENT_MAGIC.length)) return undefined;
  const head = JSON.parse(bytes.toString("utf8", SEGMENT_HEAD_FIXED, length));
  if (head.version !== SEGMENT_FORMAT_VERSION) {
    throw new SystemError("disk/corrupt", `log format ${head.version} is unknown`, {
      hint: "it was written by a newer version: use that one",
    });
  }
  return { clusterId: clusterId(head.clusterId), logId: String(head.logId), length };
}
