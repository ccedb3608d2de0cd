// The window of append messages that a leader has sent to one peer and not heard of again, bounded in
// messages and in bytes, so that a slow peer costs bounded memory (thesis 10.2.1, pipelining).
import { assert } from "@ashlar/core";
import type { Index } from "./types.ts";

interface Inflight {
  /** Index of the message's last entry. */
  readonly index: Index;
  readonly bytes: number;
}

export interface InflightLimits {
  readonly messagesMax: number;
  /** Soft: the message that crosses it is still sent, so one large entry always passes. */
  readonly bytesMax: number;
}

export class Inflights {
  private readonly limits: InflightLimits;
  private window: Inflight[] = [];
  private bytes = 0;

  constructor(limits: InflightLimits) {
    this.limits = limits;
  }

  get count(): number {
    return this.window.length;
  }

  get full(): boolean {
    return this.count >= this.limits.messagesMax || this.bytes >= this.limits.bytesMax;
  }

  /** Remembers a sent message; indexes rise. */
  add(index: Index, bytes: number): void {
    assert(!this.full, "nothing is sent into a full window");
    const last = this.window.at(-1);
    assert(last === undefined || index > last.index, "in-flight messages rise");
    this.window.push({ index, bytes });
    this.bytes += bytes;
  }

  /** Forgets the messages whose entries all lie at or before `index`. */
  freeTo(index: Index): void {
    while (this.window[0] !== undefined && this.window[0].index <= index) {
      this.bytes -= this.window[0].bytes;
      this.window.shift();
    }
  }

  reset(): void {
    this.window = [];
    this.bytes = 0;
  }
}
