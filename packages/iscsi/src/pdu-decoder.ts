// A push decoder: bytes in as the socket delivers them, whole PDUs out, in order. Data segments are
// lists of slices of those bytes, never copied. Memory is bounded: a header, an AHS of at most 1020
// bytes and a data segment of at most `dataSegmentMax`. A fault ends the decoder, since at ERL 0 the
// connection ends with it (RFC 7143, 7.7 and 7.8).
import { crc32c, crc32cOfScatter, type ScatterList } from "@ashlar/core";
import { ahsLengthOf, dataLengthOf } from "./header.ts";
import { parseInitiatorPdu } from "./initiator-pdu.ts";
import { BHS_LENGTH } from "./opcode.ts";
import {
  type Digests,
  type InitiatorPdu,
  NO_DIGESTS,
  type TargetPdu,
  type UnknownPdu,
} from "./pdu.ts";
import { padLength } from "./pdu-encoder.ts";
import { parseTargetPdu } from "./target-pdu.ts";

export interface DecodeFault {
  readonly reason: "headerDigest" | "dataDigest" | "tooLong";
  /** Of the faulty PDU. */
  readonly header: Buffer;
}

type Parse<P> = (header: Buffer, ahs: Buffer | undefined, data: ScatterList) => P;

const DIGEST_LENGTH = 4;
const EMPTY: ScatterList = [];

/** Where the decoder stands within a PDU; `need` counts the bytes still wanted of that part. */
type Part = "header" | "extension" | "data" | "tail";

export class PduDecoder<P> {
  /** Digests expected from the next PDU on; may be changed while a PDU is being delivered. */
  digests: Digests = NO_DIGESTS;
  /** Longest data segment accepted, in bytes. */
  dataSegmentMax: number;
  private readonly parse: Parse<P>;
  private part: Part = "header";
  private chunk: Buffer = Buffer.alloc(0);
  private position = 0;
  /** Bytes of a part that came in pieces. */
  private scratch: Buffer | undefined;
  private filled = 0;
  private header: Buffer = this.chunk;
  private ahs: Buffer | undefined;
  private data: Buffer[] = [];
  private dataLeft = 0;
  private fault: DecodeFault | undefined;

  constructor(parse: Parse<P>, { dataSegmentMax }: { readonly dataSegmentMax: number }) {
    this.parse = parse;
    this.dataSegmentMax = dataSegmentMax;
  }

  /**
   * Feeds bytes, which must not change later, and calls `deliver` for each PDU they complete.
   * Returns a fault if one was found, now or before.
   */
  push(bytes: Buffer, deliver: (pdu: P) => void): DecodeFault | undefined {
    this.chunk = bytes;
    this.position = 0;
    while (this.fault === undefined && this.advance(deliver)) {
      // Each turn completes one part.
    }
    return this.fault;
  }

  /** Completes one part of a PDU; false when the bytes do not suffice. */
  private advance(deliver: (pdu: P) => void): boolean {
    switch (this.part) {
      case "header":
        return this.takeHeader(deliver);
      case "extension":
        return this.takeExtension(deliver);
      case "data":
        return this.takeData(deliver);
      case "tail":
        return this.takeTail(deliver);
    }
  }

  private takeHeader(deliver: (pdu: P) => void): boolean {
    const header = this.take(BHS_LENGTH);
    if (!header) return false;
    this.header = header;
    this.ahs = undefined;
    const length = dataLengthOf(header);
    if (length > this.dataSegmentMax) {
      this.fault = { reason: "tooLong", header };
      return false;
    }
    this.dataLeft = length;
    if (ahsLengthOf(header) > 0 || this.digests.header) this.part = "extension";
    else this.beginData(deliver);
    return true;
  }

  private takeExtension(deliver: (pdu: P) => void): boolean {
    const ahsLength = ahsLengthOf(this.header);
    const bytes = this.take(ahsLength + (this.digests.header ? DIGEST_LENGTH : 0));
    if (!bytes) return false;
    if (ahsLength > 0) this.ahs = bytes.subarray(0, ahsLength);
    if (this.digests.header) {
      const crc = crc32c(bytes.subarray(0, ahsLength), crc32c(this.header));
      if (crc !== bytes.readUInt32LE(ahsLength)) {
        this.fault = { reason: "headerDigest", header: this.header };
        return false;
      }
    }
    this.beginData(deliver);
    return true;
  }

  private beginData(deliver: (pdu: P) => void): void {
    if (this.dataLeft > 0) {
      this.data = [];
      this.part = "data";
    } else {
      this.finish(EMPTY, deliver);
    }
  }

  private takeData(deliver: (pdu: P) => void): boolean {
    const available = Math.min(this.dataLeft, this.chunk.length - this.position);
    if (available === 0) return false;
    this.data.push(this.chunk.subarray(this.position, this.position + available));
    this.position += available;
    this.dataLeft -= available;
    if (this.dataLeft > 0) return false;
    if (padLength(dataLengthOf(this.header)) > 0 || this.digests.data) this.part = "tail";
    else this.finish(this.data, deliver);
    return true;
  }

  private takeTail(deliver: (pdu: P) => void): boolean {
    const padding = padLength(dataLengthOf(this.header));
    const bytes = this.take(padding + (this.digests.data ? DIGEST_LENGTH : 0));
    if (!bytes) return false;
    if (this.digests.data) {
      const crc = crc32c(bytes.subarray(0, padding), crc32cOfScatter(this.data));
      if (crc !== bytes.readUInt32LE(padding)) {
        this.fault = { reason: "dataDigest", header: this.header };
        return false;
      }
    }
    this.finish(this.data, deliver);
    return true;
  }

  private finish(data: ScatterList, deliver: (pdu: P) => void): void {
    this.part = "header";
    deliver(this.parse(this.header, this.ahs, data));
  }

  /** `length` contiguous bytes: a slice where the chunk holds them all, else gathered. */
  private take(length: number): Buffer | undefined {
    const available = this.chunk.length - this.position;
    if (this.scratch === undefined && available >= length) {
      const bytes = this.chunk.subarray(this.position, this.position + length);
      this.position += length;
      return bytes;
    }
    if (available === 0) return undefined;
    this.scratch ??= Buffer.allocUnsafe(length);
    const count = Math.min(length - this.filled, available);
    this.chunk.copy(this.scratch, this.filled, this.position, this.position + count);
    this.position += count;
    this.filled += count;
    if (this.filled < length) return undefined;
    const bytes = this.scratch;
    this.scratch = undefined;
    this.filled = 0;
    return bytes;
  }
}

/** Decodes what initiators send. */
export const initiatorPduDecoder = (options: {
  readonly dataSegmentMax: number;
}): PduDecoder<InitiatorPdu | UnknownPdu> => new PduDecoder(parseInitiatorPdu, options);

/** Decodes what targets send. */
export const targetPduDecoder = (options: {
  readonly dataSegmentMax: number;
}): PduDecoder<TargetPdu | UnknownPdu> => new PduDecoder(parseTargetPdu, options);
