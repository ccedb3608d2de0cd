// A primary's view of one other member: how far its session is and what it holds durably. A session
// begins with `newEpoch`, the member promises, the primary aligns it with its own log, and from then
// on every entry goes to it in order. A break of the connection begins all this anew.
import type { Lsn, NodeId, StoreUuid } from "@ashlar/core";
import type { MemberMessage } from "./messages.ts";
import type { ResyncSource } from "./resync-source.ts";
import { ClaimQueue, type SpaceClaims } from "./space-claims.ts";

export type PromiseMessage = MemberMessage & { readonly kind: "promise" };

export class Peer {
  readonly node: NodeId;
  readonly store: StoreUuid;
  linked = false;
  /** Number of its session, 0 for none: its connection is down or it refused. */
  session = 0;
  /** What it told in this session; it refuses older epochs from then on. */
  promise: PromiseMessage | undefined;
  /** It gets every entry from now on, in order. */
  attached = false;
  /** Durable there, in our log; undefined while that is not known. */
  acked: Lsn | undefined;
  /** Commit LSN as last told. */
  toldCommit: Lsn | undefined;
  /** Room on its store that entries on their way may need. */
  readonly claims: ClaimQueue;
  /** Its round of confirmation on the way in this session, 0 for none. */
  round = 0;
  /** It has confirmed what arrived up to here, in whichever session. */
  confirmed = 0;
  resync: ResyncSource | undefined;
  /** A learner that holds all extents: it may be admitted once it acked the commit LSN. */
  complete = false;
  /** Configuration version on which its admission was last asked for: it counts from then on. */
  admissionBase: number | undefined;
  /** That question is on its way. */
  admissionAsked = false;
  /** Ticks until the next attempt at whatever failed last. */
  retryIn = 0;

  constructor(
    member: { readonly node: NodeId; readonly storeUuid: StoreUuid },
    claims: SpaceClaims,
  ) {
    this.claims = new ClaimQueue(claims, member.storeUuid);
    this.node = member.node;
    this.store = member.storeUuid;
  }

  /** The session is over; the next one begins from nothing. */
  reset(): void {
    this.resync?.stop();
    this.resync = undefined;
    this.claims.clear();
    this.session = 0;
    this.promise = undefined;
    this.attached = false;
    this.acked = undefined;
    this.toldCommit = undefined;
    this.round = 0;
    this.complete = false;
  }
}
