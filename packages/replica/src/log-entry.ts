// One entry of a chunk's log, as the primary makes it, the members journal it and the wire carries
// it. Entries are whole checksum units: a smaller write was merged with what it covers before it got
// its LSN, so that every replica stores the same bytes (P5).
import type { Lsn, ScatterList } from "@ashlar/core";

/** Version of the entry's encodings on the wire and in the journal. */
export const LOG_ENTRY_VERSION = 2;

/** Identity of one operation: a re-sent one keeps it (P10). */
export interface OpId {
  /** Incarnation of the gateway, drawn from the catalog's cluster-wide counter, below 2^48. */
  readonly incarnation: number;
  /** Rises by one for each operation of that incarnation, below 2^48. */
  readonly seq: number;
}

interface EntryHead {
  readonly lsn: Lsn;
  readonly opId: OpId;
  /** Lowest seq that the gateway had not resolved in this chunk, as the operation said. */
  readonly lowestUnresolvedSeq: number;
  /** Byte offset within the chunk, a multiple of CHECKSUM_UNIT. */
  readonly offset: number;
  /** Bytes, a multiple of CHECKSUM_UNIT; 0 for noop. */
  readonly length: number;
}

export type LogEntry =
  | (EntryHead & {
      readonly kind: "write";
      readonly data: ScatterList;
      /** `unitChecksums` of data at its place. */
      readonly checksums: Uint32Array;
    })
  /** The range reads as zeros and its whole extents are freed. */
  | (EntryHead & { readonly kind: "unmap" })
  /** Changes nothing; commits an epoch or learns a configuration. */
  | (EntryHead & { readonly kind: "noop" });
