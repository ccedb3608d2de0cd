// The door before the journal: a call passes when the extents it needs are ready. Calls pass in the
// order in which they were made; while the first waits for growth or for freed extents to become
// durable, all wait. One that cannot get its room is refused with disk/no-space, and with it the
// later entries of its chunk, which would leave a hole in the log; nothing of them was journaled.
//
// What a checkpoint may need (pages, directory) is kept back: it must never be the one without room.
import { type ChunkId, SystemError } from "@ashlar/core";
import type { Allocator } from "./allocator.ts";
import type { Growth } from "./growth.ts";

export interface Room {
  /** Extents for content that is written now. */
  readonly whole: number;
  /** Extents promised to small writes, taken when they are applied. */
  readonly promised: number;
}

export interface Call {
  readonly chunk: ChunkId;
  readonly room: () => Room;
  readonly go: (physical: readonly number[], promised: number) => Promise<void>;
  /** Undoes what the call expected; undefined when it is never refused for another's sake. */
  readonly refused: (() => void) | undefined;
}

interface Waiter {
  readonly call: Call;
  readonly resolve: (done: Promise<void>) => void;
  readonly reject: (error: SystemError) => void;
}

export interface AdmissionHost {
  /** Extents a checkpoint may need. */
  checkpointExtents(): number;
  /** Makes discarded extents free. */
  flushDiscarded(): void;
}

const NO_ROOM: Room = { whole: 0, promised: 0 };
export const noRoom = (): Room => NO_ROOM;

export const noRoomFor = (): SystemError =>
  new SystemError("disk/no-space", "the store has no room for this entry", {
    hint: "free space by deleting data, or add a disk",
  });

export class Admission {
  private readonly allocator: Allocator;
  private readonly growth: Growth;
  private readonly host: AdmissionHost;
  private waiters: Waiter[] = [];

  constructor(
    { allocator, growth }: { allocator: Allocator; growth: Growth },
    host: AdmissionHost,
  ) {
    this.allocator = allocator;
    this.growth = growth;
    this.host = host;
  }

  /** Runs the call's `go` at once when its room is ready and nobody waits. */
  submit(call: Call): Promise<void> {
    if (this.waiters.length === 0) {
      const admitted = this.admit(call);
      if (admitted !== undefined) return admitted;
    }
    return new Promise((resolve, reject) => {
      this.waiters.push({ call, resolve, reject });
      this.pump();
    });
  }

  /** Called whenever room may have come, or growth has ended without. */
  pump(): void {
    for (let first = this.waiters[0]; first; first = this.waiters[0]) {
      const admitted = this.admit(first.call);
      if (admitted !== undefined) {
        this.waiters.shift();
        first.resolve(admitted);
      } else if (this.mayCome(first.call.room())) return;
      else this.refuse(first);
    }
  }

  fail(error: SystemError): void {
    for (const { reject } of this.waiters.splice(0)) reject(error);
  }

  private admit(call: Call): Promise<void> | undefined {
    const { whole, promised } = call.room();
    if (whole + promised === 0) return call.go([], 0);
    const { allocator } = this;
    const ready = allocator.readyCount - allocator.reserved - this.host.checkpointExtents();
    if (ready < whole + promised) return undefined;
    const physical = whole > 0 ? allocator.take(whole) : [];
    if (!physical) return undefined;
    allocator.reserve(promised);
    this.growth.want({ now: false });
    return call.go(physical, promised);
  }

  private mayCome({ whole, promised }: Room): boolean {
    const missing =
      whole +
      promised +
      this.host.checkpointExtents() -
      (this.allocator.readyCount - this.allocator.reserved);
    if (this.growth.active || this.allocator.releasingCount > 0) return true;
    if (this.allocator.discardedExtents.length > 0) {
      this.host.flushDiscarded();
      return true;
    }
    if (this.growth.complete || missing > this.growth.possibleExtents) return false;
    this.growth.want({ now: true });
    return this.growth.active;
  }

  private refuse(first: Waiter): void {
    const later = this.waiters.filter(
      (waiter) =>
        waiter === first ||
        (first.call.refused && waiter.call.refused && waiter.call.chunk === first.call.chunk),
    );
    this.waiters = this.waiters.filter((waiter) => !later.includes(waiter));
    const error = noRoomFor();
    // The last first: each undoes what it expected of those before it.
    for (const waiter of later.reverse()) {
      waiter.call.refused?.();
      waiter.reject(error);
    }
  }
}
