// A block device behind an NBD server's socket: how a test reaches the block layer of QEMU, and with it
// an iSCSI initiator that is not ours. The client half of the newstyle handshake and of simple replies
// of the NBD protocol; any number of requests may be under way.
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import {
  type BlockDevice,
  type OperationOptions,
  type ScatterList,
  SystemError,
} from "@ashlar/core";

const MAGIC = Buffer.from("NBDMAGICIHAVEOPT");
const OPTION_MAGIC = MAGIC.subarray(8);
const OPTION_EXPORT_NAME = 1;
/** Fixed newstyle, and no zeroes after the export's size. */
const CLIENT_FLAGS = 3;
const SERVER_GREETING_BYTES = 18;
const EXPORT_BYTES = 10;
const REQUEST_MAGIC = 0x25609513;
const REQUEST_BYTES = 28;
const REPLY_MAGIC = 0x67446698;
const REPLY_BYTES = 16;
const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3, writeZeroes: 6 } as const;
type Command = keyof typeof COMMAND;

interface Waiting {
  /** Bytes that follow a good reply. */
  readonly length: number;
  readonly resolve: (data: Buffer) => void;
  readonly reject: (error: SystemError) => void;
}

interface Request {
  readonly command: Command;
  readonly offset: number;
  readonly length: number;
  readonly data?: ScatterList;
}

export class NbdDevice implements BlockDevice {
  readonly sizeBytes: number;
  readonly blockSize = 512;
  private readonly socket: Socket;
  private readonly waiting = new Map<bigint, Waiting>();
  private cookie = 0n;
  private received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, sizeBytes: number) {
    this.socket = socket;
    this.sizeBytes = sizeBytes;
    socket.on("data", (bytes: Buffer) => this.take(bytes));
    socket.on("close", () => this.fail("the NBD server closed the connection"));
    socket.on("error", () => {});
  }

  /** The server's default export. */
  static async open(path: string): Promise<NbdDevice> {
    const socket = createConnection({ path });
    await once(socket, "connect");
    const greeting = await exactly(socket, SERVER_GREETING_BYTES);
    if (!greeting.subarray(0, MAGIC.length).equals(MAGIC)) throw failed("not an NBD server");
    const hello = Buffer.alloc(20);
    hello.writeUInt32BE(CLIENT_FLAGS, 0);
    OPTION_MAGIC.copy(hello, 4);
    hello.writeUInt32BE(OPTION_EXPORT_NAME, 12);
    socket.write(hello);
    const exported = await exactly(socket, EXPORT_BYTES);
    return new NbdDevice(socket, Number(exported.readBigUInt64BE(0)));
  }

  async read(offset: number, length: number, options: OperationOptions): Promise<ScatterList> {
    return [await this.request({ command: "read", offset, length }, options)];
  }

  async write(offset: number, data: ScatterList, options: OperationOptions): Promise<void> {
    const length = data.reduce((sum, part) => sum + part.length, 0);
    await this.request({ command: "write", offset, length, data }, options);
  }

  /** Zeroes it, and lets the server free what it can. */
  async unmapBlocks(offset: number, length: number, options: OperationOptions): Promise<void> {
    await this.request({ command: "writeZeroes", offset, length }, options);
  }

  async flush(options: OperationOptions): Promise<void> {
    await this.request({ command: "flush", offset: 0, length: 0 }, options);
  }

  async compareAndWrite(): Promise<void> {
    throw new SystemError("argument/invalid", "NBD has no compare-and-write");
  }

  async orWrite(): Promise<void> {
    throw new SystemError("argument/invalid", "NBD has no or-write");
  }

  /** Ends in order: the server is told. */
  async close(): Promise<void> {
    if (this.socket.closed) return;
    const closed = once(this.socket, "close");
    this.send(0n, { command: "disconnect", offset: 0, length: 0 });
    this.socket.end();
    await closed;
  }

  /** An aborted request is not waited for; the server may do it all the same. */
  private request(request: Request, { signal }: OperationOptions): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) {
        reject(failed("the NBD server is gone"));
        return;
      }
      const cookie = ++this.cookie;
      const length = request.command === "read" ? request.length : 0;
      const onAbort = (): void => reject(failed("aborted"));
      signal.addEventListener("abort", onAbort, { once: true });
      const settled = (): void => signal.removeEventListener("abort", onAbort);
      this.waiting.set(cookie, {
        length,
        resolve: (data) => {
          settled();
          resolve(data);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.send(cookie, request);
    });
  }

  private send(cookie: bigint, { command, offset, length, data = [] }: Request): void {
    const head = Buffer.alloc(REQUEST_BYTES);
    head.writeUInt32BE(REQUEST_MAGIC, 0);
    head.writeUInt16BE(COMMAND[command], 6);
    head.writeBigUInt64BE(cookie, 8);
    head.writeBigUInt64BE(BigInt(offset), 16);
    head.writeUInt32BE(length, 24);
    for (const part of [head, ...data]) this.socket.write(part);
  }

  private take(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    while (this.received.length >= REPLY_BYTES) {
      const cookie = this.received.readBigUInt64BE(8);
      const waiting = this.waiting.get(cookie);
      if (this.received.readUInt32BE(0) !== REPLY_MAGIC || !waiting) {
        this.socket.destroy(failed("the NBD server answers what was not asked"));
        return;
      }
      const errno = this.received.readUInt32BE(4);
      const end = REPLY_BYTES + (errno === 0 ? waiting.length : 0);
      if (this.received.length < end) return;
      this.waiting.delete(cookie);
      if (errno === 0) waiting.resolve(Buffer.from(this.received.subarray(REPLY_BYTES, end)));
      else waiting.reject(failed(`the NBD server says errno ${errno}`));
      this.received = this.received.subarray(end);
    }
  }

  private fail(reason: string): void {
    for (const { reject } of this.waiting.values()) reject(failed(reason));
    this.waiting.clear();
  }
}

const failed = (reason: string): SystemError => new SystemError("disk/failed", reason);

/** The next bytes of a socket that nobody listens to yet. */
async function exactly(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(length) as Buffer | null;
    if (bytes) return bytes;
    const outcome = await Promise.race([
      once(socket, "readable").then(() => "readable"),
      once(socket, "close").then(() => "closed"),
    ]);
    if (outcome === "closed") throw failed("the NBD server closed the connection");
  }
}
