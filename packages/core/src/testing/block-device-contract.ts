// What every BlockDevice must do; run by each implementation's test.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BlockDevice, NO_PATH } from "../block-device.ts";
import { type ScatterList, scatterJoin } from "../scatter.ts";
import { KIB } from "../units.ts";

export interface BlockDeviceFixture {
  /** At least 2 MiB, empty. */
  readonly device: BlockDevice;
  /** A position inside the device where an inner border lies (of chunks, pages), or the middle. */
  readonly border: number;
  readonly dispose: () => Promise<void>;
}

/** Bytes that tell their position and `salt`. */
function pattern(length: number, salt: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7 + (index >> 8) + salt) % 256));
}

export function blockDeviceContract(name: string, open: () => Promise<BlockDeviceFixture>): void {
  describe(`${name} keeps the BlockDevice contract`, () => {
    let fixture: BlockDeviceFixture;
    const options = { signal: new AbortController().signal, path: NO_PATH };
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(() => fixture.dispose());
    const read = async (offset: number, length: number): Promise<Buffer> =>
      scatterJoin(await fixture.device.read(offset, length, options));
    const write = (offset: number, data: ScatterList): Promise<void> =>
      fixture.device.write(offset, data, options);
    const failed = (code: string): unknown => expect.objectContaining({ code });

    test("what was never written is zeros", async () => {
      expect(await read(0, 64 * KIB)).toEqual(Buffer.alloc(64 * KIB));
      const { sizeBytes, blockSize } = fixture.device;
      expect(await read(sizeBytes - blockSize, blockSize)).toEqual(Buffer.alloc(blockSize));
    });

    test("reads what was written, also across inner borders and in other cuts", async () => {
      const { border, device } = fixture;
      const length = 16 * device.blockSize;
      const data = pattern(length, 1);
      const start = border - 8 * device.blockSize;
      await write(start, [data.subarray(0, 100), data.subarray(100, 101), data.subarray(101)]);
      expect((await read(start, length)).equals(data)).toBe(true);
      const inner = await read(start + device.blockSize, device.blockSize);
      expect(inner.equals(data.subarray(device.blockSize, 2 * device.blockSize))).toBe(true);
    });

    test("the last write to a block is what stays, its neighbours are untouched", async () => {
      const { blockSize } = fixture.device;
      const [first, second] = [pattern(4 * blockSize, 2), pattern(blockSize, 3)];
      await write(0, [first]);
      await write(blockSize, [second]);
      const expected = Buffer.from(first);
      second.copy(expected, blockSize);
      expect((await read(0, 4 * blockSize)).equals(expected)).toBe(true);
    });

    test("a write at once visible to a read that starts after it resolved", async () => {
      const { blockSize } = fixture.device;
      const writes = Array.from({ length: 32 }, async (_, index) => {
        await write(index * blockSize, [pattern(blockSize, index)]);
        return (await read(index * blockSize, blockSize)).equals(pattern(blockSize, index));
      });
      expect(await Promise.all(writes)).toEqual(writes.map(() => true));
    });

    test("unmapped blocks are zeros, blocks beside them are kept", async () => {
      const { blockSize } = fixture.device;
      const length = 192 * KIB;
      const data = pattern(length, 4);
      await write(0, [data]);
      await fixture.device.unmapBlocks(blockSize, length - 2 * blockSize, options);
      const expected = Buffer.from(data).fill(0, blockSize, length - blockSize);
      expect((await read(0, length)).equals(expected)).toBe(true);
    });

    test("flush resolves", async () => {
      await write(0, [pattern(fixture.device.blockSize, 5)]);
      await expect(fixture.device.flush(options)).resolves.toBeUndefined();
    });

    test("ranges beyond the end are refused and change nothing", async () => {
      const { sizeBytes, blockSize } = fixture.device;
      const data = [pattern(2 * blockSize, 6)];
      const start = sizeBytes - blockSize;
      await expect(write(start, data)).rejects.toThrow(failed("volume/out-of-range"));
      await expect(read(start, 2 * blockSize)).rejects.toThrow(failed("volume/out-of-range"));
      expect(await read(start, blockSize)).toEqual(Buffer.alloc(blockSize));
    });

    test("compare and write: writes on equality, else tells the first difference", async () => {
      const { blockSize } = fixture.device;
      const [old, wanted] = [Buffer.alloc(blockSize), pattern(blockSize, 7)];
      await fixture.device.compareAndWrite(0, [old], [wanted], options);
      expect((await read(0, blockSize)).equals(wanted)).toBe(true);
      const almost = Buffer.from(wanted);
      almost.writeUInt8(almost.readUInt8(37) ^ 1, 37);
      await expect(
        fixture.device.compareAndWrite(0, [almost], [old], options),
      ).rejects.toMatchObject({ code: "operation/miscompare", meta: { offset: 37 } });
      expect((await read(0, blockSize)).equals(wanted)).toBe(true);
    });

    test("sets bits beside those that others set at the same time, also across inner borders", async () => {
      const { border, device } = fixture;
      const { blockSize } = device;
      const length = 2 * blockSize;
      const before = pattern(length, 8);
      await write(border - blockSize, [before]);
      const masks = Array.from({ length: 8 }, (_, bit) => Buffer.alloc(length, 1 << bit));
      const some = masks.filter((_, bit) => bit % 3 === 0);
      await Promise.all(some.map((mask) => device.orWrite(border - blockSize, [mask], options)));
      const expected = before.map((byte) => byte | 0b0100_1001);
      expect((await read(border - blockSize, length)).equals(expected)).toBe(true);
      await device.orWrite(border, [Buffer.alloc(0)], options);
      const end = device.sizeBytes - blockSize;
      const beyond = device.orWrite(end, [Buffer.alloc(length, 1)], options);
      await expect(beyond).rejects.toThrow(failed("volume/out-of-range"));
      expect(await read(end, blockSize)).toEqual(Buffer.alloc(blockSize));
    });
  });
}
