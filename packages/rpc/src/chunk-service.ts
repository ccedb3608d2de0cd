// The ChunkService as both sides use it: OpenCarrier as generated, Carry with serialisers of its own
// that pass raw bytes, and the few bytes with which a socket presents its ticket.
import type { SystemError } from "@ashlar/core";
import { deserializeFrames, serializeFrames } from "./byte-stream.ts";
import type { CarrierKind, CarrierPurpose } from "./carrier.ts";
import { FRAME_VERSION } from "./carrier.ts";
import { badFrame } from "./frame-codec.ts";
import type { ChunkServiceDefinition } from "./gen/ashlar/v1/ChunkService.ts";
import { loadService } from "./proto.ts";

const generated: ChunkServiceDefinition = loadService("chunk.proto", "ChunkService");

export const chunkService = {
  OpenCarrier: generated.OpenCarrier,
  Carry: {
    path: generated.Carry.path,
    requestStream: true,
    responseStream: true,
    requestSerialize: serializeFrames,
    requestDeserialize: deserializeFrames,
    responseSerialize: serializeFrames,
    responseDeserialize: deserializeFrames,
  },
} as const;

export const CARRIER_KINDS: readonly CarrierKind[] = ["socket", "grpc"];
export const CARRIER_PURPOSES: readonly CarrierPurpose[] = ["operations", "replication"];

/** Metadata of Carry: the ticket in hexadecimal digits. */
export const TICKET_KEY = "ashlar-ticket";
export const TICKET_LENGTH = 32;
/** Shown by who only looks whether carriers are taken here: it is answered, and that is all. */
export const NO_TICKET: Buffer = Buffer.alloc(TICKET_LENGTH);

/** "ASHC", little-endian. */
const MAGIC = 0x43485341;
/** {magic u32, frame version u8, 3 bytes zero}: how either side begins on a socket. */
const GREETING_LENGTH = 8;
/** A client's preamble: the greeting and its ticket. The server answers with the greeting alone. */
export const PREAMBLE_LENGTH: number = GREETING_LENGTH + TICKET_LENGTH;
export const ANSWER_LENGTH: number = GREETING_LENGTH;

function greeting(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt8(FRAME_VERSION, 4);
  return bytes;
}

export const encodeAnswer = (): Buffer => greeting(ANSWER_LENGTH);

export function encodePreamble(ticket: Buffer): Buffer {
  const bytes = greeting(PREAMBLE_LENGTH);
  ticket.copy(bytes, GREETING_LENGTH);
  return bytes;
}

/** What is wrong with a greeting, if anything. */
export function checkGreeting(bytes: Buffer): SystemError | undefined {
  if (bytes.readUInt32LE(0) !== MAGIC) return badFrame("not a carrier's greeting");
  if (bytes.readUInt8(4) !== FRAME_VERSION) return badFrame(`version ${bytes.readUInt8(4)}`);
  return undefined;
}

/** @throws SystemError rpc/bad-frame. */
export function decodePreamble(bytes: Buffer): Buffer {
  const fault = checkGreeting(bytes);
  if (fault) throw fault;
  return bytes.subarray(GREETING_LENGTH);
}
