// One end of a simulated connection, as a machine's kernel keeps it for a process: an ordered stream of
// messages with a window, a farewell, and a reset. A process that is stopped takes nothing, so the window
// fills and its peer waits. One that dies lets go of all its ends, and their peers hear of it; when its
// machine went with it they hear nothing before that machine is back.
import type { ProcessLife } from "../world/process-life.ts";
import type { World } from "../world/world.ts";
import type { Paths } from "./paths.ts";

/** Bytes on their way and not taken, beyond which a sender waits. */
const WINDOW_BYTES = 1024 * 1024;

export interface EndEvents {
  onMessage(message: unknown): void;
  /** No more comes: the other end said goodbye, or the connection broke. */
  onClose(reason: Error): void;
}

type Arriving =
  | { readonly kind: "message"; readonly message: unknown; readonly bytes: number }
  | { readonly kind: "farewell"; readonly reason: Error };

export const brokenBy = (code: string): Error => Object.assign(new Error(code), { code });

export class StreamEnd {
  readonly life: ProcessLife;
  private readonly world: World;
  private readonly paths: Paths;
  private readonly host: string;
  private peer: StreamEnd | undefined;
  private events: EndEvents | undefined;
  /** Bytes sent that the peer's process has not taken. */
  private untaken = 0;
  private readonly blocked: (() => void)[] = [];
  /** In the order in which it was sent: each arrival is one of the oldest, so none overtakes another. */
  private readonly arriving: Arriving[] = [];
  private closed = false;

  constructor(
    { world, paths }: { readonly world: World; readonly paths: Paths },
    host: string,
    life: ProcessLife,
  ) {
    this.world = world;
    this.paths = paths;
    this.host = host;
    this.life = life;
  }

  static join(near: StreamEnd, far: StreamEnd): void {
    near.peer = far;
    far.peer = near;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Name of the machine at the other end. */
  get remote(): string {
    return this.peer?.host ?? "";
  }

  listen(events: EndEvents): void {
    this.events = events;
  }

  send(message: unknown, bytes: number, taken?: () => void): void {
    if (this.closed || !this.peer) return;
    this.untaken += bytes;
    if (taken) {
      if (this.untaken <= WINDOW_BYTES) this.world.after(0, this.life, taken);
      else this.blocked.push(taken);
    }
    this.put({ kind: "message", message, bytes }, bytes);
  }

  /** Says goodbye behind what was sent, and hears no more. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.events = undefined;
    this.put({ kind: "farewell", reason: brokenBy("ECONNRESET") }, 1);
  }

  /** The connection breaks: either side hears of it. */
  break(): void {
    const { events } = this;
    this.close();
    this.lose(events, brokenBy("ECONNRESET"));
  }

  /** What this side's process hears when its connection never came about. */
  refuse(reason: Error): void {
    const { events } = this;
    this.closed = true;
    this.lose(events, reason);
  }

  private put(what: Arriving, bytes: number): void {
    const { peer } = this;
    if (!peer) return;
    peer.arriving.push(what);
    this.paths.travel(this.host, peer.host, { bytes, life: peer.life, arrive: () => peer.take() });
  }

  private take(): void {
    const next = this.arriving.shift();
    if (!next || this.closed) return;
    if (next.kind === "farewell") {
      const { events } = this;
      this.closed = true;
      this.lose(events, next.reason);
      return;
    }
    this.peer?.onTaken(next.bytes);
    this.events?.onMessage(next.message);
  }

  private lose(events: EndEvents | undefined, reason: Error): void {
    this.events = undefined;
    if (events) this.world.after(0, this.life, () => events.onClose(reason));
  }

  private onTaken(bytes: number): void {
    this.untaken -= bytes;
    while (this.blocked.length > 0 && this.untaken <= WINDOW_BYTES) {
      const taken = this.blocked.shift();
      if (taken) this.world.after(0, this.life, taken);
    }
  }
}
