// How messages of the consensus group reach other members, as its host sees it. Sending never waits
// and promises nothing: what cannot be sent is dropped, as Raft allows.
import type { Formats } from "@ashlar/catalog";
import type { MemberId, Message } from "@ashlar/raft";

/** The host's side: what arrives, and what became of what was sent. */
export interface RaftInbox {
  /** This member's number: what is addressed to another is refused, since its folder was wiped. */
  readonly member: MemberId;
  receive(message: Message): void;
  /** Which formats another member reads, as it tells with what it sends. */
  reads(member: MemberId, formats: Formats): void;
  /** Messages to this member may be lost (`Raft.reportUnreachable`). */
  unreachable(member: MemberId): void;
  /** What became of a snapshot: always told, once for each that was given to `send`. */
  snapshotSent(member: MemberId, outcome: "delivered" | "failed"): void;
  /**
   * Told once for each stream that is refused: at the address of `by` is another member now
   * ("member/unknown"), or `by` has seen this member removed ("member/removed").
   */
  refused(by: MemberId, code: "member/unknown" | "member/removed"): void;
}

export interface RaftTransport {
  /** Sends each to its receiver, those to one receiver in order unless they are lost. */
  send(messages: readonly Message[]): void;
  stop(): Promise<void>;
}
