// The port between a chunk's replica and the disk under it. One store holds many chunks. Calls that
// journal are durable when their promise resolves; records reach the journal in the order of the
// calls, across all chunks of the store, and are made durable together (group commit).
//
// Reads see committed state only. An entry is appended (durable, invisible), then committed (visible,
// applied to the data area whenever it suits the store) or truncated.
import type {
  ChunkId,
  DiskId,
  Lsn,
  NodeId,
  ScatterList,
  StoreUuid,
  SystemError,
} from "@ashlar/core";
import type { LogEntry } from "./log-entry.ts";
import type { OperationWindow } from "./operation-windows.ts";

export interface ChunkStatus {
  readonly chunk: ChunkId;
  /** Greatest epoch promised durably; 0 for none. */
  readonly promisedEpoch: number;
  /** LSN of the last journaled entry, LSN_ZERO for none. */
  readonly tail: Lsn;
  /** Everything up to here is committed as far as this store knows. */
  readonly commit: Lsn;
  /** Set while a resync is unfinished: what may be relied on as this replica's last LSN. */
  readonly resyncFrom: Lsn | undefined;
}

export interface ExtentStamp {
  /** Index of the extent within its chunk. */
  readonly extent: number;
  /** LSN of the last entry that changed it; survives unmapping. */
  readonly lastLsn: Lsn;
  readonly mapped: boolean;
}

/** Content of one extent as copied by resync. */
export interface ExtentCopy {
  readonly extent: number;
  readonly lastLsn: Lsn;
  /** EXTENT_SIZE bytes, or undefined when unmapped. */
  readonly data: ScatterList | undefined;
  /** One per CHECKSUM_UNIT; empty when unmapped. */
  readonly checksums: Uint32Array;
}

/** What a unit should hold, from another replica at the same LSN. */
export interface UnitRepair {
  /** Index of the checksum unit within its chunk. */
  readonly unit: number;
  /** CHECKSUM_UNIT bytes. */
  readonly data: ScatterList;
}

/** The damaged units of its chunk that a store's chunk/bad-checksum names. */
export function damagedUnitsOf({ meta }: SystemError): readonly number[] {
  const { units } = meta as { readonly units?: unknown };
  return Array.isArray(units) ? units.filter((unit) => Number.isSafeInteger(unit)) : [];
}

export interface ReadResult {
  readonly data: ScatterList;
  /** unitChecksums(chunk, offset, data) when offset and length are multiples of CHECKSUM_UNIT. */
  readonly checksums: Uint32Array;
}

/** Slows work in the background down to what is left for it. */
export type Pace = (bytes: number) => Promise<void>;

export interface StoreSpace {
  readonly sizeBytes: number;
  /** Free for new extents, the reserve not counted. */
  readonly freeBytes: number;
  /** Kept for in-flight allocations; appends to a follower may use it, a primary refuses before. */
  readonly reserveBytes: number;
}

export interface ChunkStore {
  readonly storeUuid: StoreUuid;
  readonly node: NodeId;
  readonly disk: DiskId;
  space(): StoreSpace;
  /** Every chunk the store holds anything of. */
  chunks(): readonly ChunkStatus[];
  /** A chunk the store never heard of has epoch 0, LSN_ZERO and no extents; it needs no creation. */
  status(chunk: ChunkId): ChunkStatus;

  /** Durably promises `epoch` (> the promised one); the promise lies behind all earlier appends. */
  promise(chunk: ChunkId, epoch: number): Promise<void>;
  /**
   * Journals an entry; asserts entry.lsn.seq = tail.seq + 1. Payload must not change afterwards.
   * @throws SystemError disk/no-space (nothing was journaled, and nothing of the entries behind it
   *   that were passed before it was heard), disk/failed (the store is dead).
   */
  append(chunk: ChunkId, entry: LogEntry): Promise<void>;
  /** Makes entries up to `lsn` (<= tail) visible; in memory at once, lazily in the journal. */
  commit(chunk: ChunkId, lsn: Lsn): void;
  /** Journaled entries after the commit LSN, in order. */
  uncommitted(chunk: ChunkId): readonly LogEntry[];
  /** Of the operations committed so far: they are part of the chunk's state, as its content is. */
  windows(chunk: ChunkId): readonly OperationWindow[];
  /**
   * Drops the windows of dead gateway incarnations in all chunks; on the disk with the next
   * checkpoint, until when a crash may bring them back.
   */
  forgetGateways(isDead: (incarnation: number) => boolean): void;
  /** Drops uncommitted entries after `lsn` (>= commit); the tail is `lsn` when resolved. */
  truncate(chunk: ChunkId, lsn: Lsn): Promise<void>;

  /**
   * Committed bytes; any 512-multiple range within the chunk; unmapped reads zeros.
   * @throws SystemError chunk/bad-checksum (see damagedUnitsOf), disk/failed.
   */
  read(chunk: ChunkId, offset: number, length: number): Promise<ReadResult>;
  /** Forgets the chunk and frees its extents; its log, promise and stamps too. */
  remove(chunk: ChunkId): Promise<void>;

  /** Durably records that the replica is being resynced from `from`; drops uncommitted entries. */
  beginResync(chunk: ChunkId, from: Lsn): Promise<void>;
  /** Committed extents with lastLsn > `lsn`, unmapped ones too, in order of index. */
  extentsNewerThan(chunk: ChunkId, lsn: Lsn): readonly ExtentStamp[];
  /** Committed content of one extent. */
  readExtent(chunk: ChunkId, extent: number): Promise<ExtentCopy>;
  /** Replaces an extent as a copy says, in the order of the journal; visible at once. */
  applyCopy(chunk: ChunkId, copy: ExtentCopy): Promise<void>;
  /**
   * The log continues from `base` (a learner's start): sets tail and commit there if they are older,
   * and unless the commit LSN is newer, the windows.
   */
  setBase(chunk: ChunkId, base: Lsn, windows: readonly OperationWindow[]): Promise<void>;
  /** All copied: clears resyncFrom. */
  endResync(chunk: ChunkId): Promise<void>;

  /**
   * Digest of the committed content at one moment between the call and its answer, over the checksum of
   * every unit (unmapped units count as zeros), 16 hex digits: equal content gives equal digests.
   * @throws SystemError disk/failed, disk/corrupt.
   */
  digest(chunk: ChunkId): Promise<string>;
  /**
   * Reads and verifies every mapped extent; the units whose checksum is bad, in order.
   * @param pace called after each extent with the bytes that were read; the next one waits for it.
   */
  verify(chunk: ChunkId, pace?: Pace): Promise<readonly number[]>;
  /**
   * Gives a damaged unit its bytes again, durably: they are taken only if they are what the store's own
   * checksum of the committed unit says, so nothing newer is ever overwritten and nothing wrong gets in.
   * Content, log and stamps are the same before and after.
   */
  repairUnit(chunk: ChunkId, repair: UnitRepair): Promise<void>;
  /** Writes a checkpoint, then closes; pending appends are settled first. */
  close(): Promise<void>;
}
