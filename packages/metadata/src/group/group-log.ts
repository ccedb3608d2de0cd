// The ReplicatedLog of one member: matches what it proposed with what was committed, and knows when it
// may answer for the group. It leads, for its callers, from the moment the first entry of its own term
// is applied: then it has all that was ever answered (R3, R7).
import {
  type Applied,
  type CatalogMirror,
  type CommandKind,
  type CommandOf,
  encodeProposal,
  INCARNATIONS_SKIPPED_MAX,
  keptResult,
  type Proposal,
  type ProposalId,
  type Result,
  type VolumeDraft,
} from "@ashlar/catalog";
import { CodecError, MIB, type NodeId, SystemError } from "@ashlar/core";
import {
  type Entry,
  type LogSnapshot,
  type MemberId,
  type Membership,
  NONE,
  type ReadState,
  type SoftState,
} from "@ashlar/raft";
import type { Clock, Log, Random } from "@ashlar/runtime";
import type { LogMetrics } from "../metrics.ts";
import type { AppliedEntry, Committed, ReplicatedLog } from "../replicated-log.ts";
import type { CatalogMachine } from "./catalog-machine.ts";
import type { GroupFormats } from "./group-formats.ts";
import type { RaftHost, StateMachine } from "./raft-host.ts";

/** Proposals under way: beyond it callers are told to come back. */
const WAITING_MAX = 4096;
/** Entries travel whole, in messages of 16 MiB at most: a larger one would never reach a follower. */
const PROPOSAL_BYTES_MAX = 8 * MIB;
/** A read needs one round of heartbeats; longer means that no majority answers. */
const READ_TIMEOUT_MS = 2_000;

/** A leader with a full disk hands over well within this, if there is anybody to take over. */
const HAND_OVER_MAX_MS = 3_000;

interface Waiting {
  readonly term: number;
  readonly resolve: (committed: Committed<CommandKind>) => void;
  readonly reject: (error: SystemError) => void;
}

interface Read {
  readonly resolve: (index: number) => void;
  readonly reject: (error: SystemError) => void;
  /** Set when the group has answered: the entry that must be applied first. */
  index: number | undefined;
}

export interface GroupLogDeps {
  readonly machine: CatalogMachine;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: LogMetrics;
  readonly formats: Pick<GroupFormats, "commandFormat" | "stateFormat">;
}

export class GroupLog implements ReplicatedLog, StateMachine {
  private readonly deps: GroupLogDeps;
  private readonly bootId: string;
  private host: RaftHost | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private readonly reads = new Map<string, Read>();
  /** The read that calls of this turn share. */
  private nextRead: Promise<number> | undefined;
  private readCount = 0;
  private readonly listeners = new Set<(applied: AppliedEntry) => void>();
  private readonly leadListeners = new Set<(leads: boolean) => void>();
  private isLeader = false;
  private leaderId: MemberId = NONE;
  /** The run this member began; in the state once its first entry is applied. */
  private ownRun: string | undefined;
  private leading = false;

  constructor(deps: GroupLogDeps) {
    this.deps = deps;
    this.bootId = deps.random.uuid();
  }

  /** The two know each other; before anything else. */
  attach(host: RaftHost): void {
    this.host = host;
  }

  get run(): string {
    return this.deps.machine.state.run;
  }

  get view(): CatalogMirror {
    return this.deps.machine.state.view;
  }

  get drafts(): readonly VolumeDraft[] {
    return [...this.deps.machine.state.drafts.values()];
  }

  get leads(): boolean {
    return this.leading;
  }

  /** Name and address of the leader, this member included; undefined while none is known. */
  get leader(): { readonly node: NodeId; readonly address: string } | undefined {
    for (const { node, address, member } of this.view.members.values()) {
      if (member === this.leaderId && member !== NONE) return { node, address };
    }
    return undefined;
  }

  requireLead(): void {
    if (!this.leading) throw this.notLeader();
  }

  async propose<K extends CommandKind>(
    command: CommandOf<K>,
    id?: ProposalId | undefined,
  ): Promise<Committed<K>> {
    this.requireLead();
    if (this.host?.noSpace) {
      // There may be room by now: a refusal is of this moment.
      await this.host.diskTriedAgain();
      this.requireLead();
    }
    return this.proposeNow(command, id);
  }

  answered<K extends CommandKind>(id: ProposalId | undefined, kind: K): Result<K> | undefined {
    const kept = id && keptResult(this.deps.machine.state.sessions, id);
    return kept?.kind === kind ? (kept.result as Result<K>) : undefined;
  }

  async readIndex(): Promise<number> {
    this.requireLead();
    this.nextRead ??= this.read();
    return this.nextRead;
  }

  subscribe(listen: (applied: AppliedEntry) => void): () => void {
    this.listeners.add(listen);
    return () => this.listeners.delete(listen);
  }

  onLead(listen: (leads: boolean) => void): () => void {
    this.leadListeners.add(listen);
    return () => this.leadListeners.delete(listen);
  }

  // What the host calls.

  get appliedIndex(): number {
    return this.deps.machine.appliedIndex;
  }

  encode(membership: Membership): Generator<void, Buffer, undefined> {
    return this.deps.machine.encode(this.deps.formats.stateFormat(membership));
  }

  apply(entry: Entry): void {
    const applied = this.deps.machine.apply(entry);
    this.settle(entry, applied);
    this.tell({ changes: applied.changes, restored: false });
    this.answerReads();
    this.updateLead();
  }

  restore(snapshot: LogSnapshot): void {
    this.deps.machine.restore(snapshot);
    this.tell({ changes: [], restored: true });
    this.answerReads();
  }

  onSoftState({ leader, role }: SoftState): void {
    this.leaderId = leader;
    const isLeader = role === "leader";
    if (isLeader === this.isLeader) return;
    this.isLeader = isLeader;
    this.ownRun = undefined;
    if (isLeader) this.beginTerm();
    else this.abandon(this.notLeader());
    this.updateLead();
  }

  onRead({ context, index }: ReadState): void {
    const read = this.reads.get(context);
    if (read) read.index = index;
    this.answerReads();
  }

  /**
   * Callers need not wait until there is room. The only voter knows that at once; in a group another
   * leads in a moment, unless no disk takes a vote.
   */
  onNoSpace(error: SystemError): void {
    const alone = this.host?.status.membership.incoming.size === 1;
    if (alone) this.abandon(undecided(error));
    else {
      this.deps.clock.after(HAND_OVER_MAX_MS, () => {
        if (this.isLeader && this.host?.noSpace) this.abandon(undecided(error));
      });
    }
  }

  /** The member ends: nothing that waits is answered any more. */
  close(): void {
    this.isLeader = false;
    this.updateLead();
    this.abandon(new SystemError("cluster/unavailable", "the metadata service stops"));
  }

  private proposeNow<K extends CommandKind>(
    command: CommandOf<K>,
    id?: ProposalId | undefined,
  ): Promise<Committed<K>> {
    return new Promise<Committed<K>>((resolve, reject) => {
      const lack = this.host?.noSpace;
      if (lack) throw lack;
      if (this.waiting.size >= WAITING_MAX) throw busy();
      const data = this.encoded({ id, command: command as never });
      if (data.length > PROPOSAL_BYTES_MAX) throw tooLarge(data.length);
      this.deps.metrics.proposals.inc({ kind: command.kind });
      const place = this.host?.propose(data);
      if (!place) throw busy();
      this.waiting.set(place.index, {
        term: place.term,
        resolve: (committed) => resolve(committed as Committed<K>),
        reject,
      });
    });
  }

  /** In a format that every member reads: an entry that one cannot read would end it. */
  private encoded(proposal: Proposal): Buffer {
    const membership = this.host?.status.membership;
    const found = membership && this.deps.formats.commandFormat(membership);
    try {
      return encodeProposal(proposal, found?.format);
    } catch (thrown) {
      if (!(thrown instanceof CodecError) || !found) throw thrown;
      const { members } = this.view;
      const old = [...members.values()].find(({ member }) => member === found.neededBy);
      const name = old?.node ?? `member ${found.neededBy}`;
      throw new SystemError("rpc/version", `${name} is not known to read that: ${thrown.message}`, {
        hint: "upgrade it first, or start it if it is down: see `ashlar upgrade plan`",
      });
    }
  }

  /** The first entry of this leader's own choice: watchers know the history by its run. */
  private beginTerm(): void {
    const run = this.deps.random.uuid();
    this.ownRun = run;
    const member = this.host?.member ?? NONE;
    const incarnationsSkipped = this.deps.random.below(INCARNATIONS_SKIPPED_MAX);
    this.proposeNow({ kind: "beginTerm", member, run, incarnationsSkipped }).catch(() => {
      // Without leadership there is nothing to begin; all else, as a full disk, is waited for.
      if (this.ownRun !== run || !this.isLeader) return;
      this.deps.clock.after(READ_TIMEOUT_MS, () => {
        if (this.ownRun === run && this.isLeader) this.beginTerm();
      });
    });
  }

  private settle({ index, term }: Entry, { result }: Applied): void {
    const waiting = this.waiting.get(index);
    if (!waiting) return;
    this.waiting.delete(index);
    if (waiting.term === term) {
      waiting.resolve({ index, result: result as Result<CommandKind> });
    } else waiting.reject(this.notLeader());
  }

  private tell(told: Pick<AppliedEntry, "changes" | "restored">): void {
    const applied = { index: this.appliedIndex, run: this.run, ...told };
    for (const listen of this.listeners) listen(applied);
  }

  private updateLead(): void {
    const leading = this.isLeader && this.ownRun !== undefined && this.run === this.ownRun;
    if (leading === this.leading) return;
    this.leading = leading;
    this.deps.log.info({ run: this.run }, leading ? "this member leads" : "this member follows");
    for (const listen of this.leadListeners) listen(leading);
  }

  private read(): Promise<number> {
    this.readCount += 1;
    const context = `${this.bootId}.${this.readCount}`;
    const asked = new Promise<number>((resolve, reject) => {
      const timer = this.deps.clock.after(READ_TIMEOUT_MS, () => {
        this.reads.delete(context);
        const hint = "the metadata members must reach each other: see `ashlar cluster status`";
        reject(new SystemError("cluster/unavailable", "no majority answers", { hint }));
      });
      const settled = (): void => {
        timer.cancel();
        this.reads.delete(context);
      };
      this.reads.set(context, {
        index: undefined,
        resolve: (index) => {
          settled();
          resolve(index);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
    });
    // Asked at the end of the turn: all that came before it are covered by it.
    setImmediate(() => {
      this.nextRead = undefined;
      this.host?.readIndex(context);
    });
    return asked;
  }

  private answerReads(): void {
    for (const { index, resolve } of [...this.reads.values()]) {
      if (index !== undefined && index <= this.appliedIndex) resolve(this.appliedIndex);
    }
  }

  /** What waits may be committed yet, by another leader: its callers ask there. */
  private abandon(error: SystemError): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    for (const { reject } of [...this.reads.values()]) reject(error);
  }

  private notLeader(): SystemError {
    const leader = this.leading || this.isLeader ? undefined : this.leader;
    // One that cannot keep a vote is no help to an election: told to those who wait for one.
    const diskFull = this.host?.noSpace !== undefined;
    if (!leader) {
      const message = "no metadata member leads at present";
      return new SystemError("raft/not-leader", message, { diskFull });
    }
    return new SystemError("raft/not-leader", `${leader.node} leads the metadata service`, {
      leader: leader.address,
      diskFull,
    });
  }
}

/** What is in the log in memory gets to the disk with the first room there is. */
const undecided = ({ code, meta }: SystemError): SystemError =>
  new SystemError(
    code,
    "the disk of the metadata log is full: the change may take effect when there is room",
    meta,
  );

const tooLarge = (bytes: number): SystemError =>
  new SystemError("rpc/too-large", `a change of ${bytes} bytes, at most ${PROPOSAL_BYTES_MAX}`);

const busy = (): SystemError =>
  new SystemError("cluster/unavailable", "too many proposals are under way", {
    hint: "try again",
  });
