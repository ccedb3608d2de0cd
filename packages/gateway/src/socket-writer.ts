// Sending on a socket with few system calls: what accumulates in one turn of the event loop goes out
// as one writev, with small buffers (headers, small payloads) copied together, so that a
// read of 4 KiB does not take two buffers through the stream and the kernel.
import { KIB, MIB } from "@ashlar/core";
import type { Connection } from "@ashlar/rpc";

/** Buffers up to this size are copied together; an estimate that a profile has yet to confirm. */
const COPY_MAX = 8 * KIB;
/** Size of one joined buffer. */
const JOINED_MAX = 256 * KIB;
/** Unsent bytes beyond which no new commands are begun. */
const HIGH_WATER = 4 * MIB;

export class SocketWriter {
  private readonly socket: Connection;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private scheduled = false;

  constructor(socket: Connection) {
    this.socket = socket;
  }

  /** Whether the peer reads too slowly. */
  get full(): boolean {
    return this.pendingBytes + this.socket.writableLength > HIGH_WATER;
  }

  /** Buffers must not change until they are sent. */
  write(buffers: readonly Buffer[]): void {
    for (const buffer of buffers) {
      this.pending.push(buffer);
      this.pendingBytes += buffer.length;
    }
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.flush());
  }

  flush(): void {
    this.scheduled = false;
    const { pending } = this;
    if (pending.length === 0 || this.socket.destroyed) return;
    this.pending = [];
    this.pendingBytes = 0;
    const joined = join(pending);
    if (joined.length === 1 && joined[0]) {
      this.socket.write(joined[0]);
      return;
    }
    this.socket.cork();
    for (const buffer of joined) this.socket.write(buffer);
    this.socket.uncork();
  }
}

/** The same bytes in fewer buffers. */
export function join(buffers: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = [];
  let run: Buffer[] = [];
  let runLength = 0;
  const endRun = (): void => {
    const first = run[0];
    if (first === undefined) return;
    joined.push(run.length === 1 ? first : Buffer.concat(run, runLength));
    run = [];
    runLength = 0;
  };
  for (const buffer of buffers) {
    if (buffer.length > COPY_MAX) {
      endRun();
      joined.push(buffer);
      continue;
    }
    if (runLength + buffer.length > JOINED_MAX) endRun();
    run.push(buffer);
    runLength += buffer.length;
  }
  endRun();
  return joined;
}
