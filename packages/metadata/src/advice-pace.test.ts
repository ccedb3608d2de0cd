// When something may be done by itself.
import { familyId } from "@ashlar/core";
import { expect, test } from "vitest";
import { AdvicePace, AUTO_AFTER_MS, AUTO_AGAIN_MS } from "./advice-pace.ts";

const [ONE, TWO] = [familyId(1), familyId(2)];
const candidate = { id: "lead/storage-1/vm1", families: [ONE, TWO] };

test("it has to stand for a while without a break", () => {
  const pace = new AdvicePace();
  pace.begin(0, "manual");
  pace.stands([candidate], 1_000);
  pace.stands([candidate], 6_000);
  expect(pace.waitMs(candidate, 6_000)).toBe(AUTO_AFTER_MS - 5_000);
  expect(pace.waitMs(candidate, 1_000 + AUTO_AFTER_MS)).toBe(0);
  pace.stands([], 50_000);
  pace.stands([candidate], 60_000);
  expect(pace.waitMs(candidate, 60_000)).toBe(AUTO_AFTER_MS);
});

test("none of its volumes may have changed hands lately, whoever wanted that", () => {
  const pace = new AdvicePace();
  pace.begin(0, "manual");
  pace.stands([candidate], 0);
  pace.moved([TWO], 40_000);
  expect(pace.waitMs(candidate, 40_000)).toBe(AUTO_AGAIN_MS);
  expect(pace.waitMs({ ...candidate, families: [ONE] }, 40_000)).toBe(0);
});

test("a new leader that finds it on waits as long as for a volume that was moved", () => {
  const pace = new AdvicePace();
  pace.begin(5_000, "auto");
  pace.stands([candidate], 5_000);
  expect(pace.waitMs(candidate, 5_000)).toBe(AUTO_AGAIN_MS);
  pace.begin(5_000, "manual");
  pace.stands([candidate], 5_000);
  expect(pace.waitMs(candidate, 5_000 + AUTO_AFTER_MS)).toBe(0);
});
