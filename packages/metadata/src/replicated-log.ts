// What the services need of consensus, and all they know of it. A Raft group stands behind it.
import type {
  CatalogChange,
  CatalogMirror,
  CommandKind,
  CommandOf,
  ProposalId,
  Result,
  VolumeDraft,
} from "@ashlar/catalog";

/** An entry that is committed and applied. */
export interface AppliedEntry {
  readonly index: number;
  /** The history that is in force from this entry on: see {@link ReplicatedLog.run}. */
  readonly run: string;
  readonly changes: readonly CatalogChange[];
  /** The whole state was replaced (a snapshot was taken in): `changes` does not say by what. */
  readonly restored: boolean;
}

export interface Committed<K extends CommandKind> {
  readonly index: number;
  readonly result: Result<K>;
}

export interface ReplicatedLog {
  /**
   * Names the history since the present leader began: random, chosen by it, and the same on all
   * members. An index means the same in two places if the run at that index is the same.
   */
  readonly run: string;
  /** The state as of the newest applied entry. Do not keep it: it is another after a snapshot. */
  readonly view: CatalogMirror;
  /** Volumes whose creation has begun and not ended. */
  readonly drafts: readonly VolumeDraft[];
  /** Whether this member leads and has applied all that was committed before it did. */
  readonly leads: boolean;
  /** @throws SystemError raft/not-leader with the leader's address, if one is known. */
  requireLead(): void;
  /**
   * Resolves when the command is committed and applied; a refusal of the catalog is a result.
   * @throws SystemError disk/no-space, raft/not-leader, cluster/unavailable: it may have taken effect
   * or take it yet, so it is only made again with the same `id`, or if that does no harm.
   */
  propose<K extends CommandKind>(
    command: CommandOf<K>,
    id?: ProposalId | undefined,
  ): Promise<Committed<K>>;
  /** What the proposal of this name was answered, if it was made before and that is applied. */
  answered<K extends CommandKind>(id: ProposalId | undefined, kind: K): Result<K> | undefined;
  /**
   * Index of an applied entry not older than anything committed when the call was made.
   * @throws SystemError raft/not-leader, cluster/unavailable.
   */
  readIndex(): Promise<number>;
  /** Called for each entry from now on, in order, after it was applied; returns how to stop. */
  subscribe(listen: (applied: AppliedEntry) => void): () => void;
  /** Called when `leads` changes; returns how to stop. */
  onLead(listen: (leads: boolean) => void): () => void;
}
