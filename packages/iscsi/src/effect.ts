// What leaves the pure connection: its driver does these, in order, and brings back results.
import type { TargetQuery } from "./directory.ts";
import type { SessionIdentity } from "./login.ts";
import type { Task } from "./task.ts";

/** A task management function, or a logout, that is answered once the tasks it hits are dead. */
export interface Management {
  readonly kind: "taskManagement" | "logout";
  readonly itt: number;
  /** Running tasks, already marked as aborted; dead when their execution has settled. */
  readonly tasks: readonly Task[];
  /** The tasks of other sessions, and their unit attentions, that a reset hits. */
  readonly reset: { readonly lun: number | undefined } | undefined;
}

export type ConnectionEffect =
  /** Hand to the socket, in order. */
  | { readonly kind: "send"; readonly buffers: readonly Buffer[] }
  /** Find the target of a login, then call `targetFound`. */
  | ({ readonly kind: "findTarget" } & TargetQuery)
  /** End an older session of the same nexus, then call `sessionOpened` or `sessionRefused`. */
  | { readonly kind: "openSession"; readonly identity: SessionIdentity }
  /** Run the task's command, then call `complete`. */
  | { readonly kind: "execute"; readonly task: Task }
  /** Wait until all of it is dead, then call `managed`. */
  | { readonly kind: "manage"; readonly management: Management }
  /** Send what was handed over before, then close the socket. */
  | { readonly kind: "close"; readonly reason: CloseReason };

export type CloseReason =
  | "loginRefused"
  | "redirected"
  | "loginTimeout"
  | "logout"
  | "fateUnknown"
  | "pingTimeout"
  | "protocolError"
  | "headerDigest"
  | "dataDigest"
  | "tooLong"
  | "sessionEnded";
