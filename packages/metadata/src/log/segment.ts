// On-disk form of a piece of the log. A segment is a head and frames; a frame is one group commit: it
// was written in one piece and synced before the next began. So an unreadable frame is a torn tail if
// nothing readable follows, and damage otherwise. The head is whole, since a segment is renamed into
// place, and says all that the segments before it say of votes and of where the log stands; that is
// why those can go.
//
//   frame  u32 magic, u32 crc of the rest, u32 length of what follows,
//          optional hard state, list of entries
import { ByteReader, ByteWriter, bytes, crc32c, list, optional, record, uint } from "@ashlar/core";
import { type Entry, type EntryId, entryCodec, type HardState, hardStateCodec } from "@ashlar/raft";
import {
  bufferOf,
  damaged,
  decoded,
  encodeFileHead,
  type LogOwner,
  readFileHead,
} from "./file-head.ts";

/** Bounds what is read at once, and what waits for the snapshot that lets it go. */
export const SEGMENT_LENGTH_MAX = 16 * 1024 * 1024;
/** Bytes of entries in one frame: bounds what a power cut can tear and the time of one write. */
const FRAME_ENTRIES_BYTES_MAX = 1024 * 1024;
/** An entry's own fields and lengths, at most. */
const ENTRY_OVERHEAD_BYTES = 32;

const FRAME_MAGIC = 0x46415241;
const FRAME_FIXED = 12;

/** Where the log stands: what was promised, and the name of the last entry. */
export interface LogStand {
  readonly hardState: HardState;
  readonly last: EntryId;
}

export interface SegmentStart extends LogStand {
  /** Segments are numbered in the order in which they were made. */
  readonly sequence: number;
}

/** Entries may overwrite the tail of the log: the first of them cuts off what it contradicts. */
export interface Frame {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
}

export interface FoundSegment {
  readonly path: string;
  readonly start: SegmentStart;
  readonly frames: readonly Frame[];
  /** Where the last readable frame begins, undefined if there is none. */
  readonly lastFrameAt: number | undefined;
  /** Bytes of the head and the readable frames. */
  readonly length: number;
  /** Bytes of a torn tail after them. */
  readonly tornBytes: number;
}

const startFields = record<{
  sequence: number;
  hardState: Uint8Array;
  index: number;
  term: number;
}>({ sequence: uint, hardState: bytes, index: uint, term: uint });
const frameFields = record<{
  hardState: Uint8Array | undefined;
  entries: readonly Uint8Array[];
}>({ hardState: optional(bytes), entries: list(bytes) });

export function encodeSegmentStart(owner: LogOwner, start: SegmentStart): Buffer {
  const { sequence, hardState, last } = start;
  const to = new ByteWriter();
  startFields.write(to, { sequence, hardState: hardStateCodec.encode(hardState), ...last });
  return encodeFileHead("segment", owner, to.take());
}

export function encodeFrame({ hardState, entries }: Frame): Buffer {
  const to = new ByteWriter();
  frameFields.write(to, {
    hardState: hardState && hardStateCodec.encode(hardState),
    entries: entries.map(entryCodec.encode),
  });
  const rest = to.take();
  const frame = Buffer.alloc(FRAME_FIXED + rest.length);
  frame.writeUInt32LE(FRAME_MAGIC, 0);
  frame.writeUInt32LE(rest.length, 8);
  rest.copy(frame, FRAME_FIXED);
  frame.writeUInt32LE(crc32c(frame.subarray(8)), 4);
  return frame;
}

/**
 * The frames that hold a write. More than one for a very large write: then the commit index rises
 * with the entries, so that what a crash leaves of them is a log like any other.
 */
export function framesOf({ hardState, entries }: Frame): Frame[] {
  const groups = groupsOf(entries);
  if (groups.length <= 1) return hardState || entries.length > 0 ? [{ hardState, entries }] : [];
  return groups.map((group) => {
    const reached = group.at(-1)?.index ?? 0;
    return {
      hardState: hardState && { ...hardState, commit: Math.min(hardState.commit, reached) },
      entries: group,
    };
  });
}

function groupsOf(entries: readonly Entry[]): Entry[][] {
  const groups: Entry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const size = ENTRY_OVERHEAD_BYTES + entry.data.length;
    if (size > room) {
      groups.push([]);
      room = FRAME_ENTRIES_BYTES_MAX;
    }
    groups.at(-1)?.push(entry);
    room -= size;
  }
  return groups;
}

/**
 * Reads a segment; `newest` is the one that may end in a torn frame.
 * @throws SystemError disk/corrupt, disk/foreign.
 */
export function readSegment(
  found: Buffer,
  { path, owner, newest }: { path: string; owner: LogOwner; newest: boolean },
): FoundSegment {
  const head = readFileHead(found, { path, kind: "segment", owner });
  const start = startOf(path, head.own);
  const frames: Frame[] = [];
  let lastFrameAt: number | undefined;
  let at = head.length;
  for (let rest = frameAt(found, at); rest; rest = frameAt(found, at)) {
    frames.push(frameOf(path, rest));
    lastFrameAt = at;
    at += FRAME_FIXED + rest.length;
  }
  const tornBytes = found.length - at;
  if (tornBytes > 0 && (!newest || hasFrameAfter(found, at + 1))) throw damaged(path, at);
  return { path, start, frames, lastFrameAt, length: at, tornBytes };
}

const startOf = (path: string, own: Buffer): SegmentStart =>
  decoded(path, () => {
    const { sequence, hardState, index, term } = startFields.read(new ByteReader(own));
    const state = hardStateCodec.decode(bufferOf(hardState));
    return { sequence, hardState: state, last: { term, index } };
  });

const frameOf = (path: string, rest: Buffer): Frame =>
  decoded(path, () => {
    const from = new ByteReader(rest);
    const { hardState, entries } = frameFields.read(from);
    from.end();
    return {
      hardState: hardState && hardStateCodec.decode(bufferOf(hardState)),
      entries: entries.map((entry) => entryCodec.decode(bufferOf(entry))),
    };
  });

/** What the frame that begins at `at` holds, undefined when there is none that can be read. */
function frameAt(found: Buffer, at: number): Buffer | undefined {
  if (at + FRAME_FIXED > found.length || found.readUInt32LE(at) !== FRAME_MAGIC) return undefined;
  const end = at + FRAME_FIXED + found.readUInt32LE(at + 8);
  if (end > found.length) return undefined;
  if (crc32c(found.subarray(at + 8, end)) !== found.readUInt32LE(at + 4)) return undefined;
  return found.subarray(at + FRAME_FIXED, end);
}

/** Whether a readable frame begins anywhere from `from` on. */
function hasFrameAfter(found: Buffer, from: number): boolean {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(FRAME_MAGIC);
  for (let at = found.indexOf(magic, from); at >= 0; at = found.indexOf(magic, at + 1)) {
    if (frameAt(found, at)) return true;
  }
  return false;
}
