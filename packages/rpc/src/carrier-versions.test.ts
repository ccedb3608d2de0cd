import { OPERATION_VERSION, REPLICATION_VERSION } from "@ashlar/replica";
import { expect, test } from "vitest";
import { agreedVersion, agreeOnVersion, SPOKEN, toldVersions } from "./carrier-versions.ts";

const from = (oldest: number, newest: number) => ({ oldest, newest });

test.each([
  [from(4, 4), from(4, 4), 4],
  [from(3, 4), from(4, 5), 4],
  [from(4, 5), from(3, 4), 4],
  [from(3, 6), from(4, 5), 5],
])("of %j and %j the newest is spoken that both speak: %i", (own, theirs, version) => {
  expect(agreeOnVersion("operations", own, theirs)).toBe(version);
});

test.each([
  [
    from(5, 6),
    from(3, 4),
    "operations in versions 3 to 4 are not spoken here, only versions 5 to 6",
  ],
  [from(4, 4), from(5, 5), "operations in version 5 are not spoken here, only version 4"],
])("%j and %j have none", (own, theirs, message) => {
  expect(() => agreeOnVersion("operations", own, theirs)).toThrow(message);
});

test("a release that tells nothing speaks what was spoken before releases told", () => {
  const untold = { oldestVersion: 0, newestVersion: 0 };
  expect(toldVersions("operations", untold)).toEqual(from(4, 4));
  expect(agreedVersion("replication", 0)).toBe(4);
  expect(agreedVersion("replication", 6)).toBe(6);
});

test("this release speaks its own versions, and those of the releases that tell nothing", () => {
  expect(SPOKEN.operations.newest).toBe(OPERATION_VERSION);
  expect(SPOKEN.replication.newest).toBe(REPLICATION_VERSION);
  for (const purpose of ["operations", "replication"] as const) {
    const { oldest, newest } = SPOKEN[purpose];
    expect(newest - oldest).toBeGreaterThanOrEqual(0);
    expect(agreeOnVersion(purpose, SPOKEN[purpose], from(4, 4))).toBe(4);
  }
});
