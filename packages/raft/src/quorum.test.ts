import fc from "fast-check";
import { expect, it } from "vitest";
import { jointCommitted, jointVote } from "./quorum.ts";

const halves = fc.record({
  incoming: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
  outgoing: fc.uniqueArray(fc.integer({ min: 1, max: 7 })),
});
const indexes = fc.dictionary(fc.constantFrom("1", "2", "3", "4", "5", "6", "7"), fc.nat(20));

const majority = (voters: readonly number[], agrees: (voter: number) => boolean): boolean =>
  voters.length === 0 || voters.filter(agrees).length > voters.length / 2;

it("commits the highest index that a majority of each half holds", () => {
  fc.assert(
    fc.property(halves, indexes, ({ incoming, outgoing }, acknowledged) => {
      const of = (id: number): number => acknowledged[String(id)] ?? 0;
      const held = Array.from({ length: 21 }, (_, index) => index).filter((index) =>
        [incoming, outgoing].every((half) => majority(half, (id) => of(id) >= index)),
      );
      const sets = { incoming: new Set(incoming), outgoing: new Set(outgoing) };
      expect(jointCommitted(sets, of)).toBe(Math.max(...held));
    }),
  );
});

it("a vote is won when both halves have it, lost when one cannot any more", () => {
  const votes = fc.dictionary(fc.constantFrom("1", "2", "3", "4", "5", "6", "7"), fc.boolean());
  fc.assert(
    fc.property(halves, votes, ({ incoming, outgoing }, cast) => {
      const both = (agrees: (id: number) => boolean): boolean =>
        [incoming, outgoing].every((half) => majority(half, agrees));
      const won = both((id) => cast[String(id)] === true);
      const possible = both((id) => cast[String(id)] !== false);
      const sets = { incoming: new Set(incoming), outgoing: new Set(outgoing) };
      const given = new Map(Object.entries(cast).map(([id, vote]) => [Number(id), vote]));
      expect(jointVote(sets, given)).toBe(won ? "won" : possible ? "pending" : "lost");
    }),
  );
});
