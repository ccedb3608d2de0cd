// A device whose operations somebody else counts, each as it is begun.
import type { BlockDevice, OperationOptions, ScatterList } from "@ashlar/core";

export interface OperationMeter {
  count<T>(operation: Promise<T>, kind: keyof BlockDevice): Promise<T>;
}

export class MeasuredDevice implements BlockDevice {
  private readonly device: BlockDevice;
  private readonly meter: OperationMeter;

  constructor(device: BlockDevice, meter: OperationMeter) {
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
    return this.meter.count(this.device.read(offset, length, options), "read");
  }

  write(offset: number, data: ScatterList, options: OperationOptions): Promise<void> {
    return this.meter.count(this.device.write(offset, data, options), "write");
  }

  unmapBlocks(offset: number, length: number, options: OperationOptions): Promise<void> {
    return this.meter.count(this.device.unmapBlocks(offset, length, options), "unmapBlocks");
  }

  flush(options: OperationOptions): Promise<void> {
    return this.meter.count(this.device.flush(options), "flush");
  }

  compareAndWrite(
    ...args: Parameters<BlockDevice["compareAndWrite"]>
  ): ReturnType<BlockDevice["compareAndWrite"]> {
    return this.meter.count(this.device.compareAndWrite(...args), "compareAndWrite");
  }

  orWrite(offset: number, data: ScatterList, options: OperationOptions): Promise<void> {
    return this.meter.count(this.device.orWrite(offset, data, options), "orWrite");
  }
}
