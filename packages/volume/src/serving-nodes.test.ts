import { TestCatalog, testNode } from "@ashlar/catalog/testing";
import { expect, test } from "vitest";
import { servingNodes } from "./serving-nodes.ts";

test("P9: a node that is down and leads yet may still do what it was sent; one that leads nothing may not", () => {
  const catalog = TestCatalog.created(3);
  const { view } = catalog.state;
  catalog.volume(1, 6, 2);
  expect([...servingNodes(view)].sort()).toEqual([1, 2, 3].map(testNode));
  catalog.nodeDown(1);
  const before = view.chunks.visited;
  expect([...servingNodes(view)].sort(), "others lead").toEqual([2, 3].map(testNode));
  expect(view.chunks.visited, "no chunk is looked at for that").toBe(before);
  const sole = view.chunksOf(catalog.volume(2, 1, 1))[0]?.primary.node;
  const number = sole === testNode(2) ? 2 : 3;
  catalog.nodeDown(number);
  expect([...servingNodes(view)].sort(), "nobody else can lead").toEqual([2, 3].map(testNode));
});
