// One member with its disk. What it wrote and synced survives a crash; a commit index that it only wrote
// does not, nor do writes that still wait for the append thread.
import type { RaftConfig } from "../../config.ts";
import type { Message, MessageOf } from "../../messages.ts";
import { Raft } from "../../raft.ts";
import { MemoryStorage } from "../../storage.ts";
import type { Entry, HardState, Index, LogSnapshot } from "../../types.ts";
import { type GroupChecker, previousOf } from "./checker.ts";

/** Entries kept behind the applied index when the log is compacted. */
const ENTRIES_KEPT = 3;

interface Writes {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  readonly snapshot: LogSnapshot | undefined;
}

/** When a member crashes within its work: with nothing written, or written and nothing sent. */
export type CrashPoint = "none" | "before-write" | "before-send";

export class SimulatedMember {
  raft: Raft;
  isUp = true;
  readonly storage = new MemoryStorage();
  readonly work: (MessageOf<"storage-append"> | MessageOf<"storage-apply">)[] = [];
  private readonly config: RaftConfig;
  private readonly checker: GroupChecker;
  private state = "";
  private applied: Index = 0;
  private synced: HardState;

  constructor(config: Omit<RaftConfig, "storage">, start: LogSnapshot, checker: GroupChecker) {
    this.checker = checker;
    if (start.index > 0) this.storage.applySnapshot(start);
    this.config = { ...config, storage: this.storage };
    this.raft = new Raft(this.config);
    this.synced = this.storage.initialState().hardState;
    this.restoreState();
  }

  crash(): void {
    this.isUp = false;
    this.work.length = 0;
    this.storage.setHardState(this.synced);
  }

  restart(): void {
    this.isUp = true;
    this.restoreState();
    this.raft = new Raft({ ...this.config, applied: this.applied });
  }

  /** One turn of the host loop; the messages that leave. */
  turn(crash: CrashPoint): readonly Message[] {
    if (!this.raft.hasReady) return [];
    const ready = this.raft.ready();
    if (crash === "before-write") {
      this.crash();
      return [];
    }
    for (const { context, index } of ready.readStates) this.checker.sawReadAnswered(context, index);
    if (this.config.asyncStorage === true) return this.queue(ready.messages);
    this.write(ready, ready.mustSync);
    if (crash === "before-send") {
      this.crash();
      return [];
    }
    this.apply(ready.committed);
    this.raft.advance();
    return this.sent(ready.messages);
  }

  /** The storage threads do their next piece of work. */
  workNext(): readonly Message[] {
    const next = this.work.shift();
    if (next?.kind === "storage-append") this.write(next, true);
    if (next?.kind === "storage-apply") this.apply(next.entries);
    return this.sent(next?.responses ?? []);
  }

  compact(): void {
    const index = Math.max(this.applied - ENTRIES_KEPT, this.storage.firstIndex() - 1);
    if (index <= this.storage.lastIndex()) this.storage.compact(index);
  }

  observe(): void {
    const { unstableTerm } = this;
    this.checker.sawState(this.raft, unstableTerm);
  }

  /** State as of the applied index, for comparison. */
  get digest(): string {
    return `${this.applied} ${this.state}`;
  }

  private readonly unstableTerm = (index: Index) =>
    index <= this.storage.lastIndex() ? this.storage.term(index) : undefined;

  private queue(messages: readonly Message[]): readonly Message[] {
    return this.sent(
      messages.filter((message) => {
        if (message.kind !== "storage-append" && message.kind !== "storage-apply") return true;
        this.work.push(message);
        return false;
      }),
    );
  }

  private sent(messages: readonly Message[]): readonly Message[] {
    for (const message of messages) this.checker.sawSend(message);
    return messages;
  }

  private write({ hardState, entries, snapshot }: Writes, sync: boolean): void {
    if (hardState) this.storage.setHardState(hardState);
    if (snapshot && snapshot.index > this.applied) {
      this.storage.applySnapshot(snapshot);
      this.restoreState();
    }
    this.storage.append(entries);
    this.checker.sawWrite(entries, previousOf(this.storage, entries[0]));
    if (sync || snapshot) this.synced = this.storage.initialState().hardState;
  }

  private restoreState(): void {
    const { index, data } = this.storage.snapshot()!;
    this.applied = index;
    this.state = Buffer.from(data).toString("latin1");
    this.checker.sawRestore(index, this.state);
  }

  private apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.kind !== "normal") this.raft.applyChange(entry);
      if (entry.index <= this.applied) continue;
      this.applied = entry.index;
      this.state = fold(this.state, entry);
      this.checker.sawApply(entry, this.state);
      this.storage.setSnapshot({
        version: 1,
        index: entry.index,
        term: entry.term,
        membership: this.raft.membership,
        data: Buffer.from(this.state, "latin1"),
      });
    }
  }
}

/** A state machine whose state depends on every entry and their order. */
function fold(state: string, { index, term, data }: Entry): string {
  let hash = Number.parseInt(state, 16) || 0;
  for (const byte of [index, term, ...data]) hash = (Math.imul(hash, 31) + byte) >>> 0;
  return hash.toString(16);
}
