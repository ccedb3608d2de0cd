// What ORWRITE is for: hosts that set bits of one bitmap through different gateways lose none.
import { MIB } from "@ashlar/core";
import { MemoryBlockDevice, soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { STATUS } from "./sense.ts";
import { openTarget } from "./testing/harness.ts";

const BLOCK = 512;
const BLOCKS = 8;

interface Setting {
  /** Which of two targets. */
  readonly gateway: number;
  readonly lba: number;
  readonly count: number;
  readonly bits: number;
}

const setting: fc.Arbitrary<Setting> = fc
  .tuple(fc.nat(1), fc.nat(BLOCKS - 1), fc.integer({ min: 1, max: BLOCKS }), fc.nat(0xff))
  .map(([gateway, lba, wanted, bits]) => ({
    gateway,
    lba,
    count: Math.min(wanted, BLOCKS - lba),
    bits,
  }));

function orWrite(lba: number, count: number): Buffer {
  const cdb = Buffer.alloc(16);
  cdb.writeUInt8(0x8b, 0);
  cdb.writeUInt32BE(lba, 6);
  cdb.writeUInt32BE(count, 10);
  return cdb;
}

test("of ORWRITEs through two targets at the same time every bit is there, and no other", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(0xff),
      fc.array(setting, { maxLength: 8 }),
      async (before, settings) => {
        const device = new MemoryBlockDevice({ sizeBytes: MIB });
        const targets = [openTarget({ device }), openTarget({ device })];
        const first = Buffer.alloc(BLOCKS * BLOCK, before);
        const write = await targets[0]?.run(`2a 00 00000000 00 000${BLOCKS} 00`, { data: first });
        expect(write?.status).toBe(STATUS.good);
        const statuses = await Promise.all(
          settings.map(async ({ gateway, lba, count, bits }) => {
            const data = Buffer.alloc(count * BLOCK, bits);
            return (await targets[gateway]?.run(orWrite(lba, count), { data }))?.status;
          }),
        );
        expect(statuses).toEqual(settings.map(() => STATUS.good));
        const expected = Array.from({ length: BLOCKS }, (_, at) =>
          settings
            .filter(({ lba, count }) => lba <= at && at < lba + count)
            .reduce((bits, one) => bits | one.bits, before),
        );
        const read = await targets[1]?.run(`28 00 00000000 00 000${BLOCKS} 00`);
        const found = Array.from({ length: BLOCKS }, (_, at) =>
          read?.data.subarray(at * BLOCK, (at + 1) * BLOCK),
        );
        expect(found).toEqual(expected.map((bits) => Buffer.alloc(BLOCK, bits)));
      },
    ),
    { numRuns: soaked(50) },
  );
});
