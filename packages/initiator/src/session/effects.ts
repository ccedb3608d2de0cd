// What leaves the session machine.
import type { SystemError } from "@ashlar/core";
import type { TextPair } from "@ashlar/iscsi";
import type { ScsiResult } from "../scsi/command.ts";
import type { SessionParameters } from "./parameters.ts";

export type SessionEffect =
  | { readonly kind: "send"; readonly buffers: readonly Buffer[] }
  | { readonly kind: "loggedIn"; readonly parameters: SessionParameters }
  | LoginRefused
  | { readonly kind: "completed"; readonly tag: number; readonly result: ScsiResult }
  /** A command that will get no status: aborted, reset or rejected. */
  | { readonly kind: "failed"; readonly tag: number; readonly error: SystemError }
  | { readonly kind: "taskManaged"; readonly tag: number; readonly response: number }
  | { readonly kind: "text"; readonly tag: number; readonly pairs: readonly TextPair[] }
  | { readonly kind: "pong"; readonly tag: number }
  | { readonly kind: "loggedOut"; readonly response: number }
  | { readonly kind: "logoutRequested"; readonly withinSeconds: number }
  /** The session is over; the connection must be closed. */
  | { readonly kind: "broken"; readonly rule: string };

export interface LoginRefused {
  readonly kind: "loginRefused";
  readonly status: number;
  /** Where the target sends the initiator, with status class 1. */
  readonly targetAddress: string | undefined;
}
