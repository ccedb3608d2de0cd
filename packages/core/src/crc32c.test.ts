// The vectors are those of RFC 7143, appendix A.4 (CRC examples), as numbers.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  crc32c,
  crc32cOfScatter,
  unitChecksum,
  unitChecksums,
  zeroUnitChecksum,
  zeroUnitChecksums,
} from "./crc32c.ts";
import { CHECKSUM_UNIT } from "./geometry.ts";
import { chunkId, familyId } from "./ids.ts";

test("32 bytes of zeros, of ones, rising and falling", () => {
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  const rising = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
  expect(crc32c(rising)).toBe(0x46dd794e);
  expect(crc32c(Buffer.from(rising).reverse())).toBe(0x113fdb5c);
});

test("a list has the checksum of its concatenation, however it is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (parts) => {
      const list = parts.map((part) => Buffer.from(part));
      expect(crc32cOfScatter(list)).toBe(crc32c(Buffer.concat(list)));
    }),
  );
});

const CHUNK = chunkId(familyId(3), 7);

test("unit checksums follow the chunk's grid, not the payload's start or cuts", () => {
  const data = Buffer.from(Array.from({ length: 3 * CHECKSUM_UNIT }, (_, index) => index % 251));
  const offset = 1024;
  const expected = [
    unitChecksum(CHUNK, 0, data.subarray(0, CHECKSUM_UNIT - offset)),
    unitChecksum(CHUNK, 1, data.subarray(CHECKSUM_UNIT - offset, 2 * CHECKSUM_UNIT - offset)),
    unitChecksum(CHUNK, 2, data.subarray(2 * CHECKSUM_UNIT - offset, 3 * CHECKSUM_UNIT - offset)),
    unitChecksum(CHUNK, 3, data.subarray(3 * CHECKSUM_UNIT - offset)),
  ];
  expect([...unitChecksums(CHUNK, offset, [data])]).toEqual(expected);
  const cut = [data.subarray(0, 100), data.subarray(100, 9000), data.subarray(9000)];
  expect([...unitChecksums(CHUNK, offset, cut)]).toEqual(expected);
  expect(unitChecksums(CHUNK, 0, [])).toHaveLength(0);
  const zeros = [Buffer.alloc(2 * CHECKSUM_UNIT)];
  expect([...unitChecksums(CHUNK, CHECKSUM_UNIT, zeros)]).toEqual([
    zeroUnitChecksum(CHUNK, 1),
    zeroUnitChecksum(CHUNK, 2),
  ]);
  expect([...zeroUnitChecksums(CHUNK, 3)].slice(1)).toEqual([
    zeroUnitChecksum(CHUNK, 1),
    zeroUnitChecksum(CHUNK, 2),
  ]);
});

test("P14: the same bytes have another checksum in every other place near by", () => {
  const bytes = Buffer.alloc(CHECKSUM_UNIT, 0x5a);
  const seen = new Set<number>();
  for (const family of [1, 2, 2 ** 20]) {
    for (let index = 0; index < 20; index += 1) {
      const chunk = chunkId(familyId(family), index);
      for (let unit = 0; unit < 1_000; unit += 1) seen.add(unitChecksum(chunk, unit, bytes));
    }
  }
  // 60,000 numbers of 32 bits: about half a pair of them is equal by chance.
  expect(seen.size).toBeGreaterThan(60_000 - 10);
});
