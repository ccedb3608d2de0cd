import { expect, test } from "vitest";
import {
  CHUNKS_PER_FAMILY_MAX,
  chunkId,
  chunkIdFromNumber,
  chunkIndexOf,
  clusterId,
  familyId,
  familyOf,
  formatChunkId,
  nodeId,
  volumeName,
} from "./ids.ts";

const refused = expect.objectContaining({ code: "argument/invalid" });

test("a chunk id keeps family and index, up to the largest of both", () => {
  for (const [family, index] of [
    [1, 0],
    [7, 12],
    [2 ** 31 - 1, CHUNKS_PER_FAMILY_MAX - 1],
  ] as const) {
    const chunk = chunkId(familyId(family), index);
    expect(Number.isSafeInteger(chunk)).toBe(true);
    expect([familyOf(chunk), chunkIndexOf(chunk)]).toEqual([family, index]);
    expect(chunkIdFromNumber(chunk)).toBe(chunk);
  }
  expect(formatChunkId(chunkId(familyId(7), 12))).toBe("7/12");
});

test("numbers that are no chunk id are refused", () => {
  expect(() => chunkIdFromNumber(5)).toThrow("range");
  expect(() => familyId(0)).toThrow("range");
  expect(() => chunkId(familyId(1), CHUNKS_PER_FAMILY_MAX)).toThrow("range");
});

test("names are checked where they are made", () => {
  expect(nodeId("storage-1")).toBe("storage-1");
  expect(volumeName("vm.disk-1")).toBe("vm.disk-1");
  for (const bad of ["", "A", "-a", "a-", "a_b", "a".repeat(64), "a b"]) {
    expect(() => nodeId(bad)).toThrow(refused);
    expect(() => volumeName(bad)).toThrow(refused);
  }
});

test("uuids are lower-cased, anything else is refused", () => {
  expect(clusterId("0F8FAD5B-D9CB-469F-A165-70867728950E")).toBe(
    "0f8fad5b-d9cb-469f-a165-70867728950e",
  );
  expect(() => clusterId("0f8fad5b")).toThrow(refused);
});
