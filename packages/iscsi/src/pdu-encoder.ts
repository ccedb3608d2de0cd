// From a PDU to the buffers that go to the socket: header, AHS, digest, the data segment as it is,
// padding, digest. Nothing is copied but the few bytes of headers (RFC 7143, 11.2).
import { crc32c, crc32cOfScatter, type ScatterList, scatterLength } from "@ashlar/core";
import { AT } from "./header.ts";
import { ahsOf, initiatorHeader } from "./initiator-pdu.ts";
import type { Digests, InitiatorPdu, TargetPdu } from "./pdu.ts";
import { targetHeader } from "./target-pdu.ts";

const PADDING: readonly Buffer[] = [0, 1, 2, 3].map((length) => Buffer.alloc(length));
const NOTHING: ScatterList = [];

/** Zero bytes that bring a data segment of `length` bytes to whole words. */
export const padLength = (length: number): number => -length & 3;

/** Digests go least significant byte first (RFC 7143, 13.1). */
function digest(crc: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(crc >>> 0, 0);
  return bytes;
}

function frame(
  header: Buffer,
  { ahs, data }: { readonly ahs: Buffer | undefined; readonly data: ScatterList },
  digests: Digests,
  out: Buffer[],
): void {
  const length = scatterLength(data);
  if (length > 0) header.writeUIntBE(length, AT.dataLength, 3);
  if (ahs) header[AT.ahsWords] = ahs.length / 4;
  out.push(header);
  if (ahs) out.push(ahs);
  if (digests.header) out.push(digest(ahs ? crc32c(ahs, crc32c(header)) : crc32c(header)));
  if (length === 0) return;
  for (const buffer of data) out.push(buffer);
  const padding = PADDING[padLength(length)];
  if (padding?.length) out.push(padding);
  if (digests.data) out.push(digest(crc32c(padding ?? Buffer.alloc(0), crc32cOfScatter(data))));
}

/** Appends the buffers of a target's PDU to `out`; data buffers must not change until sent. */
export function encodeTargetPdu(pdu: TargetPdu, digests: Digests, out: Buffer[]): void {
  const data = "data" in pdu ? pdu.data : NOTHING;
  frame(targetHeader(pdu), { ahs: undefined, data }, digests, out);
}

/** Appends the buffers of an initiator's PDU to `out`; data buffers must not change until sent. */
export function encodeInitiatorPdu(pdu: InitiatorPdu, digests: Digests, out: Buffer[]): void {
  const data = "data" in pdu ? pdu.data : NOTHING;
  frame(initiatorHeader(pdu), { ahs: ahsOf(pdu), data }, digests, out);
}
