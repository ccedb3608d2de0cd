// A SCSI command and its result as the initiator's layers hand them to each other.
import type { ScatterList } from "@ashlar/core";
import type { Sense } from "./sense.ts";

export interface ScsiCommand {
  /** 0 .. 255 (single level, peripheral addressing). */
  readonly lun: number;
  /** 6 to 16 bytes. */
  readonly cdb: Buffer;
  /** Must not change until the command is completed. */
  readonly dataOut?: ScatterList;
  /** Bytes the command may return, at most; 0 when it returns none. */
  readonly dataInLength?: number;
  /** Aborts the task at the target (ABORT TASK) and rejects with operation/aborted. */
  readonly signal?: AbortSignal;
  /** Overrides the session's command timeout. */
  readonly timeoutMs?: number;
}

export type Residual =
  | { readonly kind: "none" }
  /** The target moved fewer bytes than the initiator expected. */
  | { readonly kind: "underflow"; readonly bytes: number }
  /** The command asked for more bytes than the initiator allowed. */
  | { readonly kind: "overflow"; readonly bytes: number };

export interface ScsiResult {
  readonly status: number;
  readonly dataIn: ScatterList;
  /** Autosense, with CHECK CONDITION. */
  readonly sense?: Sense;
  readonly residual: Residual;
}

/** Whatever carries commands to a logical unit: one session, or several paths. */
export interface CommandExecutor {
  /**
   * Resolves with any SCSI status; rejects with a SystemError when no status came: rpc/disconnected,
   * operation/timeout or operation/aborted.
   */
  execute(command: ScsiCommand): Promise<ScsiResult>;
}
