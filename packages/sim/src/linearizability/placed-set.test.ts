import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { PlacedSet } from "./placed-set.ts";

it("equal sets have equal keys, whichever way they came about, and others have not", () => {
  const operations = 6;
  const keys = new Map<string, string>();
  const members = new Map<string, string>();
  fc.assert(
    fc.property(fc.array(fc.nat(operations - 1), { maxLength: 30 }), (toggles) => {
      const set = new PlacedSet([true, true, false, true, false, true]);
      const held = new Set<number>();
      for (const operation of toggles) {
        if (held.delete(operation)) set.delete(operation);
        else {
          held.add(operation);
          set.add(operation);
        }
      }
      const name = [...held].sort().join();
      expect(keys.get(name) ?? set.key).toBe(set.key);
      expect(members.get(set.key) ?? name).toBe(name);
      keys.set(name, set.key);
      members.set(set.key, name);
      expect(set.holdsAllAnswered).toBe([0, 1, 3, 5].every((operation) => held.has(operation)));
    }),
    { numRuns: soaked(500) },
  );
});

it("a long prefix has a short key, also past an operation that never gets a place", () => {
  const set = new PlacedSet(Array.from({ length: 1000 }, (_, at) => at !== 10));
  for (let operation = 0; operation < 1000; operation += 1)
    if (operation !== 10) set.add(operation);
  expect(set.key).toBe("999+?");
});
