import { describe, expect, it } from "vitest";
import { copyGraph, freezeGraph, printGraph } from "./object-graph.ts";

class Peer {
  acked = 1;
  other: Peer | undefined;
}

describe("printGraph", () => {
  it("is equal for equal contents, in whatever order maps and sets of plain values were filled", () => {
    const one = {
      set: new Set([1, 2]),
      map: new Map([
        ["a", 1],
        ["b", 2],
      ]),
    };
    const other = {
      set: new Set([2, 1]),
      map: new Map([
        ["b", 2],
        ["a", 1],
      ]),
    };
    expect(printGraph(one)).toBe(printGraph(other));
    expect(printGraph(one)).not.toBe(printGraph({ ...one, set: new Set([1, 3]) }));
  });

  it("tells one instance that is met twice from two that are equal, and ends in a ring", () => {
    const peer = new Peer();
    expect(printGraph([peer, peer])).not.toBe(printGraph([peer, new Peer()]));
    peer.other = peer;
    expect(printGraph(peer)).toBe("(acked:1,other:#0)");
  });

  it("prints of counters the distance to the newest, and the oldest for all that is below", () => {
    const at = (ticket: number, oldest: number, newest: number): string =>
      printGraph({ ticket }, { counters: { fields: new Set(["ticket"]), oldest, newest } });
    expect(at(5, 4, 6)).toBe(at(15, 14, 16));
    expect(at(1, 4, 6)).toBe(at(3, 4, 6));
    expect(at(5, 4, 6)).not.toBe(at(6, 4, 6));
  });

  it("tells long bytes apart by their content, be they in one buffer or another", () => {
    const bytes = (value: number): Buffer => Buffer.alloc(4096, value);
    expect(printGraph(bytes(1))).toBe(printGraph(bytes(1)));
    expect(printGraph(bytes(1))).not.toBe(printGraph(bytes(2)));
  });

  it("leaves out fields by name, also of what was printed with them before", () => {
    const value = freezeGraph({ kept: 1, left: 2 });
    expect(printGraph(value)).toBe("(kept:1,left:2)");
    expect(printGraph(value, { omitted: new Set(["left"]) })).toBe("(kept:1)");
  });
});

describe("copyGraph", () => {
  it("keeps who is whom, shares nothing that changes, and leaves the original as it is", () => {
    const peer = new Peer();
    const copy = copyGraph({ first: peer, second: peer });
    expect(copy.first).toBe(copy.second);
    copy.first.acked = 7;
    expect(peer.acked).toBe(1);
    expect(copy.first).toBeInstanceOf(Peer);
  });
});
