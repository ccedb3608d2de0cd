import type { CatalogChange, CatalogView, ChunkConfig, VolumeRecord } from "@ashlar/catalog";
import { chunkId, type FamilyId, nodeId, storeUuid } from "@ashlar/core";
import { beforeEach, expect, it } from "vitest";
import { PlacementChecker } from "./placement.ts";

const FAMILY = 1 as FamilyId;
const store = (number: number) => storeUuid(`00000000-0000-4000-8000-00000000000${number}`);
const VIEW = {
  volumes: new Map([["v", { family: FAMILY, replicas: 2 } as VolumeRecord]]),
} as unknown as CatalogView;

let checker: PlacementChecker;
beforeEach(() => {
  checker = new PlacementChecker();
});

/** A copy of the chunk on each of these nodes, and on which of them it is in sync. */
function put(version: number, nodes: readonly number[], isr: readonly number[]): void {
  const record: ChunkConfig = {
    chunk: chunkId(FAMILY, 0),
    epoch: 1,
    version,
    members: nodes.map((number, at) => ({
      node: nodeId(`storage-${number}`),
      disk: `disk-${at}` as never,
      storeUuid: store(number),
    })),
    isr: isr.map(store),
    learners: [],
    primary: { node: nodeId("storage-1"), incarnation: 1 },
  };
  const changes: readonly CatalogChange[] = [{ kind: "chunk", record }];
  checker.onChanges(changes, VIEW);
}

it("lets a copy go when the others are in sync, and counts it", () => {
  put(1, [1, 2], [1, 2]);
  put(2, [1, 2, 3], [1, 2]);
  put(3, [1, 2, 3], [1, 2, 3]);
  put(4, [1, 2], [1, 2]);
  expect(checker.dropped).toBe(1);
});

it("A5: a good copy does not go before its successor is in sync", () => {
  put(1, [1, 2], [1, 2]);
  put(2, [1, 2, 3], [1, 2]);
  expect(() => put(3, [1], [1])).toThrow(/storage-2 had to go while 1 of 2 copies are in sync/);
});

it("A5: two copies on one node are never allowed", () => {
  expect(() => put(1, [2, 2], [2])).toThrow(/A5: chunk .* two copies on one node/);
});

it("judges no change that it has not seen whole, and no copy that was lost before", () => {
  put(1, [1, 2], [1, 2]);
  put(3, [1], [1]);
  put(4, [1, 2], [1]);
  put(5, [1, 3], [1]);
  expect(checker.dropped).toBe(0);
});
