// The ways from machine to machine: how long bytes take, and which ways are cut or clogged. What is sent
// into a cut is kept by the sender's machine, as TCP does, and goes on when the way is whole again.
import type { ProcessLife } from "../world/process-life.ts";
import type { World } from "../world/world.ts";

const LATENCY_MIN_MS = 0.02;
const LATENCY_MAX_MS = 0.3;
/** Until a retransmission finds that the way is whole again. */
const RETRANSMIT_MAX_MS = 400;
/** Bytes of a millisecond: a gigabit. */
const BYTES_PER_MS = 125_000;

/** Something on its way. */
export interface Parcel {
  readonly bytes: number;
  /** Whose event its arrival is; the machine's own if undefined. */
  readonly life: ProcessLife | undefined;
  readonly arrive: () => void;
}

interface Way {
  cut: boolean;
  /** Until then nothing gets through. */
  cloggedUntilMs: number;
  held: Parcel[];
}

export class Paths {
  /** Parcels that were held up by a cut. */
  held = 0;
  private readonly world: World;
  private readonly ways = new Map<string, Way>();

  constructor(world: World) {
    this.world = world;
  }

  /** Arrives after its latency, or when the way is whole again. */
  travel(from: string, to: string, parcel: Parcel): void {
    const way = this.way(from, to);
    if (way.cut) {
      this.held += 1;
      way.held.push(parcel);
      return;
    }
    const clogMs = Math.max(0, way.cloggedUntilMs - this.world.nowMs);
    this.world.after(clogMs + this.latencyMs(parcel.bytes), parcel.life, parcel.arrive);
  }

  isCut(from: string, to: string): boolean {
    return this.way(from, to).cut;
  }

  cut(from: string, to: string): void {
    this.way(from, to).cut = true;
  }

  clog(from: string, to: string, ms: number): void {
    this.way(from, to).cloggedUntilMs = this.world.nowMs + ms;
  }

  heal(from: string, to: string): void {
    const way = this.way(from, to);
    way.cut = false;
    way.cloggedUntilMs = 0;
    const { held } = way;
    way.held = [];
    const pauseMs = this.world.between(0, RETRANSMIT_MAX_MS);
    for (const { life, arrive } of held) this.world.after(pauseMs, life, arrive);
  }

  healAll(): void {
    for (const key of [...this.ways.keys()].sort()) {
      const [from = "", to = ""] = key.split(">");
      this.heal(from, to);
    }
  }

  private latencyMs(bytes: number): number {
    return this.world.between(LATENCY_MIN_MS, LATENCY_MAX_MS) + bytes / BYTES_PER_MS;
  }

  private way(from: string, to: string): Way {
    const key = `${from}>${to}`;
    let way = this.ways.get(key);
    if (!way) {
      way = { cut: false, cloggedUntilMs: 0, held: [] };
      this.ways.set(key, way);
    }
    return way;
  }
}
