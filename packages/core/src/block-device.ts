// The port between the SCSI device server and whatever holds the blocks: a replicated volume in
// production, memory in tests. Every method rejects with a SystemError; the scsi package maps its
// code to status and sense.
import type { ScatterList } from "./scatter.ts";

/**
 * What is known of the way by which an initiator's command came: whether the initiator still holds it
 * (P9). A command that sat in a stopped process or a dead connection proves nothing by its arrival.
 */
export interface PathProof {
  /** The initiator held the path at that time of this process's monotonic clock, or later. */
  provenAtMs(): number;
  /** Asks the initiator for a proof no older than `sinceMs`, unless one is on its way. */
  prove(sinceMs: number): void;
  /** Calls once when the path has been proved anew; never if it is gone. */
  onProven(call: () => void): void;
}

/** For those who are themselves the initiator: what they ask for cannot have been waiting anywhere. */
export const NO_PATH: PathProof = {
  provenAtMs: () => Number.POSITIVE_INFINITY,
  prove: () => {},
  onProven: () => {},
};

export interface OperationOptions {
  /**
   * Aborted when the task was aborted or its budget is used up. What changes something rejects when it
   * cannot take effect any more.
   */
  readonly signal: AbortSignal;
  readonly path: PathProof;
  /**
   * Called before each attempt, under the newest state of the volume that is known: what it throws ends the
   * operation, and nothing of it was done then, unless an earlier attempt may have been. Only under the state that it
   * was asked under can the attempt take effect (P11).
   */
  readonly permit?: (() => void) | undefined;
}

export interface BlockDevice {
  /** Bytes; may grow between calls. */
  readonly sizeBytes: number;
  /** Bytes per logical block, 512 or 4096. Offsets and lengths below are multiples of it. */
  readonly blockSize: number;
  /** `length` bytes from `offset`; unwritten and unmapped ranges are zeros. The caller may keep it. */
  read(offset: number, length: number, options: OperationOptions): Promise<ScatterList>;
  /** Durable on every in-sync replica when resolved. `data` must not change until then. */
  write(offset: number, data: ScatterList, options: OperationOptions): Promise<void>;
  /** The range reads as zeros afterwards and its space returns where whole extents are covered. */
  unmapBlocks(offset: number, length: number, options: OperationOptions): Promise<void>;
  /** Everything acknowledged is durable already; resolves once the path is proved good. */
  flush(options: OperationOptions): Promise<void>;
  /**
   * Atomically writes `data` if the range equals `expected`.
   * @throws SystemError operation/miscompare with meta.offset = first differing byte.
   */
  compareAndWrite(
    offset: number,
    expected: ScatterList,
    data: ScatterList,
    options: OperationOptions,
  ): Promise<void>;
  /**
   * Sets the bits of `data` and leaves all others, atomically for each block: bits that others set in the same
   * blocks meanwhile, on whatever way, are kept. Durable as a write is.
   */
  orWrite(offset: number, data: ScatterList, options: OperationOptions): Promise<void>;
}
