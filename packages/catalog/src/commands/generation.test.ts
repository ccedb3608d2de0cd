import { expect, test } from "vitest";
import { decodeState, encodeState } from "../encode.ts";
import { TestCatalog, testVolume } from "../testing/cluster.ts";

const volume = testVolume(1);
const fence = { kind: "fence" } as const;

function made(): TestCatalog {
  const catalog = TestCatalog.created(2);
  catalog.volume(1, 2);
  return catalog;
}

const recordOf = (catalog: TestCatalog) => catalog.state.view.volumes.get(volume);

test("P11: a reset begins the next generation at once and is counted; a fence is not", () => {
  const catalog = made();
  expect(recordOf(catalog)).toMatchObject({ generation: 1, resets: 0, change: undefined });
  const reset = { kind: "advanceGeneration", volume, reset: true } as const;
  expect(catalog.done(reset)).toEqual({ generation: 2 });
  expect(recordOf(catalog)).toMatchObject({ generation: 2, resets: 1 });
  expect(catalog.done({ ...reset, reset: false })).toEqual({ generation: 3 });
  expect(recordOf(catalog)).toMatchObject({ generation: 3, resets: 1 });
  expect(catalog.faults).toEqual([]);
});

test("P11: a prepared change closes its generation; the next one begins with its commit", () => {
  const catalog = made();
  const prepared = catalog.done({ kind: "prepareChange", volume, change: fence });
  expect(prepared).toEqual({ volume, generation: 2 });
  expect(recordOf(catalog)).toMatchObject({ generation: 1, change: fence });
  catalog.done({ kind: "commitChange", volume, generation: 2 });
  expect(recordOf(catalog)).toMatchObject({ generation: 2, change: undefined });
  expect(catalog.faults).toEqual([]);
});

test("P11: an aborted change skips the generation that was prepared", () => {
  const catalog = made();
  catalog.done({ kind: "prepareChange", volume, change: { kind: "delete" } });
  expect(catalog.done({ kind: "abortChange", volume, generation: 2 })).toEqual({ generation: 3 });
  expect(recordOf(catalog)).toMatchObject({ generation: 3, change: undefined });
  const late = catalog.apply({ kind: "commitChange", volume, generation: 2 });
  expect(late.result).toMatchObject({ kind: "refused", code: "catalog/conflict" });
  expect(recordOf(catalog)?.generation).toBe(3);
  expect(catalog.faults).toEqual([]);
});

test("one change of a volume at a time: another one is refused, so is a reset", () => {
  const catalog = made();
  catalog.volume(2, 1);
  catalog.done({ kind: "prepareChange", volume, change: fence });
  for (const command of [
    { kind: "prepareChange", volume, change: { kind: "delete" } },
    { kind: "advanceGeneration", volume, reset: true },
  ] as const) {
    expect(catalog.apply(command).result).toMatchObject({ code: "volume/changing" });
  }
  catalog.done({ kind: "advanceGeneration", volume: testVolume(2), reset: true });
  catalog.done({ kind: "commitChange", volume, generation: 2 });
  catalog.done({ kind: "advanceGeneration", volume, reset: true });
  expect(catalog.faults).toEqual([]);
});

test("a committed deletion takes the volume away, and its identity is not made again", () => {
  const catalog = made();
  catalog.done({ kind: "prepareChange", volume, change: { kind: "delete" } });
  expect(recordOf(catalog)?.name).toBe("volume-1");
  catalog.done({ kind: "commitChange", volume, generation: 2 });
  expect(recordOf(catalog)).toBeUndefined();
  expect(catalog.state.deleted).toEqual([volume]);
  for (const kind of ["commitChange", "abortChange"] as const) {
    const { result } = catalog.apply({ kind, volume, generation: 2 });
    expect(result).toMatchObject({ code: "catalog/conflict" });
  }
  expect(catalog.faults).toEqual([]);
});

test("a snapshot keeps a change that is under way", () => {
  const catalog = made();
  catalog.done({ kind: "advanceGeneration", volume, reset: true });
  catalog.done({ kind: "prepareChange", volume, change: { kind: "delete" } });
  const read = new TestCatalog(decodeState(encodeState(catalog.state)));
  expect(recordOf(read)).toEqual(recordOf(catalog));
  read.done({ kind: "commitChange", volume, generation: 3 });
  expect(recordOf(read)).toBeUndefined();
});
