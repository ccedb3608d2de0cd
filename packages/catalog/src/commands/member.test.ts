import { expect, test } from "vitest";
import { CatalogMirror } from "../mirror.ts";
import { TestCatalog, testNode } from "../testing/cluster.ts";

const [ONE, TWO] = [testNode(1), testNode(2)];
const addressOf = (port: number): string => `127.0.0.1:${port}`;

function founded(): TestCatalog {
  const catalog = TestCatalog.created();
  catalog.done({ kind: "memberExpected", node: ONE, address: addressOf(1) });
  catalog.done({ kind: "memberJoined", node: ONE, member: 11, address: addressOf(1) });
  return catalog;
}
const members = ({ state }: TestCatalog) => [...state.view.members.values()];

test("a member is expected, then it joins, and can move to another address", () => {
  const catalog = founded();
  catalog.done({ kind: "memberExpected", node: TWO, address: addressOf(2) });
  expect(members(catalog)[1]).toEqual({ node: TWO, address: addressOf(2), member: 0 });
  const join = { kind: "memberJoined", node: TWO, member: 22, address: addressOf(3) } as const;
  expect(catalog.apply(join)).toEqual({
    changes: [{ kind: "member", record: { node: TWO, address: addressOf(3), member: 22 } }],
    result: { kind: "done", value: { replaced: 0 } },
  });
  expect(catalog.apply(join)).toEqual({
    changes: [],
    result: { kind: "done", value: { replaced: 0 } },
  });
  catalog.done({ kind: "memberExpected", node: TWO, address: addressOf(4) });
  expect(members(catalog)[1]).toEqual({ node: TWO, address: addressOf(4), member: 22 });
  const told = { kind: "memberExpected", node: TWO, address: addressOf(4) } as const;
  expect(catalog.apply(told).changes).toEqual([]);
  expect(catalog.faults).toEqual([]);
});

test("a member that was wiped comes back under another number, which replaces the old one", () => {
  const catalog = founded();
  const join = { kind: "memberJoined", node: ONE, address: addressOf(1) } as const;
  expect(catalog.done({ ...join, member: 12 })).toEqual({ replaced: 11 });
  expect(members(catalog)).toEqual([{ node: ONE, address: addressOf(1), member: 12 }]);
});

test("nobody joins who is not expected, without a number, or under another one's", () => {
  const catalog = founded();
  const join = { kind: "memberJoined", node: TWO, member: 22, address: addressOf(2) } as const;
  expect(catalog.apply(join).result).toMatchObject({ code: "member/unknown" });
  catalog.done({ kind: "memberExpected", node: TWO, address: addressOf(2) });
  expect(catalog.apply({ ...join, member: 0 }).result).toMatchObject({ code: "argument/invalid" });
  expect(catalog.apply({ ...join, member: 11 }).result).toMatchObject({ code: "member/exists" });
  expect(members(catalog)[1]?.member).toBe(0);
});

test("a member is removed, but never the last one that has joined", () => {
  const catalog = founded();
  const remove = (node: typeof ONE) => catalog.apply({ kind: "memberRemoved", node });
  expect(remove(TWO).result).toMatchObject({ code: "member/unknown" });
  catalog.done({ kind: "memberExpected", node: TWO, address: addressOf(2) });
  expect(remove(ONE).result).toMatchObject({ code: "member/needed" });
  expect(remove(TWO).changes).toEqual([{ kind: "memberRemoved", node: TWO }]);
  catalog.done({ kind: "memberExpected", node: TWO, address: addressOf(2) });
  catalog.done({ kind: "memberJoined", node: TWO, member: 22, address: addressOf(2) });
  expect(remove(ONE).result.kind).toBe("done");
  expect(members(catalog).map(({ node }) => node)).toEqual([TWO]);
  expect(catalog.faults).toEqual([]);
});

test("a mirror replaced by a full list tells which members are gone", () => {
  const catalog = founded();
  const mirror = new CatalogMirror();
  mirror.replace([...catalog.state.view.list()], 1);
  catalog.done({ kind: "memberExpected", node: TWO, address: addressOf(2) });
  catalog.done({ kind: "memberJoined", node: TWO, member: 22, address: addressOf(2) });
  catalog.done({ kind: "memberRemoved", node: ONE });
  const told = mirror.replace([...catalog.state.view.list()], 2);
  expect(told[0]).toEqual({ kind: "memberRemoved", node: ONE });
  expect(told.filter(({ kind }) => kind === "memberRemoved")).toHaveLength(1);
  expect([...mirror.members]).toEqual([...catalog.state.view.members]);
});
