// The replicated state: what watchers see (a CatalogMirror), and the little they need not. It is
// changed by apply alone, through a Step, so that every visible change is also a change told.
import type { FamilyId, StoreUuid, VolumeId } from "@ashlar/core";
import { CatalogMirror } from "./mirror.ts";
import type { CatalogChange, SlowMark, VolumeRecord } from "./records.ts";
import type { Session } from "./sessions.ts";

/** A volume in creation: its chunks are placed batch by batch, nobody sees it before it is finished. */
export interface VolumeDraft {
  readonly record: VolumeRecord;
  /** Chunks the finished volume has. */
  readonly chunks: number;
  /** Chunks placed so far, from index 0. */
  readonly placed: number;
}

/** What members told of their state as of entry `index`, by their numbers: all equal (R9). */
export interface HashReports {
  readonly index: number;
  readonly reports: ReadonlyMap<number, number>;
}

export interface CatalogState {
  readonly view: CatalogMirror;
  readonly drafts: Map<FamilyId, VolumeDraft>;
  /** Stores declared failed: these never return. */
  readonly retired: Set<StoreUuid>;
  /** Stores that are to be emptied, wherever their disks are. */
  readonly leaving: Set<StoreUuid>;
  /** Stores that are slow, wherever their disks are. */
  readonly slow: Map<StoreUuid, SlowMark>;
  /** The newest incarnation given to any process. */
  lastIncarnation: number;
  /** The newest family number; numbers are never used again. */
  lastFamily: number;
  /** Sessions of proposers, by name. */
  readonly sessions: Map<number, Session>;
  /**
   * Identities of the volumes deleted last, oldest first: a creation that is sent again after its volume
   * was deleted makes no other one.
   */
  readonly deleted: VolumeId[];
  /** Names the history since the leader in office began; empty before the first. */
  run: string;
  hashReports: HashReports;
}

export const emptyState = (): CatalogState => ({
  view: new CatalogMirror(),
  drafts: new Map(),
  retired: new Set(),
  leaving: new Set(),
  slow: new Map(),
  lastIncarnation: 0,
  lastFamily: 0,
  sessions: new Map(),
  deleted: [],
  run: "",
  hashReports: { index: 0, reports: new Map() },
});

/** One command being applied: what it changes is in the state at once and on the list. */
export class Step {
  readonly state: CatalogState;
  /** Of the entry that holds the command. */
  readonly index: number;
  readonly changes: CatalogChange[] = [];

  constructor(state: CatalogState, index: number) {
    this.state = state;
    this.index = index;
  }

  put(change: CatalogChange): void {
    this.state.view.put(change);
    this.changes.push(change);
  }

  nextIncarnation(): number {
    this.state.lastIncarnation += 1;
    return this.state.lastIncarnation;
  }
}
