// Operations and their replies as frame bodies: a fixed binary head with its version, the checksums,
// then the payload as it is. The version is that of the carrier. Offsets in bytes, little-endian:
//   operation  0 version u8 · 1 kind u8 · 2 checksums u16 · 4 layer u32 · 8 chunk u64 · 16 epoch u32
//              20 offset u32 · 24 length u32 · 28 reserved u32 · 32 incarnation u64 · 40 seq u64
//              48 lowest unresolved seq u64 · 56 token u64 · 64 generation u64 · 72 checksums, payload
//   reply      0 version u8 · 1 status u8 · 2 checksums u16 · 4 epoch u32 · 8 value u64
//              16 checksums, payload
//   hello      0 version u8 · 1 reserved, 7 bytes · 8 serial u64: the first frame of a stream
//   token      0 version u8 · 1 reserved, 7 bytes · 8 token u64
//   wake       empty: a token is wanted
//   cancel     0 version u8 · 1 reserved, 3 bytes · 4 epoch u32 · 8 chunk u64 · 16 incarnation u64
//              24 seq u64; answered by a reply
import {
  alignDown,
  alignUp,
  CHECKSUM_UNIT,
  CHUNK_SIZE_MAX,
  CHUNKS_PER_FAMILY_MAX,
  chunkIdFromNumber,
  OP_LENGTH_MAX,
  type ScatterList,
} from "@ashlar/core";
import {
  type Cancellation,
  OPERATION_STATUS,
  type Operation,
  type OperationReply,
  type OperationStatusName,
} from "@ashlar/replica";
import { BodyReader, BodyWriter, badFrame } from "./frame-codec.ts";

/** Frame types of carriers opened for operations; 0 belongs to the carrier itself. */
export const OPERATION_FRAME = {
  operation: 1,
  reply: 2,
  hello: 3,
  token: 4,
  cancel: 5,
  wake: 6,
} as const;

/** Requests in flight on one carrier, far above every sender's limit: the id modulo this is a slot. */
export const OPERATION_SLOTS_MAX = 65_536;

const OPERATION_HEAD_LENGTH = 72;
const REPLY_HEAD_LENGTH = 16;
const NUMBER_FRAME_LENGTH = 16;
const CANCEL_LENGTH = 32;

const KINDS = [
  "read",
  "write",
  "unmap",
  "compareAndWrite",
  "orWrite",
] as const satisfies Operation["kind"][];
const KIND_NUMBER: Readonly<Record<Operation["kind"], number>> = {
  read: 0,
  write: 1,
  unmap: 2,
  compareAndWrite: 3,
  orWrite: 4,
};

/** Payload of each kind, in lengths of its range. */
const PAYLOADS_OF: Readonly<Record<Operation["kind"], number>> = {
  read: 0,
  write: 1,
  unmap: 0,
  compareAndWrite: 2,
  orWrite: 1,
};

const STATUS_NAMES: readonly OperationStatusName[] = (() => {
  const names: OperationStatusName[] = [];
  for (const [name, number] of Object.entries(OPERATION_STATUS)) {
    names[number] = name as OperationStatusName;
  }
  return names;
})();

const NO_CHECKSUMS = new Uint32Array(0);
const NO_DATA: ScatterList = [];

export function encodeOperation(operation: Operation, version: number): Buffer[] {
  const carriesData = operation.kind !== "read" && operation.kind !== "unmap";
  const checksums = carriesData ? operation.checksums : NO_CHECKSUMS;
  const head = new BodyWriter(OPERATION_HEAD_LENGTH + checksums.length * 4)
    .u8(version)
    .u8(KIND_NUMBER[operation.kind])
    .u16(checksums.length)
    .u32(operation.layer)
    .u64(operation.chunk)
    .u32(operation.epoch)
    .u32(operation.offset)
    .u32(operation.length)
    .u32(0)
    .u64(operation.opId.incarnation)
    .u64(operation.opId.seq)
    .u64(operation.lowestUnresolvedSeq)
    .u64(operation.token)
    .u64(operation.generation)
    .u32Array(checksums)
    .finish();
  return carriesData ? [head, ...operation.data] : [head];
}

/** @throws SystemError rpc/bad-frame, rpc/version. The payload shares the body's memory. */
export function decodeOperation(body: Buffer, version: number): Operation {
  const reader = new BodyReader(body);
  if (reader.u8() !== version) throw badFrame("operation version");
  const kind = KINDS[reader.u8()];
  if (kind === undefined) throw badFrame("operation kind");
  const checksumCount = reader.u16();
  const layer = reader.u32();
  const chunk = reader.u64();
  if (chunk < CHUNKS_PER_FAMILY_MAX) throw badFrame("chunk id");
  const epoch = reader.u32();
  const offset = reader.u32();
  const length = reader.u32();
  reader.u32();
  const opId = { incarnation: reader.u64(), seq: reader.u64() };
  const lowestUnresolvedSeq = reader.u64();
  const token = reader.u64();
  const generation = reader.u64();
  const checksums = checksumCount === 0 ? NO_CHECKSUMS : reader.u32Array(checksumCount);
  const data = reader.rest();
  checkLengths(kind, { offset, length, dataLength: data.length });
  // Spelled out for each kind: spreading a common head costs microseconds.
  if (kind === "read" || kind === "unmap") {
    return {
      kind,
      chunk: chunkIdFromNumber(chunk),
      layer,
      epoch,
      opId,
      lowestUnresolvedSeq,
      token,
      generation,
      offset,
      length,
    };
  }
  return {
    kind,
    chunk: chunkIdFromNumber(chunk),
    layer,
    epoch,
    opId,
    lowestUnresolvedSeq,
    token,
    generation,
    offset,
    length,
    data: [data],
    checksums,
  };
}

/** Payload and range agree, so that nothing behind this point has to wonder. */
function checkLengths(
  kind: Operation["kind"],
  { offset, length, dataLength }: { offset: number; length: number; dataLength: number },
): void {
  if (dataLength !== PAYLOADS_OF[kind] * length) throw badFrame("payload length");
  if (kind === "read" && length > OP_LENGTH_MAX) throw badFrame("operation length");
  // The primary widens what it logs to whole units, and its store takes no more than the limit.
  if (dataLength > 0) {
    const widened = alignUp(offset + length, CHECKSUM_UNIT) - alignDown(offset, CHECKSUM_UNIT);
    if (widened > OP_LENGTH_MAX) throw badFrame("operation length");
  }
  if (offset + length > CHUNK_SIZE_MAX) throw badFrame("operation range");
}

export function encodeReply(reply: OperationReply, version: number): Buffer[] {
  const head = new BodyWriter(REPLY_HEAD_LENGTH + reply.checksums.length * 4)
    .u8(version)
    .u8(OPERATION_STATUS[reply.status])
    .u16(reply.checksums.length)
    .u32(reply.epoch)
    .u64(reply.value)
    .u32Array(reply.checksums)
    .finish();
  return reply.data.length === 0 ? [head] : [head, ...reply.data];
}

/** @throws SystemError rpc/bad-frame. The payload shares the body's memory. */
export function decodeReply(body: Buffer, version: number): OperationReply {
  const reader = new BodyReader(body);
  if (reader.u8() !== version) throw badFrame("reply version");
  const status = STATUS_NAMES[reader.u8()];
  if (status === undefined) throw badFrame("reply status");
  const checksumCount = reader.u16();
  const epoch = reader.u32();
  const value = reader.u64();
  const checksums = checksumCount === 0 ? NO_CHECKSUMS : reader.u32Array(checksumCount);
  const data = reader.remaining === 0 ? NO_DATA : [reader.rest()];
  return { status, epoch, value, data, checksums };
}

/** A stream's serial: rises with each stream that a gateway opens. */
export const encodeHello = (serial: number, version: number): Buffer[] =>
  encodeNumber(serial, version);

/** @throws SystemError rpc/bad-frame. */
export const decodeHello = (body: Buffer, version: number): number =>
  decodeNumber(body, version, "hello");

export const encodeToken = (token: number, version: number): Buffer[] =>
  encodeNumber(token, version);

/** @throws SystemError rpc/bad-frame. */
export const decodeToken = (body: Buffer, version: number): number =>
  decodeNumber(body, version, "token");

function encodeNumber(value: number, version: number): Buffer[] {
  const head = new BodyWriter(NUMBER_FRAME_LENGTH).u8(version).u8(0).u16(0).u32(0);
  return [head.u64(value).finish()];
}

function decodeNumber(body: Buffer, version: number, what: string): number {
  const reader = new BodyReader(body);
  if (reader.u8() !== version) throw badFrame(`${what} version`);
  reader.u8();
  reader.u16();
  reader.u32();
  const value = reader.u64();
  if (reader.remaining > 0) throw badFrame(`${what} length`);
  return value;
}

export function encodeCancellation(
  { chunk, epoch, opId }: Cancellation,
  version: number,
): Buffer[] {
  const head = new BodyWriter(CANCEL_LENGTH).u8(version).u8(0).u16(0).u32(epoch);
  return [head.u64(chunk).u64(opId.incarnation).u64(opId.seq).finish()];
}

/** @throws SystemError rpc/bad-frame. */
export function decodeCancellation(body: Buffer, version: number): Cancellation {
  const reader = new BodyReader(body);
  if (reader.u8() !== version) throw badFrame("cancel version");
  reader.u8();
  reader.u16();
  const epoch = reader.u32();
  const chunk = reader.u64();
  if (chunk < CHUNKS_PER_FAMILY_MAX) throw badFrame("chunk id");
  const opId = { incarnation: reader.u64(), seq: reader.u64() };
  if (reader.remaining > 0) throw badFrame("cancel length");
  return { chunk: chunkIdFromNumber(chunk), epoch, opId };
}
