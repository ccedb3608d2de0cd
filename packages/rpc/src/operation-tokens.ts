// Tokens: how old an operation is, told without trust in anybody else's clock (P9). A storage node
// issues numbers on each stream of operations, ten a second; an operation carries one that its gateway
// had received before the initiator last proved that it holds its path. So an operation cannot be
// younger than it says, and the node that issued the number knows how old that is.
import { OPERATION_AGE_MAX_MS } from "@ashlar/replica";

/** An operation is that much older than its gateway knows, at the most, while all is well. */
export const TOKEN_INTERVAL_MS = 100;
/** A stream on which nothing came for so long issues none until it is used again, or asked to. */
export const QUIET_AFTER_MS = 10_000;
/** More than are issued within OPERATION_AGE_MAX_MS; a power of two. */
const TOKENS_MAX = 32;
/** Tokens of a stream are `nonce * COUNTER_LIMIT + counter`; a counter comes round after a day. */
const COUNTER_LIMIT = 2 ** 20;
/** Nonces are below: a token stays a safe integer. */
export const NONCE_LIMIT: number = 2 ** 32;
/** Of a token's life, what is kept for the way to the node and the wait for the LSN. */
const TOKEN_RESERVE_MS: number = OPERATION_AGE_MAX_MS / 4;

/** The storage node's side of one stream. */
export class IssuedTokens {
  private readonly nonce: number;
  private readonly nowMs: () => number;
  private counter = 0;
  private readonly issuedAtMs: number[] = new Array(TOKENS_MAX).fill(Number.NEGATIVE_INFINITY);
  private readonly tokens: number[] = new Array(TOKENS_MAX).fill(0);

  /** @param nonce 1 .. NONCE_LIMIT - 1, random: other streams have others. */
  constructor(nonce: number, nowMs: () => number) {
    this.nonce = nonce;
    this.nowMs = nowMs;
  }

  issue(): number {
    this.counter = (this.counter + 1) % COUNTER_LIMIT;
    const token = this.nonce * COUNTER_LIMIT + this.counter;
    const slot = this.counter % TOKENS_MAX;
    this.tokens[slot] = token;
    this.issuedAtMs[slot] = this.nowMs();
    return token;
  }

  /** Until when an operation with this token may get its LSN; what was not issued here is too old. */
  deadlineMs(token: number): number {
    const slot = token % TOKENS_MAX;
    const issuedAtMs = this.tokens[slot] === token ? this.issuedAtMs[slot] : undefined;
    return (issuedAtMs ?? Number.NEGATIVE_INFINITY) + OPERATION_AGE_MAX_MS;
  }
}

/** The gateway's side of one stream. */
export class ReceivedTokens {
  private readonly nowMs: () => number;
  private readonly tokens: { readonly token: number; readonly receivedAtMs: number }[] = [];

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  /** When the newest one came, if it has enough of its life left. */
  get newestAtMs(): number | undefined {
    const newest = this.tokens.at(-1);
    return newest && this.isYoung(newest.receivedAtMs) ? newest.receivedAtMs : undefined;
  }

  add(token: number): void {
    this.tokens.push({ token, receivedAtMs: this.nowMs() });
    if (this.tokens.length > TOKENS_MAX) this.tokens.shift();
  }

  /** The newest one that had come by `provenAtMs`, if it has enough of its life left. */
  before(provenAtMs: number): number | undefined {
    for (let at = this.tokens.length - 1; at >= 0; at -= 1) {
      const held = this.tokens[at];
      if (!held || held.receivedAtMs > provenAtMs) continue;
      return this.isYoung(held.receivedAtMs) ? held.token : undefined;
    }
    return undefined;
  }

  /** The node called it too old: so are those that came before it. */
  discard(token: number): void {
    const at = this.tokens.findIndex((held) => held.token === token);
    this.tokens.splice(0, at + 1);
  }

  private isYoung(receivedAtMs: number): boolean {
    return this.nowMs() - receivedAtMs <= OPERATION_AGE_MAX_MS - TOKEN_RESERVE_MS;
  }
}
