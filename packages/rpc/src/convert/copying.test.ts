import { DEFAULT_COPY_SPEED } from "@ashlar/catalog";
import { MIB } from "@ashlar/core";
import { expect, test } from "vitest";
import type { CopyReport__Output } from "../gen/ashlar/v1/CopyReport.ts";
import { type CopyReport, fromCopyReport, fromCopySpeed, toCopyReport } from "./copying.ts";

test.each<CopyReport>([
  { state: "unlimited", limitBytesPerSecond: null, bytesPerSecond: 0, p99Ms: 0 },
  { state: "limited", limitBytesPerSecond: 20 * MIB, bytesPerSecond: 19 * MIB, p99Ms: 12.5 },
  { state: "floor", limitBytesPerSecond: 8 * MIB, bytesPerSecond: 8 * MIB, p99Ms: 1_000 },
])("what a node tells of its copies arrives: $state", (report) => {
  expect(fromCopyReport(toCopyReport(report) as CopyReport__Output)).toEqual(report);
});

test("a state that is not known here is refused", () => {
  const message = { limitBytesPerSecond: 0, bytesPerSecond: 0, p99Ms: 0, state: "frozen" };
  expect(() => fromCopyReport(message)).toThrow(expect.objectContaining({ code: "rpc/version" }));
});

test("a member that does not know what copies heed tells zeros: the default", () => {
  const asked = { latencyTargetMs: 5, floorBytesPerSecond: 2 * MIB };
  expect(fromCopySpeed(asked)).toEqual(asked);
  expect(fromCopySpeed({ latencyTargetMs: 0, floorBytesPerSecond: 0 })).toEqual(DEFAULT_COPY_SPEED);
});
