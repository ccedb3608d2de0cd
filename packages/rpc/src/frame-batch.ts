// Frames on their way out, gathered until the end of the loop's turn. Heads and short bodies are
// copied into one buffer (cheaper than one more element of a writev), long payload stays where it is.
import { assert } from "@ashlar/core";
import { FRAME_HEAD_SIZE, FRAME_LENGTH_MAX, FRAME_VERSION, type Frame } from "./carrier.ts";

const TWO_32 = 2 ** 32;
/** Memory for heads and short bodies is taken in such pieces. */
const ARENA_LENGTH = 64 * 1024;
/** Up to here copying costs less than passing the buffer to the kernel by itself (measured). */
const COPY_LENGTH_MAX = 8 * 1024;

export class FrameBatch {
  private pieces: Buffer[] = [];
  private arena: Buffer = Buffer.alloc(0);
  /** Part of the arena that is filled and not yet among the pieces. */
  private arenaFrom = 0;
  private arenaTo = 0;
  private bytes = 0;

  get byteLength(): number {
    return this.bytes;
  }

  push(frame: Frame): void {
    let length = FRAME_HEAD_SIZE;
    for (const buffer of frame.body) length += buffer.length;
    assert(length <= FRAME_LENGTH_MAX, "a frame is at most FRAME_LENGTH_MAX long");
    const at = this.room(FRAME_HEAD_SIZE);
    const arena = this.arena;
    arena.writeUInt32LE(length, at);
    arena[at + 4] = FRAME_VERSION;
    arena[at + 5] = frame.type;
    arena.writeUInt16LE(0, at + 6);
    arena.writeUInt32LE(frame.id % TWO_32, at + 8);
    arena.writeUInt32LE(Math.floor(frame.id / TWO_32), at + 12);
    for (const buffer of frame.body) this.pushBytes(buffer);
    this.bytes += length;
  }

  /** Everything gathered, in order; the batch is empty afterwards. */
  take(): Buffer[] {
    this.seal();
    const pieces = this.pieces;
    this.pieces = [];
    this.bytes = 0;
    return pieces;
  }

  private pushBytes(buffer: Buffer): void {
    if (buffer.length > COPY_LENGTH_MAX) {
      this.seal();
      this.pieces.push(buffer);
    } else if (buffer.length > 0) {
      const at = this.room(buffer.length);
      this.arena.set(buffer, at);
    }
  }

  /** Takes `length` bytes of the arena, a fresh one when it is used up. */
  private room(length: number): number {
    if (this.arenaTo + length > this.arena.length) {
      this.seal();
      this.arena = Buffer.allocUnsafeSlow(ARENA_LENGTH);
      this.arenaFrom = 0;
      this.arenaTo = 0;
    }
    const at = this.arenaTo;
    this.arenaTo += length;
    return at;
  }

  private seal(): void {
    if (this.arenaTo === this.arenaFrom) return;
    this.pieces.push(this.arena.subarray(this.arenaFrom, this.arenaTo));
    this.arenaFrom = this.arenaTo;
  }
}
