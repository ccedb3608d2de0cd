// Blocks in memory, allocated as they are written: what protocol code is tested against.
import type { BlockDevice, OperationOptions } from "../block-device.ts";
import { SystemError } from "../errors.ts";
import { isAligned, splitRange } from "../geometry.ts";
import { type ScatterList, scatterJoin, scatterLength, scatterOr } from "../scatter.ts";
import { KIB } from "../units.ts";

const PAGE_SIZE = 64 * KIB;

export class MemoryBlockDevice implements BlockDevice {
  sizeBytes: number;
  readonly blockSize: number;
  /** Thrown by every operation while set. */
  failure: SystemError | undefined;
  private readonly pages = new Map<number, Buffer>();

  constructor({ sizeBytes, blockSize = 512 }: { sizeBytes: number; blockSize?: number }) {
    this.sizeBytes = sizeBytes;
    this.blockSize = blockSize;
  }

  async read(offset: number, length: number, options: OperationOptions): Promise<ScatterList> {
    this.check(offset, length, options);
    return this.get(offset, length);
  }

  async write(offset: number, data: ScatterList, options: OperationOptions): Promise<void> {
    this.check(offset, scatterLength(data), options);
    this.put(offset, data);
  }

  async unmapBlocks(offset: number, length: number, options: OperationOptions): Promise<void> {
    this.check(offset, length, options);
    for (const part of splitRange(offset, length, PAGE_SIZE)) {
      if (part.length === PAGE_SIZE) this.pages.delete(part.index);
      else this.pages.get(part.index)?.fill(0, part.offset, part.offset + part.length);
    }
  }

  async flush(options: OperationOptions): Promise<void> {
    this.check(0, 0, options);
  }

  async compareAndWrite(
    offset: number,
    expected: ScatterList,
    data: ScatterList,
    options: OperationOptions,
  ): Promise<void> {
    const length = scatterLength(expected);
    this.check(offset, length, options);
    const found = scatterJoin(this.get(offset, length));
    const wanted = scatterJoin(expected);
    for (let at = 0; at < length; at += 1) {
      if (found[at] !== wanted[at]) {
        throw new SystemError("operation/miscompare", "the blocks differ", { offset: at });
      }
    }
    this.put(offset, data);
  }

  async orWrite(offset: number, data: ScatterList, options: OperationOptions): Promise<void> {
    const length = scatterLength(data);
    this.check(offset, length, options);
    this.put(offset, [scatterOr(this.get(offset, length), data)]);
  }

  private check(offset: number, length: number, { signal }: OperationOptions): void {
    if (signal.aborted) throw new SystemError("operation/aborted", "aborted before it began");
    if (this.failure) throw this.failure;
    if (!isAligned(offset, this.blockSize) || !isAligned(length, this.blockSize)) {
      throw new SystemError("argument/invalid", `${offset}+${length} is not in whole blocks`);
    }
    if (offset < 0 || offset + length > this.sizeBytes) {
      throw new SystemError("volume/out-of-range", `${offset}+${length} of ${this.sizeBytes}`);
    }
  }

  private get(offset: number, length: number): Buffer[] {
    return splitRange(offset, length, PAGE_SIZE).map((part) => {
      const page = this.pages.get(part.index);
      if (!page) return Buffer.alloc(part.length);
      // A copy: the caller may keep it while the page changes.
      return Buffer.from(page.subarray(part.offset, part.offset + part.length));
    });
  }

  private put(offset: number, data: ScatterList): void {
    let position = offset;
    for (const buffer of data) {
      for (const part of splitRange(position, buffer.length, PAGE_SIZE)) {
        let page = this.pages.get(part.index);
        if (!page) {
          page = Buffer.alloc(PAGE_SIZE);
          this.pages.set(part.index, page);
        }
        buffer.copy(page, part.offset, part.at, part.at + part.length);
      }
      position += buffer.length;
    }
  }
}
