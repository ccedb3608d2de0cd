// A plain connection for carriers over a simulated one: bytes in, bytes out, copied, since sender and
// receiver are other processes.
import { Duplex } from "node:stream";
import type { Connection } from "@ashlar/rpc";
import type { StreamEnd } from "./stream-end.ts";

/** As much as a kernel hands over in one read. */
const READ_BYTES = 64 * 1024;

export class SimConnection extends Duplex implements Connection {
  readonly remoteAddress: string;
  private readonly streamEnd: StreamEnd;
  private opened: boolean;
  private readonly waiting: (() => void)[] = [];

  /** @param opened whether the other side has taken it already. */
  constructor(end: StreamEnd, { opened }: { readonly opened: boolean }) {
    super({ allowHalfOpen: true, readableHighWaterMark: 4 * READ_BYTES });
    this.streamEnd = end;
    this.opened = opened;
    this.remoteAddress = end.remote;
    this.on("error", () => {});
    end.listen({
      onMessage: (message) => {
        if (!this.destroyed) this.push(message as Buffer);
      },
      onClose: (reason) => this.destroy(reason),
    });
  }

  /** The other side has taken the connection. */
  open(): void {
    this.opened = true;
    for (const write of this.waiting.splice(0)) write();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: unknown, done: () => void): void {
    this.put(Buffer.from(chunk), done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.put(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.streamEnd.close();
    done(error);
  }

  private put(bytes: Buffer, done: () => void): void {
    if (this.opened) this.streamEnd.send(bytes, bytes.length, done);
    else this.waiting.push(() => this.streamEnd.send(bytes, bytes.length, done));
  }
}
