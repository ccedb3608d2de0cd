// What tests of the raft transport need on both sides: messages, and a host that notes what it is told.
import type { Formats } from "@ashlar/catalog";
import type { MemberId, MembershipState, Message, MessageOf } from "@ashlar/raft";
import type { RaftInbox } from "../raft-transport.ts";

/** A host of the consensus core that only remembers. */
export class RecordingInbox implements RaftInbox {
  readonly member: MemberId;
  readonly received: Message[] = [];
  readonly formats = new Map<MemberId, Formats>();
  readonly unreachables: MemberId[] = [];
  readonly snapshots: (readonly [MemberId, "delivered" | "failed"])[] = [];
  readonly refusals: (readonly [MemberId, string])[] = [];

  constructor(member: MemberId) {
    this.member = member;
  }

  receive(message: Message): void {
    this.received.push(message);
  }

  reads(member: MemberId, formats: Formats): void {
    this.formats.set(member, formats);
  }

  unreachable(member: MemberId): void {
    this.unreachables.push(member);
  }

  snapshotSent(member: MemberId, outcome: "delivered" | "failed"): void {
    this.snapshots.push([member, outcome]);
  }

  refused(by: MemberId, code: string): void {
    this.refusals.push([by, code]);
  }
}

interface Route {
  readonly from: MemberId;
  readonly to: MemberId;
}

export const heartbeat = ({ from, to }: Route, round: number): MessageOf<"heartbeat"> => ({
  kind: "heartbeat",
  version: 1,
  from,
  to,
  term: 1,
  commit: 0,
  round,
});

/** One entry of `bytes` at `index`. */
export const append = (
  { from, to }: Route,
  index: number,
  bytes = 10,
): MessageOf<"append-entries"> => ({
  kind: "append-entries",
  version: 1,
  from,
  to,
  term: 1,
  previous: { term: 1, index: index - 1 },
  entries: [{ version: 1, kind: "normal", term: 1, index, data: Buffer.alloc(bytes, index) }],
  commit: 0,
});

const membership: MembershipState = {
  voters: [1, 2],
  votersOutgoing: [],
  learners: [3],
  learnersNext: [],
  autoLeave: false,
};

export const installSnapshot = (
  { from, to }: Route,
  data: Uint8Array,
): MessageOf<"install-snapshot"> => ({
  kind: "install-snapshot",
  version: 1,
  from,
  to,
  term: 3,
  snapshot: { version: 1, index: 70, term: 2, membership, data },
});
