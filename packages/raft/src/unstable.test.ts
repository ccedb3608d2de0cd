import { describe, expect, it } from "vitest";
import type { Entry } from "./types.ts";
import { Unstable } from "./unstable.ts";

const entry = (term: number, index: number): Entry => ({
  version: 1,
  kind: "normal",
  term,
  index,
  data: new Uint8Array(0),
});

describe("writes that are overtaken by a later term", () => {
  it("an acknowledgement of the old entry does not make the new one durable", () => {
    const unstable = new Unstable(5);
    unstable.append([entry(1, 5)]);
    unstable.accept();
    unstable.append([entry(2, 5)]);
    unstable.stableTo({ term: 1, index: 5 });
    expect(unstable.entries).toEqual([entry(2, 5)]);
    expect(unstable.nextEntries).toEqual([entry(2, 5)]);
    unstable.accept();
    unstable.stableTo({ term: 2, index: 5 });
    expect(unstable.entries).toEqual([]);
  });

  it("entries are handed out once, and again from where they changed", () => {
    const unstable = new Unstable(1);
    unstable.append([entry(1, 1), entry(1, 2), entry(1, 3)]);
    unstable.accept();
    expect(unstable.nextEntries).toEqual([]);
    unstable.append([entry(2, 2)]);
    expect(unstable.nextEntries).toEqual([entry(2, 2)]);
    expect(unstable.entries).toEqual([entry(1, 1), entry(2, 2)]);
  });
});
