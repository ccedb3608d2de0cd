// One incarnation of a member: the core, the state machine, the loop that does what the core wants done,
// and the requests that wait for an answer. All of it is lost in a crash.
import type { Message, StorageAppend, StorageApply } from "../../messages.ts";
import { Raft } from "../../raft.ts";
import type { Ready } from "../../ready.ts";
import type { Entry, Index, LogSnapshot } from "../../types.ts";
import { LOG_VERSION } from "../../types.ts";
import { around } from "./random.ts";
import { encodeRequest, type Outcome, type Request, SessionMachine } from "./session-machine.ts";
import type { Writes } from "./simulated-disk.ts";
import type { SimulatedMember } from "./simulated-member.ts";
import type { World } from "./world.ts";

/** The request's result, or the core would not take it. */
export type Answer =
  | { readonly kind: "done"; readonly result: number }
  | { readonly kind: "refused" };

interface WaitingRead {
  readonly index: Index;
  readonly answer: (index: Index, applied: Index) => void;
}

/** The longest that an apply thread takes, with a disk that is not slow. */
const APPLY_MS_MAX = 4;
/** A snapshot follows a change of the membership within this. */
const SNAPSHOT_MS_MAX = 3000;
/** Turns of the host's loop begin within this: what came meanwhile is handled in one go. */
const TURN_MS_MAX = 3;

export class MemberProcess {
  readonly raft: Raft;
  readonly machine = new SessionMachine();
  private readonly member: SimulatedMember;
  private readonly world: World;
  private turnDue = false;
  /** A Ready is in the host's hands. */
  private handling = false;
  private readonly appends: StorageAppend[] = [];
  private readonly applies: StorageApply[] = [];
  private compactedAt: Index;
  private readonly requests = new Map<string, (answer: Answer) => void>();
  private readonly reads = new Map<string, WaitingRead["answer"]>();
  private waitingReads: WaitingRead[] = [];
  private readonly incarnation: number;
  private readCount = 0;

  constructor(member: SimulatedMember, world: World, incarnation: number) {
    this.member = member;
    this.world = world;
    this.incarnation = incarnation;
    const { snapshot, storage } = member.disk;
    if (snapshot.index > 0) this.install(snapshot);
    this.compactedAt = snapshot.index;
    this.raft = new Raft({
      ...world.mix.settings,
      id: member.id,
      storage,
      random: world.draw,
      applied: snapshot.index,
    });
  }

  propose(request: Request, padding: number, answer: (answer: Answer) => void): void {
    const { kind } = this.raft.propose(encodeRequest(request, padding));
    if (kind === "refused") answer({ kind });
    else this.requests.set(`${request.session}.${request.number}`, answer);
  }

  read(answer: WaitingRead["answer"]): void {
    this.readCount += 1;
    // Never the name of another read, be it of an earlier incarnation.
    const context = `${this.member.id}.${this.incarnation}.${this.readCount}`;
    this.reads.set(context, answer);
    this.raft.readIndex(context);
  }

  wakeUp(): void {
    if (this.turnDue || this.handling || !this.raft.hasReady) return;
    this.turnDue = true;
    this.member.after(this.world.draw(TURN_MS_MAX), () => {
      this.turnDue = false;
      this.turn();
    });
  }

  private turn(): void {
    const ready = this.raft.ready();
    for (const { context, index } of ready.readStates) {
      const answer = this.reads.get(context);
      this.reads.delete(context);
      if (answer !== undefined) this.waitingReads.push({ index, answer });
    }
    this.answerReads();
    if (this.world.mix.settings.asyncStorage) this.route(ready.messages);
    else this.handle(ready);
  }

  private handle(ready: Ready): void {
    this.handling = true;
    if (!ready.mustSync && ready.snapshot === undefined) {
      if (ready.hardState !== undefined) this.member.disk.writeUnsynced(ready.hardState);
      this.complete(ready);
      return;
    }
    this.write([ready], () => this.complete(ready));
  }

  private complete({ messages, committed }: Ready): void {
    this.send(messages);
    this.apply(committed);
    this.handling = false;
    this.raft.advance();
  }

  /** Messages to the storage threads go there; the others leave. */
  private route(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.kind === "storage-append") {
        this.appends.push(message);
        if (this.appends.length === 1) this.appendNext();
      } else if (message.kind === "storage-apply") {
        this.applies.push(message);
        if (this.applies.length === 1) this.applyNext();
      } else {
        this.send([message]);
      }
    }
  }

  /** One fsync for all that waits for one. */
  private appendNext(): void {
    const messages = [...this.appends];
    if (messages.length === 0) return;
    this.write(messages, () => {
      for (const { responses } of messages) this.respond(responses);
      this.appends.splice(0, messages.length);
      this.appendNext();
    });
  }

  private applyNext(): void {
    const message = this.applies[0];
    if (message === undefined) return;
    const delayMs = this.world.draw(APPLY_MS_MAX) * this.member.diskSlowness;
    this.member.after(delayMs, () => {
      this.apply(message.entries);
      this.respond(message.responses);
      this.applies.shift();
      this.applyNext();
    });
  }

  private respond(responses: readonly Message[]): void {
    for (const response of responses) {
      if (response.to === this.member.id) this.raft.step(response);
      else this.send([response]);
    }
  }

  private send(messages: readonly Message[]): void {
    for (const message of messages) {
      this.world.checker.sawSend(this.member, message);
      this.world.network.send(message);
    }
  }

  private write(all: readonly Writes[], whenDurable: () => void): void {
    const { disk, diskSlowness } = this.member;
    const { draw, mix, checker } = this.world;
    disk.begin(all);
    this.member.after(around(draw, mix.syncMs * diskSlowness), () => {
      disk.finish((writes) => {
        checker.sawWrite(this.member, writes);
        if (writes.snapshot !== undefined) this.installReceived(writes.snapshot);
      });
      whenDurable();
    });
  }

  private installReceived(snapshot: LogSnapshot): void {
    if (snapshot.index <= this.machine.applied) return;
    this.install(snapshot);
    this.world.figures.snapshotsInstalled += 1;
  }

  private install({ index, membership, data }: LogSnapshot): void {
    this.machine.restore(index, data);
    this.world.checker.sawRestore(index, this.machine.hash, membership);
    this.compactedAt = index;
    this.answerReads();
  }

  private apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      // A snapshot may have been installed meanwhile.
      if (entry.index <= this.machine.applied) continue;
      const outcome = this.machine.apply(entry);
      this.world.checker.sawApply(entry, this.machine.hash, outcome);
      if (entry.kind !== "normal") this.applyChange(entry);
      else if (outcome !== undefined) this.answer(outcome);
      if (this.machine.applied - this.compactedAt >= this.world.mix.compactEvery) {
        this.compact();
      }
    }
    this.answerReads();
  }

  private applyChange(entry: Entry): void {
    const { raft } = this;
    const { kind } = raft.applyChange(entry);
    // The core may be ahead of the state machine: by a snapshot that is still being written.
    const isAhead = raft.state.firstIndex > entry.index;
    if (kind === "refused" || isAhead) return;
    this.world.checker.sawChange(entry.index, raft.state.membership);
    // A new member takes only a snapshot that knows it, so there must be one some time.
    this.member.after(this.world.draw(SNAPSHOT_MS_MAX), () => {
      if (this.machine.applied > this.compactedAt) this.compact();
    });
  }

  private compact(): void {
    const { raft, machine } = this;
    const index = machine.applied;
    const term = raft.termOf(index);
    // The core may be ahead by a snapshot that is still being written, and with it the membership.
    if (term === undefined || raft.state.firstIndex > index) return;
    const data = machine.save();
    const { membership } = raft;
    this.member.disk.compact(
      { version: LOG_VERSION, index, term, membership, data },
      this.world.mix.entriesKept,
    );
    this.compactedAt = index;
    this.world.figures.compactions += 1;
  }

  private answer({ request: { session, number }, result }: Outcome): void {
    if (result === undefined) return;
    const name = `${session}.${number}`;
    const answer = this.requests.get(name);
    this.requests.delete(name);
    answer?.({ kind: "done", result });
  }

  private answerReads(): void {
    if (this.waitingReads.length === 0) return;
    const { applied } = this.machine;
    const waiting = this.waitingReads;
    this.waitingReads = waiting.filter(({ index }) => index > applied);
    for (const { index, answer } of waiting) if (index <= applied) answer(index, applied);
  }
}
