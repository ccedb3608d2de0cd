// The port between the SCSI device server and whatever holds the blocks: a replicated volume in
// production, memory in tests. Every method rejects with a SystemError; the scsi package maps its
// code to status and sense.
import type { ScatterList } from "./scatter.ts";

export interface OperationOptions {
  /** Aborted when the task was aborted or its budget is used up. */
  readonly signal: AbortSignal;
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
}
