// What the parsers make of pages, given as a target sends them.
import { hasCode } from "@ashlar/core";
import { expect, test } from "vitest";
import {
  parseBlockLimits,
  parseInquiry,
  parseProvisioning,
  parseRotationRate,
  parseSerialNumber,
  parseSupportedPages,
} from "./inquiry-pages.ts";
import {
  isActiveOptimized,
  parseTargetPortGroups,
  reportTargetPortGroups,
} from "./target-port-groups.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

function page(code: number, body: Buffer): Buffer {
  const header = Buffer.from([0, code, 0, 0]);
  header.writeUInt16BE(body.length, 2);
  return Buffer.concat([header, body]);
}

test("standard INQUIRY: who it is, TPGS, version descriptors", () => {
  const data = Buffer.alloc(96);
  data[2] = 6;
  data[5] = 0x10;
  data.write("ASHLAR  VOLUME          1   ", 8, "latin1");
  data.writeUInt16BE(0x0960, 58);
  data.writeUInt16BE(0x0460, 62);
  expect(parseInquiry(data)).toEqual({
    deviceType: 0,
    version: 6,
    targetPortGroups: 1,
    vendor: "ASHLAR",
    product: "VOLUME",
    revision: "1",
    versionDescriptors: [0x0960, 0x0460],
  });
  expect(parseInquiry(data.subarray(0, 36)).versionDescriptors).toEqual([]);
});

test("pages 00, 80, B0, B1 and B2", () => {
  expect(parseSupportedPages(page(0, bytes("00 80 83 b0")))).toEqual([0, 0x80, 0x83, 0xb0]);
  expect(parseSerialNumber(page(0x80, Buffer.from(" abc  ")))).toBe("abc");
  expect(parseRotationRate(page(0xb1, bytes("0001")))).toBe(1);
  expect(parseProvisioning(page(0xb2, bytes("00 e4 02 00")))).toEqual({
    unmaps: true,
    writeSame16Unmaps: true,
    writeSame10Unmaps: true,
    unmappedReadsZero: true,
    type: 2,
  });
  const limits = bytes(
    `00 01 0008 00004000 00000800 00000000 00080000 000000ff 00000080 ${"00".repeat(4)} 0000000000004000`,
  );
  expect(parseBlockLimits(page(0xb0, limits))).toEqual({
    compareAndWriteMax: 1,
    transferGranularity: 8,
    transferMax: 0x4000,
    transferOptimal: 0x800,
    unmapMax: 0x80000,
    unmapDescriptorsMax: 255,
    unmapGranularity: 128,
    writeSameMax: 0x4000,
  });
});

test("of a short page of block limits only what it lacks is not told", () => {
  expect(parseBlockLimits(page(0xb0, bytes("0001 0008 00004000")))).toMatchObject({
    transferMax: 0x4000,
    unmapMax: 0,
    writeSameMax: 0,
  });
});

test("REPORT TARGET PORT GROUPS and its answer", () => {
  expect(reportTargetPortGroups(0x1000).toString("hex")).toBe("a30a00000000000010000000");
  const data = bytes(`0000001c 80090001 00000002 00000001 00000005 0309 0002 00020001 00000007`);
  const groups = parseTargetPortGroups(data);
  expect(groups).toEqual([
    { group: 1, state: 0, preferred: true, ports: [1, 5] },
    { group: 2, state: 3, preferred: false, ports: [7] },
  ]);
  expect(groups.map(isActiveOptimized)).toEqual([true, false]);
});

test.each([
  ["INQUIRY", () => parseInquiry(Buffer.alloc(35))],
  ["a page", () => parseSupportedPages(bytes("00 00 0004 00 80"))],
  ["VPD B1", () => parseRotationRate(page(0xb1, bytes("00")))],
  ["VPD B2", () => parseProvisioning(page(0xb2, bytes("00 e4")))],
  ["port groups", () => parseTargetPortGroups(bytes("0000000c 00090001 00000001 0000"))],
  ["port groups without a length", () => parseTargetPortGroups(bytes("0000"))],
])("what is cut off is an error: %s", (_, parse) => {
  expect(() => parse()).toThrow(/too short/);
});

test("the error is one of the frame", () => {
  const thrown = (() => {
    try {
      return parseInquiry(Buffer.alloc(0));
    } catch (error) {
      return error;
    }
  })();
  expect(hasCode(thrown, "rpc/bad-frame")).toBe(true);
});
