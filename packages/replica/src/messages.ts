// What replicas of one chunk say to each other. A primary opens a session with each member by
// `newEpoch`, anew after every break of the connection; all that follows names that session, and
// messages of one session arrive in order or not at all.
import type { ChunkId, Lsn, ScatterList, StoreUuid } from "@ashlar/core";
import type { ExtentCopy } from "./chunk-store.ts";
import type { LogEntry } from "./log-entry.ts";
import type { OperationWindow } from "./operation-windows.ts";

/** Version of the replication messages. */
export const REPLICATION_VERSION = 4;

interface MessageHead {
  readonly chunk: ChunkId;
  readonly epoch: number;
  /** Counts the sessions of this primary with any member within the epoch, below 2^32. */
  readonly session: number;
}

export type PrimaryMessage = MessageHead &
  (
    | {
        readonly kind: "newEpoch";
        /** The store it is meant for: a replaced one must not answer. */
        readonly store: StoreUuid;
        /** Configuration version the primary goes by. */
        readonly version: number;
        /** Of the primary's log, which is fixed now and wins. */
        readonly tail: Lsn;
        readonly commit: Lsn;
      }
    | {
        readonly kind: "append";
        /** LSN of the entry before it: the member's tail, or it refuses. */
        readonly prev: Lsn;
        readonly commit: Lsn;
        readonly entry: LogEntry;
      }
    | { readonly kind: "truncate"; readonly after: Lsn }
    /** Tells the commit LSN; with `report` the member answers with its tail and free space. */
    | { readonly kind: "commit"; readonly commit: Lsn; readonly report: boolean }
    | {
        readonly kind: "resyncStart";
        readonly from: Lsn;
        readonly base: Lsn;
        /** Of the operations committed up to `base`. */
        readonly windows: readonly OperationWindow[];
      }
    | { readonly kind: "copyExtent"; readonly commit: Lsn; readonly copy: ExtentCopy }
    | { readonly kind: "resyncEnd"; readonly commit: Lsn }
    | { readonly kind: "digestRequest"; readonly lsn: Lsn }
    | { readonly kind: "verifyRequest" }
    /** Asks whether the member knows of no newer epoch; rounds count up within the epoch. */
    | { readonly kind: "confirm"; readonly round: number }
    /** Asks for a checksum unit as of `commit`: the primary's own is damaged. */
    | { readonly kind: "unitRequest"; readonly commit: Lsn; readonly unit: number }
    /** A unit as of `commit`, for a member that told it was damaged there. */
    | {
        readonly kind: "unitRepair";
        readonly commit: Lsn;
        readonly unit: number;
        readonly data: ScatterList;
      }
  );

/** Why a member refused; numbers of the wire. */
export const NAK_REASON = {
  /** It promised a newer epoch: the sender is deposed. */
  staleEpoch: 0,
  /** The entry does not continue its log, or it knows no such session. */
  gap: 1,
  /** The store is another one than the sender believes. */
  wrongStore: 2,
  storeFailed: 3,
} as const;
export type NakReason = keyof typeof NAK_REASON;

export type MemberMessage = MessageHead &
  (
    | {
        readonly kind: "promise";
        readonly store: StoreUuid;
        readonly tail: Lsn;
        readonly commit: Lsn;
        /** LSNs of the entries after `commit`, in order, up to `tail`. */
        readonly uncommitted: readonly Lsn[];
        /** Set while an earlier resync is unfinished: all that may be relied on. */
        readonly resyncFrom: Lsn | undefined;
      }
    | {
        readonly kind: "appendAck";
        /** Durable up to here. */
        readonly lsn: Lsn;
        /** Free for new extents on the member's store. */
        readonly freeBytes: number;
      }
    | {
        readonly kind: "nak";
        readonly reason: NakReason;
        readonly promisedEpoch: number;
        readonly tail: Lsn;
      }
    /** The learner's own extents that are newer than the common point. */
    | { readonly kind: "resyncReady"; readonly extents: readonly number[] }
    | { readonly kind: "copyAck"; readonly extent: number }
    | { readonly kind: "resyncEnded" }
    | { readonly kind: "digest"; readonly lsn: Lsn; readonly digest: string }
    /** How many units are damaged, and which: the first DAMAGED_UNITS_TOLD_MAX. */
    | {
        readonly kind: "verified";
        readonly damagedUnits: number;
        readonly damaged: readonly number[];
      }
    /** When this was sent the member had promised no newer epoch, nor begun to. */
    | { readonly kind: "confirmed"; readonly round: number }
    /** The unit's bytes; none when they are damaged here, too. */
    | { readonly kind: "unit"; readonly unit: number; readonly data: ScatterList }
  );

export type ReplicationMessage = PrimaryMessage | MemberMessage;

const MEMBER_KINDS: ReadonlySet<string> = new Set<MemberMessage["kind"]>([
  "promise",
  "appendAck",
  "nak",
  "resyncReady",
  "copyAck",
  "resyncEnded",
  "digest",
  "verified",
  "confirmed",
  "unit",
]);

export const isMemberMessage = (message: ReplicationMessage): message is MemberMessage =>
  MEMBER_KINDS.has(message.kind);
