// One member with its host and its disk, as a search drives it: an input goes in, all that follows from it
// is done at once, and the messages that leave come out. With asynchronous storage the writes wait for an
// input of their own, and a crash loses those that still wait.
import { assert } from "@ashlar/core";
import { printGraph } from "@ashlar/core/testing";
import type { RaftCore } from "../../core.ts";
import type { Message, MessageOf } from "../../messages.ts";
import { Raft } from "../../raft.ts";
import { MEMBERSHIP_EMPTY, MemoryStorage } from "../../storage.ts";
import {
  type Entry,
  HARD_STATE_ZERO,
  type HardState,
  type Index,
  type LogSnapshot,
  type MemberId,
  type Role,
  type Term,
} from "../../types.ts";
import { checkPromise } from "./promises.ts";
import type { Scope } from "./scope.ts";

export const MEMBERS: readonly MemberId[] = [1, 2, 3];

export type MemberInput =
  /** An election timeout's worth of ticks: others campaign, a leader sends heartbeats. */
  | { readonly kind: "timeout" }
  /** A crash and a restart with what the disk holds. */
  | { readonly kind: "crash" }
  /** The host's append thread does its next write. */
  | { readonly kind: "write" }
  | { readonly kind: "propose"; readonly data: Uint8Array }
  | { readonly kind: "receive"; readonly message: Message };

/** What the invariants look at. */
export interface MemberView {
  readonly id: MemberId;
  readonly term: Term;
  readonly role: Role;
  readonly commit: Index;
  /** From index 1 on, durable or not. */
  readonly log: readonly Entry[];
  readonly durable: DurableView;
  readonly writesWaiting: number;
}

export interface DurableView {
  readonly hardState: HardState;
  readonly lastIndex: Index;
}

const ELECTION_TICKS = 2;

const START: LogSnapshot = {
  version: 1,
  index: 0,
  term: 0,
  membership: { ...MEMBERSHIP_EMPTY, voters: MEMBERS },
  data: new Uint8Array(0),
};

export class ExhaustiveMember {
  private readonly id: MemberId;
  private readonly scope: Scope;
  private readonly storage = new MemoryStorage();
  private raft: Raft;
  private synced = HARD_STATE_ZERO;
  private readonly writes: MessageOf<"storage-append">[] = [];

  constructor(id: MemberId, scope: Scope) {
    this.id = id;
    this.scope = scope;
    this.storage.applySnapshot(START);
    this.raft = this.start();
  }

  /** Takes one input; the messages that leave. Breaks on a message that promises too much (R5). */
  take(input: MemberInput): readonly Message[] {
    const sent: Message[] = [];
    switch (input.kind) {
      case "timeout":
        for (let ticks = 0; ticks < ELECTION_TICKS; ticks += 1) this.raft.tick();
        break;
      case "crash":
        this.crash();
        break;
      case "write":
        this.writeNext(sent);
        break;
      case "propose":
        this.raft.propose(input.data);
        break;
      case "receive":
        this.raft.step(input.message);
        break;
    }
    while (this.raft.hasReady) this.turn(sent);
    return sent;
  }

  get view(): MemberView {
    // The host's view does not show entries that are not durable yet.
    const { log } = (this.raft as unknown as { core: RaftCore }).core;
    const { id, term, role, commit, lastIndex } = this.raft.status;
    const entries = log.entries(1, lastIndex + 1);
    assert(entries !== undefined, "nothing is compacted");
    const writesWaiting = this.writes.length;
    return { id, term, role, commit, log: entries, durable: this.durable, writesWaiting };
  }

  /** Equal for members that behave equally from now on. */
  get fingerprint(): string {
    const { raft, storage, synced, writes } = this;
    return `${printGraph(raft, { omitted: ELSEWHERE })} ${printGraph([storage, synced, writes])}`;
  }

  private get isAsync(): boolean {
    return this.scope.writesWaiting > 0;
  }

  private get durable(): DurableView {
    return { hardState: this.synced, lastIndex: this.storage.lastIndex() };
  }

  private start(): Raft {
    const { leases } = this.scope;
    return new Raft({
      id: this.id,
      storage: this.storage,
      random: () => 0,
      electionTicks: ELECTION_TICKS,
      heartbeatTicks: 1,
      preVote: leases,
      checkQuorum: leases,
      asyncStorage: this.isAsync,
    });
  }

  private crash(): void {
    const { disk } = this.scope;
    this.writes.length = 0;
    if (disk?.hardState) this.synced = disk.hardState(this.synced);
    if (disk?.lastIndex) this.truncate(disk.lastIndex(this.storage.lastIndex()));
    this.storage.setHardState(this.synced);
    this.raft = this.start();
  }

  private truncate(lastIndex: Index): void {
    const kept = this.storage.entries(1, lastIndex + 1, Number.POSITIVE_INFINITY);
    this.storage.applySnapshot(START);
    this.storage.append(kept);
    this.synced = { ...this.synced, commit: Math.min(this.synced.commit, lastIndex) };
  }

  private turn(sent: Message[]): void {
    const ready = this.raft.ready();
    if (this.isAsync) {
      for (const message of ready.messages) this.route(message, sent);
      return;
    }
    this.write(ready, ready.mustSync);
    for (const message of ready.messages) this.send(message, sent);
    this.raft.advance();
  }

  private route(message: Message, sent: Message[]): void {
    if (message.kind === "storage-append") this.writes.push(message);
    else if (message.kind === "storage-apply") this.respond(message.responses, sent);
    else this.send(message, sent);
  }

  private writeNext(sent: Message[]): void {
    const next = this.writes.shift();
    assert(next !== undefined, "a write waits");
    this.write(next, true);
    this.respond(next.responses, sent);
  }

  private respond(responses: readonly Message[], sent: Message[]): void {
    for (const response of responses) {
      if (response.to === this.id) this.raft.step(response);
      else this.send(response, sent);
    }
  }

  private write(
    { hardState, entries }: Pick<MessageOf<"storage-append">, "hardState" | "entries">,
    sync: boolean,
  ): void {
    if (hardState) this.storage.setHardState(hardState);
    this.storage.append(entries);
    if (sync) this.synced = this.storage.initialState().hardState;
  }

  private send(message: Message, sent: Message[]): void {
    checkPromise(message, this.durable);
    sent.push(message);
  }
}

/** Constant, or printed beside the core. */
const ELSEWHERE: ReadonlySet<string> = new Set(["config", "storage"]);
