// The carrier over any byte stream: gathers frames, parses what arrives, notices a dead peer.
//
// Death is counted in ticks of this process, not in time: a process that was stopped for a minute
// first hears what its peers sent meanwhile. An idle side sends a ping frame each tick, so silence of
// SILENT_TICKS_MAX ticks means a dead peer or path; fewer where another path can be tried. This closes
// connections only; who is up or down is judged by the metadata service's pings alone.
import { assert, SystemError, toSystemError } from "@ashlar/core";
import type { Clock, Timer } from "@ashlar/runtime";
import type { ByteStream } from "./byte-stream.ts";
import type {
  Carrier,
  CarrierKind,
  CarrierPeer,
  CarrierPurpose,
  Frame,
  ReceivedFrame,
} from "./carrier.ts";
import { FrameBatch } from "./frame-batch.ts";
import { FrameParser } from "./frame-parser.ts";

/** Frame type of the carrier itself; never delivered. */
const PING_TYPE = 0;
const TICK_MS = 250;
const SILENT_TICKS_MAX = 20;
/**
 * So many show a path that may be gone: longer than a dead process takes to be missed by its pings, so
 * what is left is a path between two that live.
 */
const SUSPECT_TICKS = 3;
/**
 * Where the two ends may meet over another path, so many close it. A peer that stood still for as long is only
 * connected to anew, which costs little; in time, that is 750 to 1,250 ms.
 */
const SILENT_TICKS_MAX_OF_PATHS = 4;
/** A batch this long leaves before the end of the turn: the kernel can work meanwhile. */
const BATCH_LENGTH_MAX = 1024 * 1024;
/** A server that owes its peer more than this takes no more work from it until half is gone. */
const PAUSE_ABOVE_BYTES = 8 * 1024 * 1024;
/** More than every sender's own limits together: a sender without one ends here. */
const BUFFERED_BYTES_MAX = 512 * 1024 * 1024;

export interface FrameCarrierOptions {
  readonly stream: ByteStream;
  readonly kind: CarrierKind;
  readonly purpose: CarrierPurpose;
  readonly version: number;
  readonly peer: CarrierPeer;
  readonly clock: Clock;
  /**
   * Whether reading stops while much is owed to the peer. Only servers do: were both sides to stop,
   * neither would ever read again.
   */
  readonly pausesReading: boolean;
  /** Whether the peers have several paths to each other, of which this is one. */
  readonly hasOtherPath?: boolean;
}

export class FrameCarrier implements Carrier {
  readonly kind: CarrierKind;
  readonly purpose: CarrierPurpose;
  readonly version: number;
  readonly peer: CarrierPeer;
  private readonly stream: ByteStream;
  private readonly pausesReading: boolean;
  private readonly silentTicksMax: number;
  private readonly ticks: Timer;
  private readonly batch = new FrameBatch();
  private readonly parser = new FrameParser((frame) => this.deliver(frame));
  private receive: ((frame: ReceivedFrame) => void) | undefined;
  private readonly closeListeners: ((reason: Error) => void)[] = [];
  private closedBy: Error | undefined;
  private flushScheduled = false;
  private paused = false;
  private heard = true;
  private sent = false;
  private silentTicks = 0;
  private bufferedAtTick = 0;

  constructor(options: FrameCarrierOptions) {
    const { stream, kind, purpose, peer, clock, pausesReading, hasOtherPath = false } = options;
    this.kind = kind;
    this.purpose = purpose;
    this.version = options.version;
    this.peer = peer;
    this.stream = stream;
    this.pausesReading = pausesReading;
    this.silentTicksMax = hasOtherPath ? SILENT_TICKS_MAX_OF_PATHS : SILENT_TICKS_MAX;
    stream.listen({
      onBytes: (chunk) => this.onBytes(chunk),
      onDrain: () => this.resumeReading(),
      onEnd: (reason) => this.close(reason),
    });
    this.ticks = clock.every(TICK_MS, () => this.onTick());
  }

  /** Whether nothing was heard for so long that the path may be gone. */
  get isSilent(): boolean {
    return this.silentTicks >= SUSPECT_TICKS;
  }

  /** Whether it closed because of that. */
  get timedOut(): boolean {
    return this.silentTicks >= this.silentTicksMax;
  }

  get bufferedBytes(): number {
    return this.batch.byteLength + this.stream.bufferedBytes;
  }

  send(frame: Frame): void {
    assert(frame.type !== PING_TYPE, "frame type 0 is the carrier's own");
    this.enqueue(frame);
  }

  onFrame(receive: (frame: ReceivedFrame) => void): void {
    this.receive = receive;
    this.stream.resume();
  }

  onClose(closed: (reason: Error) => void): void {
    const reason = this.closedBy;
    if (reason) queueMicrotask(() => closed(reason));
    else this.closeListeners.push(closed);
  }

  close(
    reason: Error = new SystemError("rpc/disconnected", "this side closed the connection"),
  ): void {
    if (this.closedBy) return;
    this.closedBy = reason;
    this.ticks.cancel();
    this.stream.destroy();
    const listeners = this.closeListeners.splice(0);
    queueMicrotask(() => {
      for (const closed of listeners) closed(reason);
    });
  }

  private enqueue(frame: Frame): void {
    if (this.closedBy) return;
    this.batch.push(frame);
    if (this.batch.byteLength >= BATCH_LENGTH_MAX) this.flush();
    else if (!this.flushScheduled) {
      this.flushScheduled = true;
      setImmediate(this.onTurnEnd);
    }
  }

  private readonly onTurnEnd = (): void => {
    this.flushScheduled = false;
    this.flush();
  };

  private flush(): void {
    if (this.closedBy || this.batch.byteLength === 0) return;
    this.stream.write(this.batch.take());
    this.sent = true;
    const buffered = this.stream.bufferedBytes;
    if (buffered > BUFFERED_BYTES_MAX) {
      this.close(new SystemError("rpc/too-large", `${buffered} bytes wait for the peer`));
    } else if (this.pausesReading && !this.paused && buffered > PAUSE_ABOVE_BYTES) {
      this.paused = true;
      this.stream.pause();
    }
  }

  private resumeReading(): void {
    if (!this.paused || this.stream.bufferedBytes > PAUSE_ABOVE_BYTES / 2) return;
    this.paused = false;
    this.stream.resume();
  }

  private onBytes(chunk: Buffer): void {
    if (this.closedBy) return;
    this.heard = true;
    try {
      this.parser.push(chunk);
    } catch (thrown) {
      const error = toSystemError(thrown);
      if (error.code !== "rpc/bad-frame") throw thrown;
      this.close(error);
    }
  }

  private deliver(frame: ReceivedFrame): void {
    if (frame.type !== PING_TYPE && !this.closedBy) this.receive?.(frame);
  }

  private onTick(): void {
    this.resumeReading();
    const buffered = this.stream.bufferedBytes;
    const alive = this.heard || (this.paused && buffered < this.bufferedAtTick);
    this.silentTicks = alive ? 0 : this.silentTicks + 1;
    this.heard = false;
    this.bufferedAtTick = buffered;
    if (this.timedOut) {
      const seconds = (this.silentTicksMax * TICK_MS) / 1000;
      this.close(new SystemError("rpc/disconnected", `nothing heard for ${seconds} s`));
      return;
    }
    if (!this.sent) this.enqueue({ type: PING_TYPE, id: 0, body: [] });
    this.sent = false;
  }
}
