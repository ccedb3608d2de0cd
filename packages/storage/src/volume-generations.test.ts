import type { VolumeRecord } from "@ashlar/catalog";
import { TestCatalog, testVolume } from "@ashlar/catalog/testing";
import { present } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { expect, test } from "vitest";
import { CONFIGS_PER_TURN } from "./config-queue.ts";
import { closeGeneration } from "./generation-closing.ts";
import { chunkOf, ReplicaNodes } from "./testing/replica-nodes.ts";
import { VolumeGenerations } from "./volume-generations.ts";

const volume = testVolume(1);

function recordOf(): VolumeRecord {
  const catalog = TestCatalog.created(1);
  catalog.volume(1, 1);
  return present(catalog.state.view.volumes.get(volume), "the volume was made");
}

test("P11: a generation is open until a change is prepared, and the next one from its commit on", () => {
  const record = recordOf();
  const { family } = record;
  const generations = new VolumeGenerations({ log: silentLog }, [record]);
  const told = (part: Partial<VolumeRecord>): void =>
    generations.onChanges([{ kind: "volume", record: { ...record, ...part } }]);
  expect(generations.openOf(family)).toBe(1);
  expect(generations.isClosed(family, 1)).toBe(false);
  told({ change: { kind: "fence" } });
  expect(generations.openOf(family)).toBeUndefined();
  expect(generations.isClosed(family, 1)).toBe(true);
  told({ generation: 2 });
  expect(generations.openOf(family)).toBe(2);
  expect([1, 2].map((each) => generations.isClosed(family, each))).toEqual([true, false]);
});

test("P11: whatever it is told, it never goes back", () => {
  const record = { ...recordOf(), generation: 3 };
  const { family } = record;
  const generations = new VolumeGenerations({ log: silentLog }, [record]);
  const told = (part: Partial<VolumeRecord>): void =>
    generations.onChanges([{ kind: "volume", record: { ...record, ...part } }]);
  told({ generation: 2 });
  expect(generations.openOf(family)).toBe(3);
  told({ change: { kind: "fence" } });
  told({});
  expect(generations.openOf(family), "closed is beyond open").toBeUndefined();
  generations.onChanges([{ kind: "volumeDeleted", volume, family }]);
  told({ generation: 9 });
  expect(generations.openOf(family), "a family number is never used again").toBeUndefined();
  expect(generations.isClosed(family, 9)).toBe(true);
});

test("a volume that is not known admits nothing", () => {
  const generations = new VolumeGenerations({ log: silentLog }, []);
  expect(generations.openOf(recordOf().family)).toBeUndefined();
});

test("P11: nodes refuse an older generation, also one that took over and one that started anew", async () => {
  const nodes = new ReplicaNodes(2);
  const family = nodes.volume(1, 1, 2);
  const chunk = chunkOf(family, 0);
  await nodes.operate(chunk);
  nodes.catalog.done({ kind: "advanceGeneration", volume, reset: false });
  nodes.tell();
  const old = { generation: 1 };
  expect((await nodes.operate(chunk, old)).status).toBe("staleGeneration");
  expect((await nodes.operate(chunk)).status).toBe("good");
  nodes.kill(1);
  nodes.declareDown(1);
  expect((await nodes.operate(chunk, old)).status, "node 2 leads").toBe("staleGeneration");
  nodes.start(1);
  nodes.kill(2);
  nodes.start(2);
  expect((await nodes.operate(chunk, old)).status, "it has only its mirror").toBe(
    "staleGeneration",
  );
  expect((await nodes.operate(chunk)).status).toBe("good");
  nodes.stop();
});

test("P11: a node answers that it has closed when its mirror has, and as the process that is meant", async () => {
  const nodes = new ReplicaNodes(1);
  const family = nodes.volume(1, 1, 1);
  const replicas = present(nodes.node(1).replicas, "the node runs");
  const { id: node } = nodes.node(1);
  const heard: number[] = [];
  const client = { reachedIndex: async (index: number) => void heard.push(index) };
  const { signal } = new AbortController();
  const ask = (incarnation: number, generation = 1): Promise<void> =>
    closeGeneration(
      { node, client, replicas },
      { family, generation, incarnation, index: 77 },
      { signal },
    );
  const { incarnation } = replicas;
  await expect(ask(incarnation)).rejects.toMatchObject({ code: "volume/not-fenced" });
  nodes.catalog.done({ kind: "prepareChange", volume, change: { kind: "fence" } });
  await expect(ask(incarnation)).rejects.toMatchObject({ code: "volume/not-fenced" });
  nodes.tell();
  await expect(ask(incarnation + 1)).rejects.toMatchObject({ code: "node/superseded" });
  await ask(incarnation);
  await expect(ask(incarnation, 0)).resolves.toBeUndefined();
  expect(heard).toEqual(new Array(5).fill(77));
  nodes.stop();
});

test("P11: a node with very many replicas answers when all of them know of the epochs up to the entry", async () => {
  const nodes = new ReplicaNodes(2);
  const chunks = 2 * CONFIGS_PER_TURN;
  const family = nodes.volume(1, chunks, 2);
  const replicas = present(nodes.node(1).replicas, "the node runs");
  for (let index = 0; index < chunks; index += 1) {
    replicas.check(chunkOf(family, index), { deep: true }, () => {});
  }
  nodes.catalog.done({ kind: "advanceGeneration", volume, reset: true });
  nodes.kill(2);
  nodes.declareDown(2);
  let told = false;
  const all = replicas.configsTold().then(() => {
    told = true;
  });
  const { id: node } = nodes.node(1);
  const { incarnation } = replicas;
  const client = { reachedIndex: async () => {} };
  const request = { family, generation: 1, incarnation, index: 1 };
  await closeGeneration({ node, client, replicas }, request, {
    signal: new AbortController().signal,
  });
  expect(told, "the mirror alone has it at once").toBe(true);
  await all;
  nodes.stop();
});
