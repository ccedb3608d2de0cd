// What a member tells about its group: names and addresses from the catalog, progress from the core.
import type { MemberRecord } from "@ashlar/catalog";
import { type ClusterId, type NodeId, SystemError } from "@ashlar/core";
import { type MemberId, NONE, type PeerStatus, type RaftStatus } from "@ashlar/raft";
import { type GroupStatus, type MemberRole, type MemberStatus, RELEASE } from "@ashlar/rpc";
import { type Clock, sleep } from "@ashlar/runtime";
import type { GroupLog } from "./group-log.ts";
import type { RaftHost } from "./raft-host.ts";

/** Heartbeats come several times a second: one that was not heard for this long is not there. */
const SILENCE_MAX_MS = 1_500;
const LISTEN_STEP_MS = 50;

export interface GroupViewDeps {
  readonly log: GroupLog;
  readonly host: RaftHost;
  readonly clock: Clock;
}

export interface GroupSelf {
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  /** Random per process start. */
  readonly bootId: string;
}

export class GroupView {
  private readonly deps: GroupViewDeps;
  private readonly self: GroupSelf;
  /** Whoever has joined, also after its removal: until it is out of the group, it counts. */
  private readonly joined = new Map<MemberId, MemberRecord>();

  constructor(deps: GroupViewDeps, self: GroupSelf) {
    this.deps = deps;
    this.self = self;
    this.noteJoined();
    deps.log.subscribe(() => this.noteJoined());
  }

  status(): GroupStatus {
    const { host, log } = this.deps;
    const status = host.status;
    const { term, firstIndex, lastIndex, commit, applied } = status;
    return {
      clusterId: this.self.clusterId,
      self: this.self.nodeId,
      role: ownRole(status),
      term,
      leader: log.leader?.node ?? "",
      leaderAddress: log.leader?.address ?? "",
      firstIndex,
      lastIndex,
      commitIndex: commit,
      appliedIndex: applied,
      members: this.members(),
      release: RELEASE,
      bootId: this.self.bootId,
    };
  }

  /** Every member that is expected, and those that were removed as long as the group still needs them. */
  members(): readonly MemberStatus[] {
    const { log, host } = this.deps;
    const status = host.status;
    const expected = log.view.members;
    const leaving = [...this.joined.values()].filter(({ node }) => !expected.has(node));
    return [...expected.values(), ...leaving.filter(({ member }) => isIn(member, status))]
      .map((record) => this.member(record, status))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Whether `member` was heard of lately; this member always was. */
  isHeard(member: MemberId): boolean {
    const { host, clock } = this.deps;
    if (member === host.member) return true;
    const heardMs = host.heardOf(member);
    return heardMs !== undefined && clock.nowMs() - heardMs < SILENCE_MAX_MS;
  }

  /**
   * Resolves when the others have shown that they are a majority without `id`. Only signs of life from
   * now on count: the last ones of a member that has just died are recent too.
   * @throws SystemError member/needed when too few did.
   */
  async requireDispensable(
    id: NodeId,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    const { log, host, clock } = this.deps;
    const leaving = log.view.members.get(id)?.member;
    const { incoming } = host.status.membership;
    if (leaving === undefined || !incoming.has(leaving)) return;
    const staying = [...incoming].filter((voter) => voter !== leaving);
    const askedMs = clock.nowMs();
    const isAlive = (voter: MemberId): boolean =>
      voter === host.member || (host.heardOf(voter) ?? askedMs) > askedMs;
    for (;;) {
      const heard = staying.filter(isAlive);
      if (heard.length > staying.length / 2) return;
      if (clock.nowMs() >= askedMs + SILENCE_MAX_MS) throw needed(id, heard.length, staying.length);
      await sleep(clock, LISTEN_STEP_MS, { signal });
    }
  }

  private noteJoined(): void {
    const { log, host } = this.deps;
    const expected = [...log.view.members.values()];
    for (const record of expected)
      if (record.member !== NONE) this.joined.set(record.member, record);
    const { status } = host;
    for (const [member, { node }] of this.joined) {
      const isExpected = log.view.members.get(node)?.member === member;
      if (!isExpected && !isIn(member, status)) this.joined.delete(member);
    }
  }

  private member({ node, address, member }: MemberRecord, status: RaftStatus): MemberStatus {
    const peer = status.peers.find(({ id }) => id === member);
    const matchIndex = matchOf(member, peer, status);
    return {
      id: node,
      address,
      member,
      role: this.roleOf(member, status),
      state: member !== NONE && this.isHeard(member) ? "up" : "down",
      matchIndex,
      lag: peer || member === status.id ? Math.max(0, status.lastIndex - matchIndex) : 0,
    };
  }

  private roleOf(member: MemberId, status: RaftStatus): MemberRole {
    if (member === NONE) return "absent";
    if (member === status.id) return ownRole(status);
    if (member === status.leader) return "leader";
    if (status.membership.learners.has(member)) return "learner";
    return isIn(member, status) ? "follower" : "unknown";
  }
}

function isIn(member: MemberId, { membership }: Pick<RaftStatus, "membership">): boolean {
  const { incoming, outgoing, learners } = membership;
  return incoming.has(member) || outgoing.has(member) || learners.has(member);
}

const needed = (id: NodeId, heard: number, staying: number): SystemError =>
  new SystemError(
    "member/needed",
    `without ${id} only ${heard} of ${staying} metadata members would answer`,
    { hint: "bring the other members back first, see `ashlar cluster status`" },
  );

function matchOf(
  member: MemberId,
  peer: PeerStatus | undefined,
  { id, lastIndex }: RaftStatus,
): number {
  return member === id ? lastIndex : (peer?.match ?? 0);
}

function ownRole({ id, role, membership }: RaftStatus): MemberRole {
  if (role === "leader") return "leader";
  if (membership.learners.has(id)) return "learner";
  const { incoming, outgoing } = membership;
  if (!incoming.has(id) && !outgoing.has(id)) return "unknown";
  return role === "follower" ? "follower" : "candidate";
}
