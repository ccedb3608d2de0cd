// The vectors are those of RFC 7143, appendix A.4 (CRC examples), as numbers.
import fc from "fast-check";
import { expect, test } from "vitest";
import { CRC32C_OF_ZERO_UNIT, crc32c, crc32cOfScatter, unitChecksums } from "./crc32c.ts";
import { CHECKSUM_UNIT } from "./geometry.ts";

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

test("unit checksums follow the chunk's grid, not the payload's start or cuts", () => {
  const data = Buffer.from(Array.from({ length: 3 * CHECKSUM_UNIT }, (_, index) => index % 251));
  const offset = 1024;
  const expected = [
    crc32c(data.subarray(0, CHECKSUM_UNIT - offset)),
    crc32c(data.subarray(CHECKSUM_UNIT - offset, 2 * CHECKSUM_UNIT - offset)),
    crc32c(data.subarray(2 * CHECKSUM_UNIT - offset, 3 * CHECKSUM_UNIT - offset)),
    crc32c(data.subarray(3 * CHECKSUM_UNIT - offset)),
  ];
  expect([...unitChecksums(offset, [data])]).toEqual(expected);
  const cut = [data.subarray(0, 100), data.subarray(100, 9000), data.subarray(9000)];
  expect([...unitChecksums(offset, cut)]).toEqual(expected);
  expect(unitChecksums(0, [])).toHaveLength(0);
  expect(unitChecksums(0, [Buffer.alloc(CHECKSUM_UNIT)])[0]).toBe(CRC32C_OF_ZERO_UNIT);
});
