import { describe, expect, it } from "vitest";
import { seededRandom } from "./seeded-random.ts";

describe("seededRandom", () => {
  it("repeats itself for one seed and differs for another", () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 20 }, () => random.below(1_000_000));
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it("covers its range evenly enough", () => {
    const random = seededRandom(1);
    const counts = new Array<number>(8).fill(0);
    for (let draw = 0; draw < 8000; draw++) {
      const value = random.below(8);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    for (const count of counts) expect(count).toBeGreaterThan(850);
  });

  it("gives any number of bytes, and UUIDs of version 4", () => {
    const random = seededRandom(3);
    for (const length of [0, 1, 3, 4, 7, 64]) expect(random.bytes(length)).toHaveLength(length);
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
  });
});
