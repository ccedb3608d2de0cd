// The command window of a session (RFC 7143, 4.2.2.1): commands are delivered in the order of CmdSN;
// what lies outside [ExpCmdSN, MaxCmdSN] or comes twice is ignored without an answer. MaxCmdSN is the
// flow control: it leaves room for as many commands as the session may hold, and never moves back.
import { serialAdd, serialLess, serialWithin } from "./serial.ts";

type Deliver = () => void;
const SKIPPED: Deliver = () => {};

export class CommandWindow {
  private expected: number;
  private last: number;
  private readonly size: number;
  /** Commands that overtook others; at most `size`. */
  private readonly waiting = new Map<number, Deliver>();

  constructor({ first, size }: { readonly first: number; readonly size: number }) {
    this.expected = first;
    this.size = size;
    this.last = serialAdd(first, size - 1);
  }

  get expCmdSn(): number {
    return this.expected;
  }

  get maxCmdSn(): number {
    return this.last;
  }

  /** Calls `deliver` now, after the gap before it was filled, or never. */
  offer(cmdSn: number, deliver: Deliver): void {
    if (!serialWithin(cmdSn, this.expected, this.last) || this.waiting.has(cmdSn)) return;
    if (cmdSn !== this.expected) {
      this.waiting.set(cmdSn, deliver);
      return;
    }
    this.expected = serialAdd(this.expected, 1);
    deliver();
    this.deliverWaiting();
  }

  /** Counts a command as received that will never be executed; false when it is outside. */
  skip(cmdSn: number): boolean {
    if (!serialWithin(cmdSn, this.expected, this.last)) return false;
    this.waiting.set(cmdSn, SKIPPED);
    this.deliverWaiting();
    return true;
  }

  /** Opens the window for as many commands as fit beside `active` ones. */
  admit(active: number): void {
    const last = serialAdd(this.expected, this.size - active - 1);
    if (serialLess(this.last, last)) this.last = last;
  }

  private deliverWaiting(): void {
    for (;;) {
      const deliver = this.waiting.get(this.expected);
      if (!deliver) return;
      this.waiting.delete(this.expected);
      this.expected = serialAdd(this.expected, 1);
      deliver();
    }
  }
}
