// What the services need of consensus, and all they know of it. One durable member stands behind it
// for now; a Raft group takes the same place.
import type {
  CatalogChange,
  CatalogMirror,
  CommandKind,
  CommandOf,
  Result,
  VolumeDraft,
} from "@ashlar/catalog";

/** An entry that is durable and applied. */
export interface AppliedEntry {
  readonly index: number;
  readonly changes: readonly CatalogChange[];
}

export interface Committed<K extends CommandKind> {
  readonly index: number;
  readonly result: Result<K>;
}

export interface ReplicatedLog {
  /** Identity of this log: an index of another one means nothing here. */
  readonly logId: string;
  /** The state as of the newest applied entry. */
  readonly view: CatalogMirror;
  /** Volumes whose creation has begun and not ended. */
  readonly drafts: readonly VolumeDraft[];
  /**
   * Resolves when the command is durable and applied; a refusal of the catalog is a result.
   * @throws SystemError disk/no-space, disk/failed, cluster/unavailable: it took no effect.
   */
  propose<K extends CommandKind>(command: CommandOf<K>): Promise<Committed<K>>;
  /** Index of an applied entry not older than anything committed when the call was made. */
  readIndex(): Promise<number>;
  /** Called for each entry from now on, in order, after it was applied; returns how to stop. */
  subscribe(listen: (applied: AppliedEntry) => void): () => void;
}
