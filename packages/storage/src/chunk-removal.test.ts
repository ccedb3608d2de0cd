// What a catalog that lacks a volume makes of the volume's chunks: deleted ones go, those of which
// the catalog cannot know anything stay.
import { CatalogMirror } from "@ashlar/catalog";
import { type ChunkId, chunkId, present } from "@ashlar/core";
import { type Log, silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import { ChunkRemoval } from "./chunk-removal.ts";
import { ReplicaNodes } from "./testing/replica-nodes.ts";

let nodes: ReplicaNodes;
afterEach(() => nodes.stop());

const heldBy = (number: number): ChunkId[] =>
  nodes
    .node(number)
    .store.chunks()
    .map(({ chunk }) => chunk);

function removalOf(number: number, view: CatalogMirror, warnings: object[] = []): ChunkRemoval {
  const { disk, replicas } = nodes.node(number);
  const log: Log = { ...silentLog, warn: (fields) => void warnings.push(fields) };
  const disks = { all: [disk], get: () => disk };
  return new ChunkRemoval({ disks, replicas: present(replicas, "it runs"), view, log });
}

/** Three volumes with data; the second is deleted, then a copy is made, then the third is made. */
async function restored() {
  nodes = new ReplicaNodes(1);
  const [first, deleted] = [nodes.volume(1, 1, 1), nodes.volume(2, 1, 1)];
  const { view } = nodes.catalog.state;
  for (const family of [first, deleted]) await nodes.operate(chunkId(family, 0));
  const record = present([...view.volumes.values()][1], "the second volume");
  nodes.catalog.done({ kind: "deleteVolume", volume: record.volume });
  const copy = [...view.list()];
  const third = nodes.volume(3, 1, 1);
  await nodes.operate(chunkId(third, 0));
  const kept = [chunkId(first, 0), chunkId(third, 0)];
  return { copy, copyIndex: view.appliedIndex, kept, third, deleted };
}

test("a node that starts under an older catalog keeps what that catalog cannot know", async () => {
  const { copy, copyIndex, kept, third, deleted } = await restored();
  expect(heldBy(1)).toContain(chunkId(deleted, 0));
  const older = new CatalogMirror();
  older.replace(copy, copyIndex);
  const warnings: object[] = [];
  const removal = removalOf(1, older, warnings);
  removal.onCaughtUp();
  await nodes.until(() => heldBy(1).length === 2);
  await removal.stop();
  expect(heldBy(1)).toEqual(kept);
  expect(warnings).toMatchObject([{ families: [third], familiesGiven: third - 1 }]);
});

test("it keeps them also when that catalog has made new volumes, past the families it skipped", async () => {
  const { copy, copyIndex, kept, third, deleted } = await restored();
  const older = new CatalogMirror();
  older.replace(copy, copyIndex);
  const skipped = { familiesGiven: third + 1, familiesSkipped: [{ first: third, last: third }] };
  const record = { ...present(older.cluster, "it is created"), ...skipped };
  older.apply([{ kind: "cluster", record }], copyIndex + 1);
  const removal = removalOf(1, older);
  removal.onCaughtUp();
  await nodes.until(() => !heldBy(1).includes(chunkId(deleted, 0)));
  await removal.stop();
  expect(heldBy(1)).toEqual(kept);
});

test("a running node whose catalog becomes an older one keeps it as well", async () => {
  const { copy, copyIndex, kept, deleted } = await restored();
  const mirror = new CatalogMirror();
  mirror.replace([...nodes.catalog.state.view.list()], copyIndex + 1);
  const removal = removalOf(1, mirror);
  removal.onChanges(mirror.replace(copy, copyIndex));
  await removal.stop();
  expect(heldBy(1)).toEqual(expect.arrayContaining(kept));
  expect(heldBy(1)).toContain(chunkId(deleted, 0));
});
