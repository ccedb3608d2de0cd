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
        }
      }),
    );
  });

  it("keep what is unresolved while thousands of later ones come and go", () => {
    const ids = new OperationIds(() => 1);
    const stuck = [ids.next(), ids.next()] as const;
    for (let i = 0; i < 10_000; i++) ids.resolve(ids.next());
    expect(ids.lowestUnresolvedSeq).toBe(1);
    ids.resolve(stuck[0]);
    expect(ids.lowestUnresolvedSeq).toBe(2);
    ids.resolve(stuck[1]);
    expect(ids.lowestUnresolvedSeq).toBe(10_003);
  });
});
