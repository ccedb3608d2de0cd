// What happens to a replica and what it wants done: the seam between the state machine and its
// driver. Rules for a driver:
//   - one event at a time; effects are executed in order before the next event is given;
//   - a journaling effect has a `ticket`; `journaled {upTo}` says that all tickets up to there are
//     durable. Tickets rise by one;
//   - a question has a `token`, answered by `answered` or `failed` with that token, in any order;
//   - `send` goes to a member over the connection this node opened, `respond` to a primary over the
//     connection that primary opened. A connection loses messages only by breaking (`linkDown`).
import type { ChunkId, Lsn, NodeId, ScatterList, StoreUuid } from "@ashlar/core";
import type { ExtentCopy, ExtentStamp, ReadResult, UnitRepair } from "./chunk-store.ts";
import type { LogEntry } from "./log-entry.ts";
import type { MemberMessage, PrimaryMessage } from "./messages.ts";
import type { OperationWindow } from "./operation-windows.ts";
import type { Cancellation, Operation, OperationReply } from "./operations.ts";

/** Handed back with the answer; the machine never looks into it. */
export type ReplyTo = (reply: OperationReply) => void;

/** A chunk's configuration as the catalog has it, as far as its replicas care. */
export interface ReplicaConfig {
  readonly chunk: ChunkId;
  readonly epoch: number;
  readonly version: number;
  readonly members: readonly { readonly node: NodeId; readonly storeUuid: StoreUuid }[];
  readonly isr: readonly StoreUuid[];
  readonly learners: readonly StoreUuid[];
  readonly primary: { readonly node: NodeId; readonly incarnation: number };
}

/** Outcome of comparing the in-sync replicas of a chunk at one LSN. */
export type CheckOutcome =
  | {
      readonly kind: "checked";
      readonly replicas: number;
      readonly different: number;
      readonly damagedUnits: number;
    }
  | { readonly kind: "unavailable" };

/** Answer to a question, by the question's kind. */
export interface Answers {
  readonly read: ReadResult;
  readonly listExtents: readonly ExtentStamp[];
  readonly readExtent: ExtentCopy;
  readonly digest: string;
  readonly verify: readonly number[];
}

export type QuestionFailure = "badChecksum" | "diskFailed";

export type ReplicaEvent =
  | {
      readonly kind: "operation";
      readonly operation: Operation;
      /** Of `nowMs`: after that it gets no LSN (P9). */
      readonly deadlineMs: number;
      readonly replyTo: ReplyTo;
    }
  /** Nobody waits for the outcome when the operation's stream is over: `replyTo` is absent then. */
  | {
      readonly kind: "cancel";
      readonly cancellation: Cancellation;
      readonly replyTo: ReplyTo | undefined;
    }
  | { readonly kind: "fromPrimary"; readonly from: NodeId; readonly message: PrimaryMessage }
  | { readonly kind: "fromMember"; readonly from: NodeId; readonly message: MemberMessage }
  | { readonly kind: "journaled"; readonly upTo: number }
  /**
   * The store had no room for that append or copy; nothing of it was journaled. Told before
   * `journaled` counts its ticket as settled.
   */
  | { readonly kind: "refused"; readonly ticket: number }
  | {
      readonly kind: "answered";
      readonly token: number;
      readonly answer: Answers[keyof Answers];
    }
  | {
      readonly kind: "failed";
      readonly token: number;
      readonly failure: QuestionFailure;
      /** Units of the chunk, in case of badChecksum. */
      readonly damaged: readonly number[];
    }
  | { readonly kind: "config"; readonly config: ReplicaConfig }
  /** This node registered: leaderships of another incarnation end. */
  | { readonly kind: "identity"; readonly incarnation: number }
  | { readonly kind: "linkUp"; readonly node: NodeId }
  | { readonly kind: "linkDown"; readonly node: NodeId }
  /** A few milliseconds after `wake`. */
  | { readonly kind: "tick" }
  /** The extent pass asked for by `requestResync` may begin. */
  | { readonly kind: "resyncGranted"; readonly node: NodeId }
  /** The catalog did not answer, or refused: no outcome, only a newer configuration is. */
  | { readonly kind: "admissionUnanswered"; readonly store: StoreUuid }
  | {
      readonly kind: "check";
      /** Whether all members read back and verify what lies on their disks, too. */
      readonly deep: boolean;
      readonly outcome: (outcome: CheckOutcome) => void;
    }
  | { readonly kind: "storeFailed" }
  /** The chunk's family was deleted. */
  | { readonly kind: "removed" };

export type JournalEffect = { readonly ticket: number } & (
  | { readonly kind: "promise"; readonly epoch: number }
  | { readonly kind: "append"; readonly entry: LogEntry }
  | { readonly kind: "truncate"; readonly after: Lsn }
  | { readonly kind: "beginResync"; readonly from: Lsn }
  | {
      readonly kind: "setBase";
      readonly base: Lsn;
      /** Of the operations committed up to there. */
      readonly windows: readonly OperationWindow[];
    }
  | { readonly kind: "applyCopy"; readonly copy: ExtentCopy }
  | { readonly kind: "endResync" }
  | { readonly kind: "repairUnit"; readonly repair: UnitRepair }
);

export type Question =
  | { readonly kind: "read"; readonly offset: number; readonly length: number }
  | { readonly kind: "listExtents"; readonly after: Lsn }
  | { readonly kind: "readExtent"; readonly extent: number }
  | { readonly kind: "digest" }
  | { readonly kind: "verify" };

/** What a person or a metric may want to know; nothing depends on it. */
export type Notice =
  | { readonly what: "active"; readonly epoch: number; readonly tail: Lsn }
  | { readonly what: "deposed"; readonly epoch: number; readonly byEpoch: number }
  | {
      readonly what: "resyncStarted" | "resyncEnded" | "resyncStopped";
      readonly node: NodeId;
      readonly extents: number;
    }
  /** Damaged units have their bytes again, or no member had them to give. */
  | { readonly what: "repaired" | "notRepaired"; readonly units: readonly number[] }
  /** A member's damaged units were sent their bytes. */
  | { readonly what: "repairSent"; readonly node: NodeId; readonly units: readonly number[] }
  | { readonly what: "diverged"; readonly node: NodeId; readonly tail: Lsn };

export type ReplicaEffect =
  | JournalEffect
  | { readonly kind: "commit"; readonly lsn: Lsn }
  | { readonly kind: "ask"; readonly token: number; readonly question: Question }
  | { readonly kind: "send"; readonly to: NodeId; readonly message: PrimaryMessage }
  | { readonly kind: "respond"; readonly to: NodeId; readonly message: MemberMessage }
  | { readonly kind: "reply"; readonly replyTo: ReplyTo; readonly reply: OperationReply }
  /** A connection to that node is wanted from now on: `linkUp` follows, at once if it stands. */
  | { readonly kind: "link"; readonly node: NodeId }
  | { readonly kind: "wake" }
  | {
      readonly kind: "admit";
      readonly request: {
        readonly chunk: ChunkId;
        readonly epoch: number;
        readonly version: number;
        readonly store: StoreUuid;
      };
    }
  | { readonly kind: "requestResync"; readonly node: NodeId }
  /** The pass asked for is over, one way or another. */
  | { readonly kind: "releaseResync"; readonly node: NodeId }
  | {
      readonly kind: "checked";
      readonly report: (outcome: CheckOutcome) => void;
      readonly outcome: CheckOutcome;
    }
  | { readonly kind: "notice"; readonly notice: Notice };

export const NO_DATA: ScatterList = [];
export const NO_CHECKSUMS: Uint32Array = new Uint32Array(0);
