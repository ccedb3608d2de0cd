// A block device in memory for tests of whatever drives one, with faults to be caught: `mangle`
// may change what a write leaves behind or what a read gives, as a broken disk or cluster would.
import {
  type BlockDevice,
  type OperationOptions,
  type ScatterList,
  SystemError,
  scatterJoin,
  scatterLength,
  scatterOr,
} from "@ashlar/core";

export interface DeviceFaults {
  /** Returns where and what is stored instead; undefined drops the write but acknowledges it. */
  readonly onWrite?: (write: StoredWrite, device: MemoryDevice) => StoredWrite | undefined;
  /** Returns the bytes handed to the reader. */
  readonly onRead?: (read: StoredWrite, device: MemoryDevice) => Buffer;
  /** Throws to fail the operation before it does anything. */
  readonly before?: (operation: "read" | "write" | "unmap") => void;
  /** Waits before the operation takes effect. */
  readonly delay?: (operation: "read" | "write" | "unmap") => Promise<void>;
}

export interface StoredWrite {
  readonly offset: number;
  readonly data: Buffer;
}

export class MemoryDevice implements BlockDevice {
  readonly sizeBytes: number;
  readonly blockSize: number;
  readonly content: Buffer;
  faults: DeviceFaults = {};
  /** Operations held by `faults.delay` now. */
  waiting = 0;

  constructor({ sizeBytes, blockSize = 512 }: { sizeBytes: number; blockSize?: number }) {
    this.sizeBytes = sizeBytes;
    this.blockSize = blockSize;
    this.content = Buffer.alloc(sizeBytes);
  }

  async read(
    offset: number,
    length: number,
    _options: Pick<OperationOptions, "signal">,
  ): Promise<ScatterList> {
    await this.enter("read", offset, length);
    const data = Buffer.from(this.content.subarray(offset, offset + length));
    return [this.faults.onRead ? this.faults.onRead({ offset, data }, this) : data];
  }

  async write(
    offset: number,
    data: ScatterList,
    _options: Pick<OperationOptions, "signal">,
  ): Promise<void> {
    const joined = Buffer.from(scatterJoin(data));
    await this.enter("write", offset, joined.length);
    this.store({ offset, data: joined });
  }

  async unmapBlocks(
    offset: number,
    length: number,
    _options: Pick<OperationOptions, "signal">,
  ): Promise<void> {
    await this.enter("unmap", offset, length);
    this.content.fill(0, offset, offset + length);
  }

  async flush(): Promise<void> {}

  async compareAndWrite(
    offset: number,
    expected: ScatterList,
    data: ScatterList,
    options: Pick<OperationOptions, "signal">,
  ): Promise<void> {
    const wanted = scatterJoin(expected);
    const found = this.content.subarray(offset, offset + wanted.length);
    const first = wanted.findIndex((byte, index) => byte !== found[index]);
    if (first >= 0) {
      throw new SystemError("operation/miscompare", "content differs", { offset: first });
    }
    await this.write(offset, data, options);
  }

  async orWrite(
    offset: number,
    data: ScatterList,
    _options: Pick<OperationOptions, "signal">,
  ): Promise<void> {
    const length = scatterLength(data);
    await this.enter("write", offset, length);
    const found = this.content.subarray(offset, offset + length);
    this.store({ offset, data: scatterOr([found], data) });
  }

  private store(write: StoredWrite): void {
    const stored = this.faults.onWrite ? this.faults.onWrite(write, this) : write;
    stored?.data.copy(this.content, stored.offset);
  }

  private async enter(
    operation: "read" | "write" | "unmap",
    offset: number,
    length: number,
  ): Promise<void> {
    this.faults.before?.(operation);
    if (offset < 0 || offset + length > this.sizeBytes) {
      throw new SystemError("volume/out-of-range", "range ends beyond the device");
    }
    if (!this.faults.delay) return;
    this.waiting++;
    await this.faults.delay(operation);
    this.waiting--;
  }
}
