import { expect, test } from "vitest";
import { TestCatalog, testNode } from "../testing/cluster.ts";

const [ONE, TWO, THREE] = [testNode(1), testNode(2), testNode(3)];
const asGateway = (gateway: typeof ONE) =>
  ({ kind: "gatewayUp", gateway, bootId: "a", portals: [], incarnationSeen: 0 }) as const;
const asMember = (node: typeof ONE) =>
  ({ kind: "memberExpected", node, address: "127.0.0.1:1" }) as const;
const asNode = (node: typeof ONE) =>
  ({
    kind: "nodeUp",
    node,
    bootId: "a",
    address: "127.0.0.1:2",
    disks: [],
    familySeen: 0,
    incarnationSeen: 0,
    zone: "",
  }) as const;

test("a name belongs to one process, whatever its kind", () => {
  const catalog = TestCatalog.created();
  catalog.done(asNode(ONE));
  catalog.done(asGateway(TWO));
  catalog.done(asMember(THREE));
  for (const taken of [
    asGateway(ONE),
    asMember(ONE),
    asNode(TWO),
    asMember(TWO),
    asNode(THREE),
    asGateway(THREE),
  ]) {
    expect(catalog.apply(taken)).toMatchObject({
      changes: [],
      result: { kind: "refused", code: "catalog/refused" },
    });
  }
  expect(catalog.apply(asMember(ONE)).result).toMatchObject({
    message: "storage-1 is the name of a storage node",
  });
  for (const again of [asNode(ONE), asGateway(TWO), asMember(THREE)]) catalog.done(again);
  expect(catalog.faults).toEqual([]);
});
