// One member of a script's group with its host: storage in memory, and the two threads whose work waits
// until the script lets it be done.
import type { RaftConfig } from "../config.ts";
import type { Message, MessageOf } from "../messages.ts";
import { Raft } from "../raft.ts";
import { MemoryStorage } from "../storage.ts";
import {
  APPEND_THREAD,
  APPLY_THREAD,
  type Entry,
  type HardState,
  type LogSnapshot,
} from "../types.ts";
import { formatMessage, formatReady } from "./transcript.ts";

export interface HostStep {
  readonly lines: readonly string[];
  /** Messages that leave the host. */
  readonly sent: readonly Message[];
}

export class ScriptedMember {
  readonly raft: Raft;
  readonly storage = new MemoryStorage();
  readonly appendWork: MessageOf<"storage-append">[] = [];
  readonly applyWork: MessageOf<"storage-apply">[] = [];
  private readonly isAsync: boolean;

  constructor(config: Omit<RaftConfig, "storage">, start: LogSnapshot) {
    if (start.index > 0) this.storage.applySnapshot(start);
    this.raft = new Raft({ ...config, storage: this.storage });
    this.isAsync = config.asyncStorage === true;
  }

  /** Takes a Ready, and does it at once unless storage is asynchronous. */
  processReady(): HostStep {
    const ready = this.raft.ready();
    const lines = formatReady(ready);
    if (!this.isAsync) {
      this.write(ready);
      this.apply(ready.committed);
    }
    const sent = ready.messages.filter((message) => !this.queue(message));
    if (!this.isAsync) this.raft.advance();
    return { lines, sent };
  }

  processAppend(): HostStep {
    const work = this.appendWork.shift();
    if (work === undefined) return { lines: ["no append work to perform"], sent: [] };
    this.write(work);
    return workDone(work);
  }

  processApply(): HostStep {
    const work = this.applyWork.shift();
    if (work === undefined) return { lines: ["no apply work to perform"], sent: [] };
    this.apply(work.entries);
    return workDone(work);
  }

  private queue(message: Message): boolean {
    if (message.kind === "storage-append" && message.to === APPEND_THREAD) {
      this.appendWork.push(message);
    } else if (message.kind === "storage-apply" && message.to === APPLY_THREAD) {
      this.applyWork.push(message);
    } else {
      return false;
    }
    return true;
  }

  private write(writes: {
    readonly hardState: HardState | undefined;
    readonly entries: readonly Entry[];
    readonly snapshot: LogSnapshot | undefined;
  }): void {
    if (writes.hardState) this.storage.setHardState(writes.hardState);
    if (writes.snapshot) this.storage.applySnapshot(writes.snapshot);
    this.storage.append(writes.entries);
  }

  /** The state machine: it keeps all data, and has a snapshot after every entry. */
  private apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.kind !== "normal") this.raft.applyChange(entry);
      const before = this.storage.snapshot()!;
      this.storage.setSnapshot({
        version: 1,
        index: entry.index,
        term: entry.term,
        membership: entry.kind === "normal" ? before.membership : this.raft.membership,
        data: entry.kind === "normal" ? Buffer.concat([before.data, entry.data]) : before.data,
      });
    }
  }
}

function workDone(work: MessageOf<"storage-append"> | MessageOf<"storage-apply">): HostStep {
  const { responses } = work;
  const lines = [
    "Processing:",
    formatMessage({ ...work, responses: [] }),
    "Responses:",
    ...responses.map(formatMessage),
  ];
  return { lines, sent: responses };
}
