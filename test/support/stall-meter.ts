// How long a host was kept waiting: the longest time in which something was under way and nothing
// completed, since the meter was last set to zero.
import type { BlockDevice, OperationOptions, ScatterList } from "@ashlar/core";

export class StallMeter {
  private underWay = 0;
  private progressMs = 0;
  private longestMs = 0;

  /** The device, its operations counted. */
  measure(device: BlockDevice): BlockDevice {
    return new MeasuredDevice(device, this);
  }

  /** Longest stall in milliseconds since the last call, one that still lasts included; begins anew. */
  take(): number {
    const stallMs = this.longest();
    this.longestMs = 0;
    this.progressMs = performance.now();
    return stallMs;
  }

  async count<T>(operation: Promise<T>): Promise<T> {
    if (this.underWay === 0) this.progressMs = performance.now();
    this.underWay += 1;
    try {
      return await operation;
    } finally {
      this.longestMs = this.longest();
      this.progressMs = performance.now();
      this.underWay -= 1;
    }
  }

  private longest(): number {
    const nowMs = this.underWay > 0 ? performance.now() - this.progressMs : 0;
    return Math.max(this.longestMs, nowMs);
  }
}

class MeasuredDevice implements BlockDevice {
  private readonly device: BlockDevice;
  private readonly meter: StallMeter;

  constructor(device: BlockDevice, meter: StallMeter) {
    this.device = device;
    this.meter = meter;
  }

  get sizeBytes(): number {
    return this.device.sizeBytes;
  }

  get blockSize(): number {
    return this.device.blockSize;
  }

  read(offset: number, length: number, options: OperationOptions): Promise<ScatterList> {
    return this.meter.count(this.device.read(offset, length, options));
  }

  write(offset: number, data: ScatterList, options: OperationOptions): Promise<void> {
    return this.meter.count(this.device.write(offset, data, options));
  }

  unmapBlocks(offset: number, length: number, options: OperationOptions): Promise<void> {
    return this.meter.count(this.device.unmapBlocks(offset, length, options));
  }

  flush(options: OperationOptions): Promise<void> {
    return this.meter.count(this.device.flush(options));
  }

  compareAndWrite(
    ...args: Parameters<BlockDevice["compareAndWrite"]>
  ): ReturnType<BlockDevice["compareAndWrite"]> {
    return this.meter.count(this.device.compareAndWrite(...args));
  }

  orWrite(offset: number, data: ScatterList, options: OperationOptions): Promise<void> {
    return this.meter.count(this.device.orWrite(offset, data, options));
  }
}
