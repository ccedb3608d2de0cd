// What a gateway asks of a chunk's primary and what it is told: domain types, bound to frames by
// rpc. Payload is at most OP_LENGTH_MAX; a range never crosses a chunk border.
import type { ChunkId, ScatterList } from "@ashlar/core";
import type { OpId } from "./log-entry.ts";

/** Version of the operation frames. */
export const OPERATION_VERSION = 4;

interface OperationHead {
  readonly chunk: ChunkId;
  /** Layer of the family: 0 until snapshots exist. */
  readonly layer: number;
  /** Epoch the gateway believes in. */
  readonly epoch: number;
  readonly opId: OpId;
  /** Lowest seq of a mutation of this chunk that this gateway has not resolved; at most its own. */
  readonly lowestUnresolvedSeq: number;
  /**
   * Proof of age (P9): a number that the node issued on the stream the operation comes on. 0 for reads,
   * which need none.
   */
  readonly token: number;
  /** The volume's generation as the gateway knows it. */
  readonly generation: number;
  /** Byte offset within the chunk, a multiple of 512. */
  readonly offset: number;
  /** Bytes, a multiple of 512. */
  readonly length: number;
}

export type Operation =
  | (OperationHead & { readonly kind: "read" })
  | (OperationHead & {
      readonly kind: "write";
      readonly data: ScatterList;
      /** unitChecksums(chunk, offset, data): first and last may cover less than a unit. */
      readonly checksums: Uint32Array;
    })
  | (OperationHead & { readonly kind: "unmap" })
  | (OperationHead & {
      /** Sets the bits of `data`; the others stay as they are when it gets its LSN. */
      readonly kind: "orWrite";
      readonly data: ScatterList;
      readonly checksums: Uint32Array;
    })
  | (OperationHead & {
      readonly kind: "compareAndWrite";
      /** `length` bytes expected, then `length` bytes to write. */
      readonly data: ScatterList;
      readonly checksums: Uint32Array;
    });

/** Why a primary did not do what it was asked; the gateway decides by it what to do next. */
export const OPERATION_STATUS = {
  good: 0,
  /** The op's epoch is older than the chunk's: refresh, then again. */
  staleEpoch: 1,
  /** This node does not lead the chunk (any more, or yet). */
  notPrimary: 2,
  /** It leads, but cannot serve yet: wait a little, then again. */
  notActive: 3,
  /** The volume's shared state has changed, or is about to: refresh and decide anew. */
  staleGeneration: 4,
  /** Beyond the reserve: no LSN was given. */
  noSpace: 5,
  /** Payload did not match its checksums on arrival. */
  badChecksum: 6,
  /** Compare-and-write found other data; `value` is the first differing byte of the op's range. */
  miscompare: 7,
  outOfRange: 8,
  /** The store under the chunk failed. */
  diskFailed: 9,
  /** Too much in hand: again after a little. */
  busy: 10,
  /** Too old when its LSN was to be assigned, or its token is of another stream: none was given. */
  staleToken: 11,
  /** Of an operation: it was cancelled, got no LSN and gets none. Of a cancellation: the same. */
  cancelled: 12,
  /** Of a cancellation: the operation has its LSN, it comes before whatever is logged from now on. */
  logged: 13,
  /** The catalog has declared the gateway's incarnation dead: nothing was done with this one. */
  staleIncarnation: 14,
} as const;
export type OperationStatusName = keyof typeof OPERATION_STATUS;

/** Wants an operation dead: it gets no LSN any more, or has it already. */
export interface Cancellation {
  readonly chunk: ChunkId;
  /** Epoch the gateway believes in. */
  readonly epoch: number;
  readonly opId: OpId;
}

export interface OperationReply {
  readonly status: OperationStatusName;
  /** Newest epoch this node knows of the chunk. */
  readonly epoch: number;
  /** Extra number of some statuses, else 0. */
  readonly value: number;
  /** Payload of a good read. */
  readonly data: ScatterList;
  /** unitChecksums of data. */
  readonly checksums: Uint32Array;
}
