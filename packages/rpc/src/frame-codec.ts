// Little-endian primitives for the binary heads of frame bodies: operations here, replication frames
// beside them. A writer is given the exact size of what it will write; a reader checks every length
// against what arrived, so that a damaged or foreign frame ends in rpc/bad-frame, never in a crash.
import { assert, type Lsn, SystemError } from "@ashlar/core";

const TWO_32 = 2 ** 32;
/** A safe integer has 53 bits: 21 in the upper word. */
const HIGH_WORD_LIMIT = 2 ** 21;

/** Bytes of an LSN on the wire: epoch u32, seq u64. */
export const LSN_LENGTH = 12;

export const badFrame = (what: string): SystemError =>
  new SystemError("rpc/bad-frame", `bad frame: ${what}`);

/** Fills a buffer of fixed length front to back. */
export class BodyWriter {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(length: number) {
    this.buffer = Buffer.allocUnsafe(length);
  }

  u8(value: number): this {
    this.at = this.buffer.writeUInt8(value, this.at);
    return this;
  }

  u16(value: number): this {
    this.at = this.buffer.writeUInt16LE(value, this.at);
    return this;
  }

  u32(value: number): this {
    this.at = this.buffer.writeUInt32LE(value, this.at);
    return this;
  }

  /** A safe integer >= 0. */
  u64(value: number): this {
    this.at = this.buffer.writeUInt32LE(value % TWO_32, this.at);
    this.at = this.buffer.writeUInt32LE(Math.floor(value / TWO_32), this.at);
    return this;
  }

  lsn(lsn: Lsn): this {
    return this.u32(lsn.epoch).u64(lsn.seq);
  }

  /** The elements; their number goes elsewhere. */
  u32Array(values: Uint32Array): this {
    for (const value of values) this.at = this.buffer.writeUInt32LE(value, this.at);
    return this;
  }

  bytes(source: Uint8Array): this {
    assert(this.at + source.length <= this.buffer.length, "a body is as long as announced");
    this.buffer.set(source, this.at);
    this.at += source.length;
    return this;
  }

  /** What was written: all of it, or the length given to the constructor was wrong. */
  finish(): Buffer {
    assert(this.at === this.buffer.length, "a body is as long as announced");
    return this.buffer;
  }
}

/** Reads a body front to back; everything throws SystemError rpc/bad-frame past the end. */
export class BodyReader {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  get remaining(): number {
    return this.buffer.length - this.at;
  }

  u8(): number {
    return this.buffer.readUInt8(this.take(1));
  }

  u16(): number {
    return this.buffer.readUInt16LE(this.take(2));
  }

  u32(): number {
    return this.buffer.readUInt32LE(this.take(4));
  }

  /** A safe integer: greater values are a bad frame. */
  u64(): number {
    const at = this.take(8);
    const high = this.buffer.readUInt32LE(at + 4);
    if (high >= HIGH_WORD_LIMIT) throw badFrame("number beyond 2^53");
    return high * TWO_32 + this.buffer.readUInt32LE(at);
  }

  lsn(): Lsn {
    return { epoch: this.u32(), seq: this.u64() };
  }

  u32Array(count: number): Uint32Array {
    const at = this.take(count * 4);
    const values = new Uint32Array(count);
    for (let i = 0; i < count; i++) values[i] = this.buffer.readUInt32LE(at + i * 4);
    return values;
  }

  /** `length` bytes, sharing the body's memory. */
  bytes(length: number): Buffer {
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }

  /** All that is left, sharing the body's memory. */
  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  /** States that the body ends here. */
  end(): void {
    if (this.remaining !== 0) throw badFrame(`${this.remaining} bytes too many`);
  }

  private take(length: number): number {
    const at = this.at;
    if (at + length > this.buffer.length) throw badFrame("body too short");
    this.at = at + length;
    return at;
  }
}
