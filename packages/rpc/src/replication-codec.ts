// Replication messages as frames: the frame's type names the message, the body has a fixed binary
// head with its version, that of the carrier, then what the kind needs, then payload as it is. Little-endian:
//   head   0 version u8 · 1 zero u8 · 2 zero u16 · 4 epoch u32 · 8 chunk u64 · 16 session u32
//   LSN    epoch u32 · seq u64
//   entry  version u8 · kind u8 · checksums u16 · LSN · incarnation u64 · seq u64 · lowest
//          unresolved seq u64 · offset u32 · length u32 · checksums · payload
//   window incarnation u64 · lowest unresolved seq u64 · count u32 · seqs as u32 above the lowest
//   copy   extent u32 · LSN · mapped u8 · zero u8 · checksums u16 · checksums · payload
import {
  CHECKSUM_UNIT,
  CHUNKS_PER_FAMILY_MAX,
  chunkIdFromNumber,
  EXTENT_SIZE,
  type Lsn,
  present,
  scatterLength,
  storeUuid,
} from "@ashlar/core";
import {
  type ExtentCopy,
  LOG_ENTRY_VERSION,
  type LogEntry,
  NAK_REASON,
  type NakReason,
  type OperationWindow,
  type ReplicationMessage,
} from "@ashlar/replica";
import type { Frame, ReceivedFrame } from "./carrier.ts";
import { BodyReader, BodyWriter, badFrame, LSN_LENGTH } from "./frame-codec.ts";
import { requireIntact } from "./payload-check.ts";

type Kind = ReplicationMessage["kind"];

/** Frame types of carriers opened for replication; 0 belongs to the carrier itself. */
export const REPLICATION_FRAME: Readonly<Record<Kind, number>> = {
  newEpoch: 1,
  append: 2,
  truncate: 3,
  commit: 4,
  resyncStart: 5,
  copyExtent: 6,
  resyncEnd: 7,
  digestRequest: 8,
  verifyRequest: 9,
  confirm: 10,
  unitRequest: 11,
  unitRepair: 12,
  promise: 32,
  appendAck: 33,
  nak: 34,
  resyncReady: 35,
  copyAck: 36,
  resyncEnded: 37,
  digest: 38,
  verified: 39,
  confirmed: 40,
  unit: 41,
};

const KIND_OF_FRAME: ReadonlyMap<number, Kind> = new Map(
  Object.entries(REPLICATION_FRAME).map(([kind, type]) => [type, kind as Kind]),
);

const HEAD_LENGTH = 20;
const ENTRY_HEAD_LENGTH = 4 + LSN_LENGTH + 32;
const WINDOW_HEAD_LENGTH = 20;
const COPY_HEAD_LENGTH = 8 + LSN_LENGTH;
const UUID_LENGTH = 16;
const DIGEST_LENGTH = 8;
const ENTRY_KINDS = ["write", "unmap", "noop"] as const satisfies LogEntry["kind"][];
const ENTRY_KIND_NUMBER: Readonly<Record<LogEntry["kind"], number>> = {
  write: 0,
  unmap: 1,
  noop: 2,
};
const NO_CHECKSUMS = new Uint32Array(0);

/** Writes the head of a body that goes on for `length` bytes; the version is put in for all kinds alike. */
function begin({ epoch, chunk, session }: ReplicationMessage, length: number): BodyWriter {
  return new BodyWriter(HEAD_LENGTH + length).u8(0).u8(0).u16(0).u32(epoch).u64(chunk).u32(session);
}

type Encoders = {
  readonly [K in Kind]: (message: ReplicationMessage & { readonly kind: K }) => Buffer[];
};

const ENCODERS: Encoders = {
  newEpoch: (m) => [
    begin(m, UUID_LENGTH + 8 + 2 * LSN_LENGTH)
      .bytes(uuidBytes(m.store))
      .u64(m.version)
      .lsn(m.tail)
      .lsn(m.commit)
      .finish(),
  ],
  append: encodeAppend,
  truncate: (m) => [begin(m, LSN_LENGTH).lsn(m.after).finish()],
  commit: (m) => [
    begin(m, LSN_LENGTH + 1)
      .lsn(m.commit)
      .u8(m.report ? 1 : 0)
      .finish(),
  ],
  resyncStart: encodeResyncStart,
  copyExtent: encodeCopy,
  resyncEnd: (m) => [begin(m, LSN_LENGTH).lsn(m.commit).finish()],
  digestRequest: (m) => [begin(m, LSN_LENGTH).lsn(m.lsn).finish()],
  verifyRequest: (m) => [begin(m, 0).finish()],
  confirm: (m) => [begin(m, 8).u64(m.round).finish()],
  unitRequest: (m) => [
    begin(m, LSN_LENGTH + 4)
      .lsn(m.commit)
      .u32(m.unit)
      .finish(),
  ],
  unitRepair: (m) => [
    begin(m, LSN_LENGTH + 4)
      .lsn(m.commit)
      .u32(m.unit)
      .finish(),
    ...m.data,
  ],
  promise: encodePromise,
  appendAck: (m) => [
    begin(m, LSN_LENGTH + 8)
      .lsn(m.lsn)
      .u64(m.freeBytes)
      .finish(),
  ],
  nak: (m) => [
    begin(m, 1 + 4 + LSN_LENGTH)
      .u8(NAK_REASON[m.reason])
      .u32(m.promisedEpoch)
      .lsn(m.tail)
      .finish(),
  ],
  resyncReady: (m) => {
    const writer = begin(m, 4 + 4 * m.extents.length).u32(m.extents.length);
    return [writer.u32Array(Uint32Array.from(m.extents)).finish()];
  },
  copyAck: (m) => [begin(m, 4).u32(m.extent).finish()],
  resyncEnded: (m) => [begin(m, 0).finish()],
  digest: (m) => [
    begin(m, LSN_LENGTH + DIGEST_LENGTH)
      .lsn(m.lsn)
      .bytes(Buffer.from(m.digest, "hex"))
      .finish(),
  ],
  verified: (m) => [
    begin(m, 8 + 4 * m.damaged.length)
      .u32(m.damagedUnits)
      .u32(m.damaged.length)
      .u32Array(Uint32Array.from(m.damaged))
      .finish(),
  ],
  confirmed: (m) => [begin(m, 8).u64(m.round).finish()],
  unit: (m) => [begin(m, 4).u32(m.unit).finish(), ...m.data],
};

/** The payload buffers are shared, not copied. */
export function encodeReplication(message: ReplicationMessage, version: number): Frame {
  const encode = ENCODERS[message.kind] as (message: ReplicationMessage) => Buffer[];
  const body = encode(message);
  present(body[0], "every message has a head").writeUInt8(version);
  return { type: REPLICATION_FRAME[message.kind], id: 0, body };
}

interface Head {
  readonly epoch: number;
  readonly chunk: ReplicationMessage["chunk"];
  readonly session: number;
}

type Decoders = {
  readonly [K in Kind]: (
    reader: BodyReader,
    head: Head,
  ) => ReplicationMessage & { readonly kind: K };
};

const DECODERS: Decoders = {
  newEpoch: (r, head) => ({
    ...head,
    kind: "newEpoch",
    store: storeUuid(uuidText(r.bytes(UUID_LENGTH))),
    version: r.u64(),
    tail: r.lsn(),
    commit: r.lsn(),
  }),
  append: (r, head) => {
    const prev = r.lsn();
    const commit = r.lsn();
    return { ...head, kind: "append", prev, commit, entry: readEntry(r) };
  },
  truncate: (r, head) => ({ ...head, kind: "truncate", after: r.lsn() }),
  commit: (r, head) => ({ ...head, kind: "commit", commit: r.lsn(), report: r.u8() !== 0 }),
  resyncStart: (r, head) => ({
    ...head,
    kind: "resyncStart",
    from: r.lsn(),
    base: r.lsn(),
    windows: readWindows(r),
  }),
  copyExtent: (r, head) => ({ ...head, kind: "copyExtent", commit: r.lsn(), copy: readCopy(r) }),
  resyncEnd: (r, head) => ({ ...head, kind: "resyncEnd", commit: r.lsn() }),
  digestRequest: (r, head) => ({ ...head, kind: "digestRequest", lsn: r.lsn() }),
  verifyRequest: (_, head) => ({ ...head, kind: "verifyRequest" }),
  confirm: (r, head) => ({ ...head, kind: "confirm", round: r.u64() }),
  unitRequest: (r, head) => ({ ...head, kind: "unitRequest", commit: r.lsn(), unit: r.u32() }),
  unitRepair: (r, head) => ({
    ...head,
    kind: "unitRepair",
    commit: r.lsn(),
    unit: r.u32(),
    data: [r.bytes(CHECKSUM_UNIT)],
  }),
  promise: readPromise,
  appendAck: (r, head) => ({ ...head, kind: "appendAck", lsn: r.lsn(), freeBytes: r.u64() }),
  nak: (r, head) => ({
    ...head,
    kind: "nak",
    reason: nakReason(r.u8()),
    promisedEpoch: r.u32(),
    tail: r.lsn(),
  }),
  resyncReady: (r, head) => ({ ...head, kind: "resyncReady", extents: [...r.u32Array(r.u32())] }),
  copyAck: (r, head) => ({ ...head, kind: "copyAck", extent: r.u32() }),
  resyncEnded: (_, head) => ({ ...head, kind: "resyncEnded" }),
  digest: (r, head) => ({
    ...head,
    kind: "digest",
    lsn: r.lsn(),
    digest: r.bytes(DIGEST_LENGTH).toString("hex"),
  }),
  verified: (r, head) => ({
    ...head,
    kind: "verified",
    damagedUnits: r.u32(),
    damaged: [...r.u32Array(r.u32())],
  }),
  confirmed: (r, head) => ({ ...head, kind: "confirmed", round: r.u64() }),
  unit: (r, head) => {
    const unit = r.u32();
    // Nothing behind it: the member's own is damaged.
    return { ...head, kind: "unit", unit, data: r.remaining > 0 ? [r.bytes(CHECKSUM_UNIT)] : [] };
  },
};

/** @throws SystemError rpc/bad-frame. The payload shares the body's memory. */
export function decodeReplication(
  { type, body }: ReceivedFrame,
  version: number,
): ReplicationMessage {
  const kind = KIND_OF_FRAME.get(type);
  if (kind === undefined) throw badFrame(`type ${type}`);
  const reader = new BodyReader(body);
  if (reader.u8() !== version) throw badFrame("replication version");
  reader.u8();
  reader.u16();
  const epoch = reader.u32();
  const chunk = reader.u64();
  if (chunk < CHUNKS_PER_FAMILY_MAX) throw badFrame("chunk id");
  const session = reader.u32();
  const message = DECODERS[kind](reader, { epoch, chunk: chunkIdFromNumber(chunk), session });
  reader.end();
  return requireIntact(message);
}

function encodeAppend(message: ReplicationMessage & { readonly kind: "append" }): Buffer[] {
  const { entry } = message;
  const checksums = entry.kind === "write" ? entry.checksums : NO_CHECKSUMS;
  const head = begin(message, 2 * LSN_LENGTH + ENTRY_HEAD_LENGTH + 4 * checksums.length)
    .lsn(message.prev)
    .lsn(message.commit)
    .u8(LOG_ENTRY_VERSION)
    .u8(ENTRY_KIND_NUMBER[entry.kind])
    .u16(checksums.length)
    .lsn(entry.lsn)
    .u64(entry.opId.incarnation)
    .u64(entry.opId.seq)
    .u64(entry.lowestUnresolvedSeq)
    .u32(entry.offset)
    .u32(entry.length)
    .u32Array(checksums)
    .finish();
  return entry.kind === "write" ? [head, ...entry.data] : [head];
}

function readEntry(reader: BodyReader): LogEntry {
  if (reader.u8() !== LOG_ENTRY_VERSION) throw badFrame("log entry version");
  const kind = ENTRY_KINDS[reader.u8()];
  if (kind === undefined) throw badFrame("log entry kind");
  const count = reader.u16();
  const entry = {
    lsn: reader.lsn(),
    opId: { incarnation: reader.u64(), seq: reader.u64() },
    lowestUnresolvedSeq: reader.u64(),
    offset: reader.u32(),
    length: reader.u32(),
  };
  if (kind !== "write") return { ...entry, kind };
  if (count * CHECKSUM_UNIT !== entry.length) throw badFrame("log entry checksums");
  const checksums = reader.u32Array(count);
  return { ...entry, kind, checksums, data: [reader.bytes(entry.length)] };
}

function encodeResyncStart(m: ReplicationMessage & { readonly kind: "resyncStart" }): Buffer[] {
  let length = 2 * LSN_LENGTH + 2;
  for (const { seqs } of m.windows) length += WINDOW_HEAD_LENGTH + 4 * seqs.length;
  const writer = begin(m, length).lsn(m.from).lsn(m.base).u16(m.windows.length);
  for (const { incarnation, lowestUnresolvedSeq, seqs } of m.windows) {
    writer.u64(incarnation).u64(lowestUnresolvedSeq).u32(seqs.length);
    for (const seq of seqs) writer.u32(seq - lowestUnresolvedSeq);
  }
  return [writer.finish()];
}

function readWindows(reader: BodyReader): OperationWindow[] {
  return Array.from({ length: reader.u16() }, () => {
    const incarnation = reader.u64();
    const lowestUnresolvedSeq = reader.u64();
    const seqs = Array.from(reader.u32Array(reader.u32()), (above) => lowestUnresolvedSeq + above);
    return { incarnation, lowestUnresolvedSeq, seqs };
  });
}

function encodeCopy(message: ReplicationMessage & { readonly kind: "copyExtent" }): Buffer[] {
  const { copy } = message;
  const { data, checksums } = copy;
  const head = begin(message, LSN_LENGTH + COPY_HEAD_LENGTH + 4 * checksums.length)
    .lsn(message.commit)
    .u32(copy.extent)
    .lsn(copy.lastLsn)
    .u8(data ? 1 : 0)
    .u8(0)
    .u16(checksums.length)
    .u32Array(checksums)
    .finish();
  if (data && scatterLength(data) !== EXTENT_SIZE) throw badFrame("an extent's length");
  return data ? [head, ...data] : [head];
}

function readCopy(reader: BodyReader): ExtentCopy {
  const extent = reader.u32();
  const lastLsn = reader.lsn();
  const isMapped = reader.u8() !== 0;
  reader.u8();
  const checksums = reader.u32Array(reader.u16());
  const data = isMapped ? [reader.bytes(EXTENT_SIZE)] : undefined;
  return { extent, lastLsn, data, checksums };
}

function encodePromise(m: ReplicationMessage & { readonly kind: "promise" }): Buffer[] {
  const { resyncFrom, uncommitted } = m;
  const optional = resyncFrom ? LSN_LENGTH : 0;
  const length = UUID_LENGTH + 2 * LSN_LENGTH + 1 + optional + 4 + LSN_LENGTH * uncommitted.length;
  const writer = begin(m, length)
    .bytes(uuidBytes(m.store))
    .lsn(m.tail)
    .lsn(m.commit)
    .u8(resyncFrom ? 1 : 0);
  if (resyncFrom) writer.lsn(resyncFrom);
  writer.u32(uncommitted.length);
  for (const lsn of uncommitted) writer.lsn(lsn);
  return [writer.finish()];
}

function readPromise(
  reader: BodyReader,
  head: Head,
): ReplicationMessage & { readonly kind: "promise" } {
  const store = storeUuid(uuidText(reader.bytes(UUID_LENGTH)));
  const tail = reader.lsn();
  const commit = reader.lsn();
  const resyncFrom = reader.u8() !== 0 ? reader.lsn() : undefined;
  const count = reader.u32();
  if (count * LSN_LENGTH !== reader.remaining) throw badFrame("list of LSNs");
  const uncommitted: Lsn[] = [];
  for (let at = 0; at < count; at++) uncommitted.push(reader.lsn());
  return { ...head, kind: "promise", store, tail, commit, resyncFrom, uncommitted };
}

const NAK_NAMES = new Map(
  Object.entries(NAK_REASON).map(([name, number]) => [number as number, name as NakReason]),
);

function nakReason(number: number): NakReason {
  const reason = NAK_NAMES.get(number);
  if (reason === undefined) throw badFrame("reason of a refusal");
  return reason;
}

const uuidBytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll("-", ""), "hex");

function uuidText(bytes: Buffer): string {
  const parts = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(bytes.toString("hex"));
  return present(parts, "a UUID has 16 bytes").slice(1).join("-");
}
