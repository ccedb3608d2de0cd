import { chunkId, familyId } from "@ashlar/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OperationIds } from "./operation-ids.ts";

const CHUNKS = [chunkId(familyId(1), 0), chunkId(familyId(1), 1)] as const;

describe("operation ids", () => {
  it("rise by one and name the incarnation of their time", () => {
    let incarnation = 5;
    const ids = new OperationIds(() => incarnation);
    expect(ids.next()).toEqual({ incarnation: 5, seq: 1 });
    incarnation = 8;
    expect(ids.nextMutation(CHUNKS[0])).toEqual({ incarnation: 8, seq: 2 });
  });

  it("know the lowest unresolved seq of each chunk, whatever the order of resolving", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 60 }), (choices) => {
        const ids = new OperationIds(() => 1);
        const open = CHUNKS.map((): number[] => []);
        for (const choice of choices) {
          const at = choice % 2;
          const chunk = CHUNKS[at]!;
          const seqs = open[at]!;
          if (choice % 3 > 0 || seqs.length === 0) seqs.push(ids.nextMutation(chunk).seq);
          else {
            const [seq] = seqs.splice(choice % seqs.length, 1);
            ids.resolve(chunk, { incarnation: 1, seq: seq! });
          }
          const read = ids.next();
          expect(ids.lowestUnresolvedSeq(chunk, read)).toBe(Math.min(read.seq, ...seqs));
        }
      }),
    );
  });

  it("P10: what waits for long in one chunk holds up the windows of no other", () => {
    const ids = new OperationIds(() => 1);
    const [stuckChunk, chunk] = CHUNKS;
    const stuck = ids.nextMutation(stuckChunk);
    for (let i = 0; i < 10_000; i++) {
      const opId = ids.nextMutation(chunk);
      expect(ids.lowestUnresolvedSeq(chunk, opId)).toBe(opId.seq);
      ids.resolve(chunk, opId);
    }
    expect(ids.lowestUnresolvedSeq(stuckChunk, ids.next())).toBe(stuck.seq);
  });
});
