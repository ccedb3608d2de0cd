// Rounds of confirmation (P2): what reveals state is answered when every other member of every
// possibly-current ISR has confirmed, in a round begun after the request arrived, that it knows of
// no newer epoch. A later epoch is ACTIVE only when one of them has promised it, so it was not
// ACTIVE when the request arrived, and what is committed here holds all that was acknowledged.
// The primary's own requests are numbered by a clock; a round begun at clock value T confirms those
// that arrived up to T. One round per member is in flight, the next gathers meanwhile. Nothing here
// judges silence: like a write, an answer waits for a member until a configuration goes without it.
import { UNCONFIRMED_ANSWERS_MAX, UNCONFIRMED_BYTES_MAX } from "./limits.ts";
import type { Peer } from "./peer.ts";
import type { PrimaryPeers } from "./primary-peers.ts";

/** How a request ends once its answer is known. */
export interface Answer {
  readonly tell: () => void;
  /** Instead, when the replica no longer leads. */
  readonly refuse: () => void;
}

/** A request whose answer reveals state. */
export interface Unconfirmed {
  /** Clock value of its arrival. */
  readonly arrival: number;
  readonly bytes: number;
  /** Undefined while the answer is not known. */
  answer: Answer | undefined;
}

export class Confirmations {
  private readonly peers: PrimaryPeers;
  private clock = 0;
  /** In order of arrival. */
  private readonly waiting = new Set<Unconfirmed>();
  private bytes = 0;

  constructor(peers: PrimaryPeers) {
    this.peers = peers;
  }

  /**
   * A request arrives whose answer reveals state and holds `bytes` of memory; undefined when too
   * much waits already.
   */
  begin(bytes: number): Unconfirmed | undefined {
    if (this.waiting.size >= UNCONFIRMED_ANSWERS_MAX) return undefined;
    if (this.bytes + bytes > UNCONFIRMED_BYTES_MAX) return undefined;
    this.clock += 1;
    const request: Unconfirmed = { arrival: this.clock, bytes, answer: undefined };
    this.waiting.add(request);
    this.bytes += bytes;
    this.ask();
    return request;
  }

  /** The answer is known; it is told now or when it is confirmed. */
  answer(request: Unconfirmed, answer: Answer): void {
    request.answer = answer;
    if (request.arrival <= this.confirmedByAll) this.tell(request, answer);
  }

  /** There is nothing to reveal. */
  drop(request: Unconfirmed): void {
    if (this.waiting.delete(request)) this.bytes -= request.bytes;
  }

  onConfirmed(peer: Peer, round: number): void {
    if (round === 0 || round !== peer.round) {
      // It answers what was never asked: nothing it says of this session counts.
      this.peers.restart(peer);
      return;
    }
    peer.confirmed = round;
    peer.round = 0;
  }

  /** After anything that may have confirmed more, or changed who must confirm. */
  advance(): void {
    if (this.waiting.size === 0) return;
    this.ask();
    const upTo = this.confirmedByAll;
    for (const request of this.waiting) {
      if (request.arrival > upTo) return;
      if (request.answer) this.tell(request, request.answer);
    }
  }

  /** The replica no longer leads. Requests without an answer yet are refused by whoever seeks it. */
  end(): void {
    for (const { answer } of this.waiting) answer?.refuse();
    this.waiting.clear();
    this.bytes = 0;
  }

  /** Without other members all is confirmed: a sole member confirms by itself. */
  private get confirmedByAll(): number {
    let least = this.clock;
    for (const { confirmed } of this.peers.members) least = Math.min(least, confirmed);
    return least;
  }

  /** Begins a round with every required member that has not confirmed all and can be asked now. */
  private ask(): void {
    for (const peer of this.peers.members) {
      if (peer.confirmed === this.clock || peer.round !== 0 || !peer.promise) continue;
      peer.round = this.clock;
      this.peers.send(peer, { kind: "confirm", round: peer.round });
    }
  }

  private tell(request: Unconfirmed, { tell }: Answer): void {
    this.drop(request);
    tell();
  }
}
