import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OperationIds } from "./operation-ids.ts";

describe("operation ids", () => {
  it("rise by one and name the incarnation of their time", () => {
    let incarnation = 5;
    const ids = new OperationIds(() => incarnation);
    expect(ids.next()).toEqual({ incarnation: 5, seq: 1 });
    incarnation = 8;
    expect(ids.next()).toEqual({ incarnation: 8, seq: 2 });
  });

  it("know the lowest unresolved seq, whatever the order of resolving", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 60 }), (choices) => {
        const ids = new OperationIds(() => 1);
        const open: number[] = [];
        let last = 0;
        for (const choice of choices) {
          if (choice % 2 === 0 || open.length === 0) {
            last = ids.next().seq;
            open.push(last);
          } else {
            const [seq] = open.splice(choice % open.length, 1);
            ids.resolve({ incarnation: 1, seq: seq! });
          }
          expect(ids.lowestUnresolvedSeq).toBe(Math.min(last + 1, ...open));
          expect(ids.unresolvedCount).toBe(open.length);
        }
      }),
    );
  });
});
