// What a carrier needs of the connection under it, and the two kinds there are. All that frames,
// limits and keep-alive have in common stands above, in frame-carrier.ts.
import { SystemError } from "@ashlar/core";
import type { Connection } from "./network.ts";

export interface ByteStream {
  /** Queues the pieces in order; their memory must not change afterwards. */
  write(pieces: readonly Buffer[]): void;
  /** Bytes written that the network has not taken. */
  readonly bufferedBytes: number;
  /** Set once; `onEnd` is called once, unless `destroy` came first. Bytes come after `resume`. */
  listen(events: ByteStreamEvents): void;
  pause(): void;
  resume(): void;
  /** Drops what is queued and ends. */
  destroy(): void;
}

export interface ByteStreamEvents {
  onBytes(chunk: Buffer): void;
  /** The network has taken some of the queue, or all of it. */
  onDrain(): void;
  onEnd(reason: SystemError): void;
}

const disconnected = (what: string, cause?: unknown): SystemError =>
  new SystemError("rpc/disconnected", what, {}, cause);

/** A plain connection, paused. */
export class SocketStream implements ByteStream {
  private readonly socket: Connection;

  constructor(socket: Connection) {
    this.socket = socket;
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  write(pieces: readonly Buffer[]): void {
    const { socket } = this;
    socket.cork();
    for (const piece of pieces) socket.write(piece);
    socket.uncork();
  }

  listen(events: ByteStreamEvents): void {
    const { socket } = this;
    let failure: Error | undefined;
    socket.on("data", (chunk: Buffer) => events.onBytes(chunk));
    socket.pause();
    socket.on("drain", () => events.onDrain());
    socket.on("error", (error) => {
      failure = error;
    });
    socket.on("end", () => socket.destroy());
    socket.once("close", () => {
      events.onEnd(disconnected(failure?.message ?? "the peer closed the connection", failure));
    });
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Both ends of a grpc-js bidirectional stream look like this. */
export interface GrpcCall {
  write(pieces: readonly Buffer[], written: () => void): boolean;
  on(event: "data", listener: (chunk: Buffer) => void): unknown;
  on(event: "end" | "cancelled", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** Messages stay far below the 4 MiB that gRPC accepts unless told otherwise. */
const MESSAGE_LENGTH_MAX = 1024 * 1024;

export class GrpcStream implements ByteStream {
  private readonly call: GrpcCall;
  private readonly hangUp: () => void;
  private events: ByteStreamEvents | undefined;
  private queued = 0;
  private ended = false;

  /** @param hangUp ends the call: cancel on the client, end on the server. */
  constructor(call: GrpcCall, hangUp: () => void) {
    this.call = call;
    this.hangUp = hangUp;
  }

  get bufferedBytes(): number {
    return this.queued;
  }

  write(pieces: readonly Buffer[]): void {
    let message: Buffer[] = [];
    let length = 0;
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; ) {
        const part = Math.min(piece.length - at, MESSAGE_LENGTH_MAX - length);
        message.push(part === piece.length ? piece : piece.subarray(at, at + part));
        length += part;
        at += part;
        if (length === MESSAGE_LENGTH_MAX) {
          this.writeMessage(message, length);
          message = [];
          length = 0;
        }
      }
    }
    if (length > 0) this.writeMessage(message, length);
  }

  listen(events: ByteStreamEvents): void {
    const { call } = this;
    this.events = events;
    const end = (reason: SystemError): void => {
      if (this.ended) return;
      this.ended = true;
      this.hangUp();
      events.onEnd(reason);
    };
    call.on("data", (chunk) => events.onBytes(chunk));
    call.pause();
    call.on("error", (error) => end(disconnected(error.message, error)));
    call.on("end", () => end(disconnected("the peer ended the stream")));
    call.on("cancelled", () => end(disconnected("the peer cancelled the stream")));
  }

  pause(): void {
    this.call.pause();
  }

  resume(): void {
    this.call.resume();
  }

  destroy(): void {
    if (this.ended) return;
    this.ended = true;
    this.hangUp();
  }

  private writeMessage(message: readonly Buffer[], length: number): void {
    if (this.ended) return;
    this.queued += length;
    this.call.write(message, () => {
      this.queued -= length;
      // Not by "drain": that counts messages, and ours are few and large.
      this.events?.onDrain();
    });
  }
}

/** Identity serialisation of the Carry method: a message is the frames' bytes and nothing else. */
export const serializeFrames = (pieces: readonly Buffer[]): Buffer =>
  pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
export const deserializeFrames = (bytes: Buffer): Buffer => bytes;
