// What a member does because it leads, from the moment it leads to the moment it does not: makes the
// cluster if it is new, takes members in and out, and clears up after those who led before.
import { type ClusterId, type NodeId, SystemError, toSystemError } from "@ashlar/core";
import { type EntryId, type MemberId, NONE } from "@ashlar/raft";
import type { Clock, Log, Startable, Timer } from "@ashlar/runtime";
import { accepted } from "../refusal.ts";
import type { VolumeCreation } from "../volume-creation.ts";
import type { GroupLog } from "./group-log.ts";
import type { GroupView } from "./group-view.ts";
import { nextStep } from "./membership-keeper.ts";
import type { RaftHost } from "./raft-host.ts";

/** A member that joins becomes a voter within a few of these. */
const KEEP_INTERVAL_MS = 100;
/** What a leader says of itself once is said again when it failed, as on a full disk. */
const OPEN_INTERVAL_MS = 2_000;
/** A caller whose leader was lost asks again well before this; then its creation is nobody's. */
const ABANDONED_AFTER_MS = 30_000;

export interface JoinRequest {
  readonly node: NodeId;
  readonly member: MemberId;
  readonly address: string;
}

export interface JoinVerdict {
  readonly voter: boolean;
  /** This member: a new one knows nobody yet. */
  readonly leader: MemberId;
}

export interface LeaderDutiesDeps {
  readonly groupLog: GroupLog;
  readonly host: RaftHost;
  readonly view: GroupView;
  readonly creation: VolumeCreation;
  readonly clock: Clock;
  readonly log: Log;
}

export interface LeaderDutiesOptions {
  readonly clusterId: ClusterId;
  readonly chunkSize: number;
  readonly nodeId: NodeId;
  /** Where this member is reached. */
  readonly address: () => string;
  /** The members of a new cluster, this one included. */
  readonly members: readonly { readonly nodeId: NodeId; readonly address: string }[];
}

export class LeaderDuties implements Startable {
  private readonly deps: LeaderDutiesDeps;
  private readonly options: LeaderDutiesOptions;
  private timers: Timer[] = [];
  private change: EntryId | undefined;
  private opening = false;
  private stopListening = (): void => {};

  constructor(deps: LeaderDutiesDeps, options: LeaderDutiesOptions) {
    this.deps = deps;
    this.options = options;
  }

  async start(): Promise<void> {
    this.stopListening = this.deps.groupLog.onLead((leads) => (leads ? this.begin() : this.end()));
  }

  async stop(): Promise<void> {
    this.stopListening();
    this.end();
  }

  /**
   * Takes in the number under which an expected member joins.
   * @throws SystemError raft/not-leader; member/unknown: nobody of this name is expected;
   * member/exists: another process is that member.
   */
  async join({ node, member, address }: JoinRequest): Promise<JoinVerdict> {
    const { groupLog, host, view } = this.deps;
    groupLog.requireLead();
    const known = groupLog.view.members.get(node);
    if (!known) {
      throw new SystemError("member/unknown", `no metadata member "${node}" is expected`, {
        hint: `see \`ashlar cluster member add ${node} ${address}\``,
      });
    }
    if (known.member !== member && known.member !== NONE && view.isHeard(known.member)) {
      throw new SystemError("member/exists", `another process is ${node}, at ${known.address}`, {
        hint: "give this one another nodeId, or stop the other",
      });
    }
    if (known.member !== member || known.address !== address) {
      await this.propose({ kind: "memberJoined", node, member, address });
    }
    return { voter: host.status.membership.incoming.has(member), leader: host.member };
  }

  private begin(): void {
    this.end();
    const { clock, creation } = this.deps;
    const open = (): void => this.attempt("opening the term", () => this.openOnce());
    open();
    this.timers = [
      clock.every(OPEN_INTERVAL_MS, open),
      clock.every(KEEP_INTERVAL_MS, () => this.keepMembership()),
      clock.every(ABANDONED_AFTER_MS, () => {
        this.attempt("clearing up", () => creation.abortAbandoned());
      }),
    ];
  }

  private end(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers = [];
    this.change = undefined;
  }

  private attempt(what: string, act: () => Promise<void>): void {
    act().catch((thrown) => {
      const error = toSystemError(thrown);
      this.deps.log.warn({ code: error.code, error }, `${what} failed`);
    });
  }

  private async openOnce(): Promise<void> {
    if (this.opening) return;
    this.opening = true;
    await this.open().finally(() => {
      this.opening = false;
    });
  }

  /** The founder makes the cluster; every leader sees that its own record is right. */
  private async open(): Promise<void> {
    const { groupLog, host, clock } = this.deps;
    const { clusterId, chunkSize, nodeId } = this.options;
    if (!groupLog.view.cluster) {
      const createdAt = new Date(clock.wallMs()).toISOString();
      await this.propose({ kind: "createCluster", clusterId, chunkSize, createdAt });
    }
    const own = groupLog.view.members.get(nodeId);
    const address = this.options.address();
    if (own?.member === host.member && own.address === address) return;
    const records = [...groupLog.view.members.values()];
    if (records.every(({ member }) => member === NONE)) await this.expectFounders(address);
    // One without a record is on its way out.
    if (!groupLog.view.members.has(nodeId)) return;
    await this.propose({ kind: "memberJoined", node: nodeId, member: host.member, address });
  }

  private async expectFounders(address: string): Promise<void> {
    const { nodeId, members } = this.options;
    const others = members.filter((one) => one.nodeId !== nodeId);
    for (const one of [{ nodeId, address }, ...others]) {
      await this.propose({ kind: "memberExpected", node: one.nodeId, address: one.address });
    }
  }

  private async propose(command: Parameters<GroupLog["propose"]>[0]): Promise<void> {
    accepted((await this.deps.groupLog.propose(command)).result);
  }

  private keepMembership(): void {
    const { groupLog, host, view } = this.deps;
    const { membership, lastIndex, applied, peers } = host.status;
    const own = [...groupLog.view.members.values()].some(({ member }) => member === host.member);
    // Before the founder's record is there, nobody is wanted.
    if (!own && groupLog.view.members.size === 0) return;
    const step = nextStep({
      self: host.member,
      voters: membership.incoming,
      learners: membership.learners,
      changing:
        membership.outgoing.size > 0 || (this.change !== undefined && this.change.index > applied),
      lastIndex,
      peers,
      heard: new Set(peers.map(({ id }) => id).filter((id) => view.isHeard(id))),
      wanted: new Set(
        [...groupLog.view.members.values()]
          .map(({ member }) => member)
          .filter((member) => member !== NONE),
      ),
    });
    if (step?.kind === "transfer") host.transferLeader(step.to);
    if (step?.kind !== "change") return;
    this.change = host.proposeChange(step.change);
    this.deps.log.info({ ...this.change, changes: step.change.changes }, "membership changes");
  }
}
