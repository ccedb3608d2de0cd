// The durable log of a Raft member (R5): what its storage shows to the core is on the disk. Entries
// since the last compaction and the newest snapshot are held in memory, so that the core and a leader
// that sends them never wait for the disk.
//
// At opening a torn tail is cut off (nothing in it was promised), but damage before readable entries
// refuses to open: a log with a hole would be another history, and a lost vote could be given twice.
import { assert, present, SystemError } from "@ashlar/core";
import {
  type Entry,
  type HardState,
  type Index,
  type InitialState,
  type LogSnapshot,
  MemoryStorage,
  type RaftStorage,
  type Term,
} from "@ashlar/raft";
import type { Disk } from "@ashlar/runtime";
import { replay } from "./replay.ts";
import { framesOf, type LogStand } from "./segment.ts";
import { readSegments, SegmentLog, type SegmentLogOptions } from "./segment-log.ts";
import { SnapshotStore } from "./snapshot-store.ts";

export type { LogOwner } from "./file-head.ts";

export interface RaftLogOptions extends SegmentLogOptions {
  /** The member has been here before: an empty folder means that its votes are lost. */
  readonly mustExist?: boolean;
}

/** What a Ready asks to be written. */
export interface LogWrites {
  readonly hardState: HardState | undefined;
  /** In order; the first cuts off what it contradicts. */
  readonly entries: readonly Entry[];
  /** Received from a leader: it takes the place of the whole log before `entries`. */
  readonly snapshot: LogSnapshot | undefined;
}

interface Parts {
  readonly memory: MemoryStorage;
  readonly segments: SegmentLog;
  readonly snapshots: SnapshotStore;
}

export class RaftLogStore implements RaftStorage {
  private readonly memory: MemoryStorage;
  private readonly segments: SegmentLog;
  private readonly snapshots: SnapshotStore;
  private writing = false;
  /** Set when the disk may hold something else than we know: nothing is written any more. */
  private failure: SystemError | undefined;

  private constructor({ memory, segments, snapshots }: Parts) {
    this.memory = memory;
    this.segments = segments;
    this.snapshots = snapshots;
  }

  /**
   * Opens the log of `owner` in a folder, and makes it if the folder is empty.
   * @throws SystemError disk/corrupt (the promises of this member are lost), disk/foreign (another
   * cluster's, member's or version's; left as it is), disk/no-space, disk/failed.
   */
  static async open(
    disk: Disk,
    options: RaftLogOptions,
  ): Promise<{ readonly store: RaftLogStore; readonly recovered: { readonly cutBytes: number } }> {
    const { folder, mustExist = false } = options;
    await disk.makeFolder(folder);
    const snapshots = new SnapshotStore(disk, options);
    const snapshot = await snapshots.load();
    const found = await readSegments(disk, options);
    if (found.length === 0 && (snapshot || mustExist)) throw missing(folder);
    const memory = new MemoryStorage();
    const { before, entries, hardState, restarts } = replay(
      found,
      snapshot ?? present(memory.snapshot(), "a log in memory has a snapshot"),
    );
    memory.applySnapshot({ ...EMPTY_SNAPSHOT, ...before });
    memory.append(entries);
    memory.setHardState(hardState);
    if (snapshot) memory.setSnapshot(snapshot);
    const begins = restarts || found.length === 0 ? standOf(memory) : undefined;
    const segments = await SegmentLog.resume(disk, options, { found, begins });
    const cutBytes = found.at(-1)?.tornBytes ?? 0;
    return { store: new RaftLogStore({ memory, segments, snapshots }), recovered: { cutBytes } };
  }

  initialState(): InitialState {
    return this.memory.initialState();
  }

  firstIndex(): Index {
    return this.memory.firstIndex();
  }

  lastIndex(): Index {
    return this.memory.lastIndex();
  }

  term(index: Index): Term | undefined {
    return this.memory.term(index);
  }

  entries(from: Index, to: Index, sizeMax: number): readonly Entry[] {
    return this.memory.entries(from, to, sizeMax);
  }

  snapshot(): LogSnapshot | undefined {
    return this.memory.snapshot();
  }

  /** Bytes of all segments. */
  get sizeBytes(): number {
    return this.segments.sizeBytes;
  }

  /**
   * Durable when resolved, and from then on visible through RaftStorage. One call at a time.
   * @throws SystemError disk/no-space: nothing of it was kept, and the same call may be made again;
   * disk/failed: nothing is promised any more, later calls throw the same.
   */
  async write(writes: LogWrites): Promise<void> {
    if (this.failure) throw this.failure;
    assert(!this.writing, "the log is written by one call at a time");
    this.assertContinues(writes);
    this.writing = true;
    try {
      await this.persist(writes);
    } catch (thrown) {
      throw thrown instanceof SystemError ? this.refusal(thrown) : thrown;
    } finally {
      this.writing = false;
    }
    const { hardState, entries, snapshot } = writes;
    if (snapshot) this.memory.applySnapshot(snapshot);
    if (hardState) this.memory.setHardState(hardState);
    this.memory.append(entries);
  }

  /**
   * Keeps a snapshot of applied state, and then forgets the entries before it but the last
   * `entriesKept`. May run while `write` does; does nothing if a newer snapshot is there.
   * @throws SystemError disk/no-space, disk/failed: the log is as good as before.
   */
  async saveSnapshot(
    snapshot: LogSnapshot,
    { entriesKept }: { readonly entriesKept: number },
  ): Promise<void> {
    if (this.failure) throw this.failure;
    assert(snapshot.index <= this.lastIndex(), "a snapshot holds durable entries only");
    await this.snapshots.save(snapshot);
    const newest = this.memory.snapshot();
    if (newest && snapshot.index < newest.index) return;
    assert(snapshot.term === this.term(snapshot.index), "a snapshot is of this log");
    this.memory.setSnapshot(snapshot);
    const index = Math.max(snapshot.index - entriesKept, this.firstIndex() - 1);
    this.memory.compact(index);
    await this.segments.drop(index);
  }

  /** After the last write has ended. */
  async close(): Promise<void> {
    assert(!this.writing, "the log is closed after its last write");
    await this.snapshots.settled();
    await this.segments.close();
  }

  /** The snapshot first: a crash after it leaves a log that is discarded at opening. */
  private async persist({ hardState, entries, snapshot }: LogWrites): Promise<void> {
    if (snapshot) await this.snapshots.save(snapshot);
    await this.segments.atOnce(async () => {
      let stand = standOf(this.memory);
      if (snapshot) {
        stand = { ...stand, last: { term: snapshot.term, index: snapshot.index } };
        await this.segments.begin(stand);
      }
      for (const frame of framesOf({ hardState, entries })) {
        await this.segments.append(frame, stand);
        stand = {
          hardState: frame.hardState ?? stand.hardState,
          last: frame.entries.at(-1) ?? stand.last,
        };
      }
    });
    if (snapshot) await this.segments.drop(snapshot.index);
  }

  private assertContinues({ hardState, entries, snapshot }: LogWrites): void {
    const first = entries[0];
    const before = snapshot?.index ?? this.lastIndex();
    const floor = snapshot?.index ?? this.firstIndex() - 1;
    if (first) assert(first.index > floor && first.index <= before + 1, "the log has no gap");
    entries.forEach(({ index }, at) => {
      assert(index === (first?.index ?? 0) + at, "entries are in order");
    });
    const last = entries.at(-1)?.index ?? before;
    if (hardState) assert(hardState.commit <= last, "what is committed is in the log");
  }

  private refusal(error: SystemError): SystemError {
    if (error.code === "disk/no-space") return full(error);
    this.failure = new SystemError(
      "disk/failed",
      `the log of the metadata member failed: ${error.message}`,
      { ...error.meta, hint: "check the disk, then restart the metadata process" },
      error,
    );
    return this.failure;
  }
}

const EMPTY_SNAPSHOT = present(new MemoryStorage().snapshot(), "a log in memory has a snapshot");

function standOf(memory: MemoryStorage): LogStand {
  const index = memory.lastIndex();
  const term = present(memory.term(index), "the last entry has a term");
  return { hardState: memory.initialState().hardState, last: { term, index } };
}

const missing = (folder: string): SystemError =>
  new SystemError("disk/corrupt", `the log in ${folder} is missing`, {
    path: folder,
    hint: "the member has to join its group again, with an empty folder",
  });

const full = (error: SystemError): SystemError =>
  new SystemError(
    "disk/no-space",
    "the disk of the metadata log is full, nothing was changed",
    { ...error.meta, hint: "free space on the disk of the metadata folder" },
    error,
  );
