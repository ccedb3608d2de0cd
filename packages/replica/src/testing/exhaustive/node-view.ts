// What a search gives to a node, what comes out of it, and what the invariants look at.
import type { Lsn, NodeId, StoreUuid } from "@ashlar/core";
import type { ReplicaConfig, ReplicaEffect } from "../../events.ts";
import type { MemberMessage, PrimaryMessage } from "../../messages.ts";
import type { OperationStatusName } from "../../operations.ts";
import type { ReplicaRole } from "../../replica.ts";

export type AdmitRequest = (ReplicaEffect & { readonly kind: "admit" })["request"];

export type NodeInput =
  /** So many of the calls on their way to the disk become durable. */
  | { readonly kind: "sync"; readonly calls: number }
  /** The process dies and restarts; so many of those calls reached the disk all the same. */
  | { readonly kind: "crash"; readonly kept: number }
  /** Time passes, until nobody waits for it. */
  | { readonly kind: "tick" }
  | { readonly kind: "config"; readonly config: ReplicaConfig }
  | { readonly kind: "identity"; readonly incarnation: number }
  /** The operation of that place in the scope arrives. */
  | { readonly kind: "operation"; readonly at: number }
  | { readonly kind: "fromPrimary"; readonly from: NodeId; readonly message: PrimaryMessage }
  | { readonly kind: "fromMember"; readonly from: NodeId; readonly message: MemberMessage }
  /** The connection to that node broke and stands again. */
  | { readonly kind: "reconnect"; readonly node: NodeId }
  | { readonly kind: "unanswered"; readonly store: StoreUuid };

export interface Reply {
  readonly operation: number;
  readonly status: OperationStatusName;
  readonly epoch: number;
  /** What a good read found: who wrote it, 0 for zeros. */
  readonly found: number;
}

/** What leaves a node, and what happened in it. */
export interface NodeOutput {
  readonly sent: { readonly to: NodeId; readonly message: PrimaryMessage }[];
  readonly responded: { readonly to: NodeId; readonly message: MemberMessage }[];
  readonly replies: Reply[];
  readonly admits: AdmitRequest[];
  /** Entries that it calls committed, in order. */
  readonly committed: LogPlace[];
  /** Epoch in which it became ACTIVE. */
  active: number | undefined;
  truncated: boolean;
  copied: boolean;
}

export interface LogPlace {
  readonly lsn: Lsn;
  /** Place of the operation in the scope. */
  readonly operation: number;
}

/** What the invariants look at. */
export interface NodeView {
  readonly at: number;
  readonly role: ReplicaRole;
  readonly epoch: number;
  readonly heard: number;
  readonly incarnation: number;
  /** As the disk would tell after a crash. */
  readonly durable: {
    readonly promised: number;
    readonly commit: Lsn;
    readonly log: readonly LogPlace[];
    readonly resyncing: boolean;
  };
  /** In memory, after `commit`. */
  readonly commit: Lsn;
  readonly log: readonly LogPlace[];
  /** Of the one unit, as committed: who wrote it, 0 for zeros. */
  readonly content: number;
  readonly resyncing: boolean;
  /** Stores of every possibly-current ISR, of a primary. */
  readonly required: readonly StoreUuid[];
  /** Opened by a primary in its epoch. */
  readonly sessions: number;
  readonly isAwake: boolean;
  readonly pending: number;
  /** Something on its way to the disk is waited for. */
  readonly owesTicket: boolean;
  readonly admissionsAsked: readonly StoreUuid[];
}

export const noOutput = (): NodeOutput => ({
  sent: [],
  responded: [],
  replies: [],
  admits: [],
  committed: [],
  active: undefined,
  truncated: false,
  copied: false,
});
