// Carriers without a network, for tests of what stands above them: the real framing, limits and
// keep-alive over a connection in memory, on which the test can pause a side or pull the cable.
import { SystemError } from "@ashlar/core";
import { type Clock, nodeClock } from "@ashlar/runtime";
import type { ByteStream, ByteStreamEvents } from "../byte-stream.ts";
import type { CarrierPeer, CarrierPurpose } from "../carrier.ts";
import { SPOKEN } from "../carrier-versions.ts";
import { FrameCarrier } from "../frame-carrier.ts";

/** One end of a connection in memory: bytes arrive in a later turn, copied, as from a network. */
export class MemoryStream implements ByteStream {
  /** Bytes written here and not taken by the peer, who takes none while it is paused. */
  private waiting: Buffer[] = [];
  private events: ByteStreamEvents | undefined;
  private peer: MemoryStream | undefined;
  private reading = false;
  private ended = false;
  private scheduled = false;

  static pair(): readonly [MemoryStream, MemoryStream] {
    const [near, far] = [new MemoryStream(), new MemoryStream()];
    near.peer = far;
    far.peer = near;
    return [near, far];
  }

  get bufferedBytes(): number {
    return this.waiting.reduce((sum, piece) => sum + piece.length, 0);
  }

  write(pieces: readonly Buffer[]): void {
    if (this.ended) return;
    this.waiting.push(...pieces.map((piece) => Buffer.from(piece)));
    this.schedule();
  }

  listen(events: ByteStreamEvents): void {
    this.events = events;
  }

  pause(): void {
    this.reading = false;
  }

  resume(): void {
    this.reading = true;
    this.peer?.schedule();
  }

  destroy(): void {
    if (this.ended) return;
    this.ended = true;
    this.waiting = [];
    setImmediate(() => this.peer?.hangUp());
  }

  /** The path goes dead without a word: nothing arrives any more, in either direction. */
  cut(): void {
    this.peer = undefined;
  }

  private hangUp(): void {
    if (this.ended) return;
    this.ended = true;
    this.events?.onEnd(new SystemError("rpc/disconnected", "the peer closed the connection"));
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.deliver();
    });
  }

  private deliver(): void {
    while (this.peer?.reading && !this.peer.ended) {
      const piece = this.waiting.shift();
      if (!piece) return;
      this.peer.events?.onBytes(piece);
      if (this.waiting.length === 0) this.events?.onDrain();
    }
  }
}

export interface MemoryCarrierPair {
  readonly client: FrameCarrier;
  readonly server: FrameCarrier;
  /** Kills the path silently, as a pulled cable does. */
  cut(): void;
}

/** Two connected carriers in one process; both are open from the start. */
export function memoryCarrierPair({
  purpose,
  client,
  server,
  clock = nodeClock,
  hasOtherPath = false,
  version = SPOKEN[purpose].newest,
}: {
  readonly purpose: CarrierPurpose;
  /** Who the client is, as the server sees it. */
  readonly client: CarrierPeer;
  readonly server: CarrierPeer;
  readonly clock?: Clock;
  readonly hasOtherPath?: boolean;
  /** That both ends have agreed on. */
  readonly version?: number;
}): MemoryCarrierPair {
  const [near, far] = MemoryStream.pair();
  const shared = { kind: "socket", purpose, version, clock, hasOtherPath } as const;
  return {
    client: new FrameCarrier({ ...shared, stream: near, peer: server, pausesReading: false }),
    server: new FrameCarrier({ ...shared, stream: far, peer: client, pausesReading: true }),
    cut: () => {
      near.cut();
      far.cut();
    },
  };
}
