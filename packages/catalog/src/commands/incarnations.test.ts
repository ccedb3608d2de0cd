import { expect, test } from "vitest";
import { decodeState, encodeState, stateHash } from "../encode.ts";
import { TestCatalog, testNode } from "../testing/cluster.ts";
import { INCARNATION_MAX, INCARNATIONS_SKIPPED_MAX } from "./incarnations.ts";

const gatewayUp = (number: number, { boot = "a", incarnationSeen = 0 } = {}) =>
  ({
    kind: "gatewayUp",
    gateway: testNode(number),
    bootId: boot,
    portals: [],
    incarnationSeen,
  }) as const;
const beginTerm = (incarnationsSkipped: number) =>
  ({ kind: "beginTerm", member: 1, run: "r", incarnationsSkipped }) as const;
const copyOf = (catalog: TestCatalog): TestCatalog =>
  new TestCatalog(decodeState(encodeState(catalog.state)));

test("a leader gives none of the incarnations that it skipped, and skips no more than there are", () => {
  const catalog = TestCatalog.created();
  catalog.done(beginTerm(1000));
  expect(catalog.done(gatewayUp(8))).toEqual({ incarnation: 1001 });
  catalog.done(beginTerm(2 ** 50));
  expect(catalog.state.lastIncarnation).toBe(1001 + INCARNATIONS_SKIPPED_MAX);
  catalog.state.lastIncarnation = INCARNATION_MAX - 1;
  catalog.done(beginTerm(2));
  expect(catalog.state.lastIncarnation).toBe(INCARNATION_MAX - 1);
});

test("P10: what was seen and never given proves that the catalog went back: gateways register anew above it", () => {
  const catalog = TestCatalog.created();
  const older = copyOf(catalog);
  catalog.nodeUp(1);
  const { incarnation: lost } = catalog.done(gatewayUp(8));
  // Restored from the copy, and a gateway came first.
  expect(older.done(gatewayUp(9))).toEqual({ incarnation: lost - 1 });
  expect(older.done(gatewayUp(7, { incarnationSeen: lost }))).toEqual({ incarnation: lost + 1 });
  expect(older.state.view.gateways.get(testNode(9))?.state).toBe("down");
  expect(older.done(gatewayUp(9))).toEqual({ incarnation: lost + 2 });
  // Told again, or by a node that saw less, it changes nothing.
  expect(older.apply(gatewayUp(7, { incarnationSeen: lost })).changes).toEqual([]);
  older.nodeUp(1);
  const up = [...older.state.view.gateways.values()].map(({ state }) => state);
  expect(up).toEqual(["up", "up"]);
  expect(older.faults).toEqual([]);
});

test("a gateway that saw what it now registers under keeps nothing of it", () => {
  const catalog = TestCatalog.created();
  const { incarnation } = catalog.done(gatewayUp(8));
  const seen = incarnation + 5;
  expect(catalog.done(gatewayUp(8, { incarnationSeen: seen }))).toEqual({ incarnation: seen + 1 });
});

test("R9: gateways go down alike on members that hold them in another order", () => {
  const catalog = TestCatalog.created();
  for (const number of [9, 8, 7]) catalog.done(gatewayUp(number));
  const other = copyOf(catalog);
  const [changes, same] = [catalog, other].map(
    (member) => member.apply(gatewayUp(6, { incarnationSeen: 50 })).changes,
  );
  expect(same).toEqual(changes);
  expect(changes).toHaveLength(4);
  other.state.view.apply([], catalog.state.view.appliedIndex);
  expect(stateHash(other.state)).toBe(stateHash(catalog.state));
});

test("numbers that no gateway can have seen are refused", () => {
  const catalog = TestCatalog.created();
  const { result } = catalog.apply(gatewayUp(8, { incarnationSeen: INCARNATION_MAX + 1 }));
  expect(result).toMatchObject({ code: "argument/invalid" });
});
