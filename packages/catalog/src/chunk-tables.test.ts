// What makes bulk commands, scans and snapshots of very many chunks short, counted rather than timed.
import { chunkId, diskId, familyId } from "@ashlar/core";
import { expect, test } from "vitest";
import { ChunkTables } from "./chunk-tables.ts";
import { decodeState, encodeState, encodeStateInParts } from "./encode.ts";
import { planPrimaries, planPrimariesInParts } from "./primary-plan.ts";
import type { ChunkConfig } from "./records.ts";
import { TestCatalog, testNode, testStore } from "./testing/cluster.ts";

const CHUNKS = 2100;

function large(): { readonly catalog: TestCatalog; readonly family: ReturnType<typeof chunks> } {
  const catalog = TestCatalog.created(3);
  return { catalog, family: chunks(catalog) };
}
const chunks = (catalog: TestCatalog) => catalog.volume(1, CHUNKS, 2);

/** Steps of work that pauses, with what happens at the first pause. */
function drained<T>(work: Generator<void, T>, atFirstPause = (): void => {}) {
  let pauses = 0;
  for (;;) {
    const step = work.next();
    if (step.done) return { value: step.value, pauses };
    pauses += 1;
    if (pauses === 1) atFirstPause();
  }
}

test("records of chunks with the same members share their lists, also after a node is lost", () => {
  const { catalog, family } = large();
  const { view } = catalog.state;
  const lists = () =>
    new Set(
      view.chunksOf(family).flatMap(({ members, isr, learners }) => [members, isr, learners]),
    );
  // Three pairs of nodes, each in two orders, and the list of no learners of each.
  expect(lists().size).toBeLessThanOrEqual(3 * 6);
  catalog.nodeDown(1);
  const { changes } = catalog.steps.at(-1) ?? { changes: [] };
  const told = changes.flatMap((change) => (change.kind === "chunk" ? [change.record.isr] : []));
  expect(told.length).toBeGreaterThan(CHUNKS / 2);
  expect(new Set(told).size).toBeLessThanOrEqual(4);
  const leads = changes.flatMap((change) =>
    change.kind === "chunk" ? [change.record.primary] : [],
  );
  // Each of two nodes, once for those that it led before.
  expect(new Set(leads).size).toBeLessThanOrEqual(4);
});

test("rows are what was put, whatever shares a place in the table of lists with them", () => {
  const nodes = 40;
  const stores = Array.from({ length: nodes }, (_, at) => {
    return { node: testNode(at + 1), disk: diskId("disk-1"), storeUuid: testStore(at + 1, 1) };
  });
  const tables = new ChunkTables();
  const put = (family: number, index: number, members: ChunkConfig["members"]): void => {
    const isr = members.map(({ storeUuid }) => storeUuid);
    const primary = { node: members[0]?.node ?? testNode(1), incarnation: 1 };
    const chunk = chunkId(familyId(family), index);
    tables.set({ chunk, epoch: 1, version: 1, members, isr, learners: [], primary });
  };
  const three: ChunkConfig["members"][] = [];
  for (const a of stores) {
    for (const b of stores) {
      for (const c of stores) if (new Set([a, b, c]).size === 3) three.push([a, b, c]);
    }
  }
  // Eight combinations for each place of the table: some that begin alike are at one.
  expect(three.length).toBeGreaterThan(7 * 8192);
  for (const [index, members] of three.entries()) {
    put(3, index, members);
    put(2, index, members.slice(0, 2));
    put(1, index, members.slice(0, 1));
  }
  const wrong: unknown[] = [];
  for (const [index, members] of three.entries()) {
    for (const family of [3, 2, 1]) {
      const shown = tables.get(chunkId(familyId(family), index))?.members;
      const is = shown?.map(({ node }) => node).join();
      const was = members.slice(0, family).map(({ node }) => node);
      if (is !== was.join()) wrong.push({ was, is });
    }
  }
  expect(wrong).toEqual([]);
});

test("a scan sees what records say, makes the same window of each chunk, and keeps to its range", () => {
  const { catalog, family } = large();
  catalog.nodeDown(1);
  catalog.nodeUp(1, { boot: 2 });
  const { view } = catalog.state;
  const windows = new Set<unknown>();
  const shown: ChunkConfig[] = [];
  const counts: number[][] = [];
  view.chunks.scan(family, (row) => {
    windows.add(row);
    const named = (role: string) =>
      row.members.filter((_, slot) => row.roleAt(slot) === role).map((one) => one.storeUuid);
    const { chunk, epoch, version, members, primaryIncarnation: incarnation } = row;
    const primary = { node: row.primary.node, incarnation };
    const isr = named("isr");
    const learners = named("learner");
    counts.push([row.isrCount, row.learnerCount]);
    shown.push({ chunk, epoch, version, members, isr, learners, primary });
  });
  expect(shown).toEqual(view.chunksOf(family));
  expect(counts).toEqual(shown.map(({ isr, learners }) => [isr.length, learners.length]));
  expect(windows.size).toBe(1);
  const before = view.chunks.visited;
  const seen: number[] = [];
  view.chunks.scan(family, ({ chunk }) => seen.push(chunk), { from: 7, until: 9 });
  expect(seen).toEqual([chunkId(family, 7), chunkId(family, 8)]);
  expect(view.chunks.visited - before).toBe(2);
});

test("how many chunks have a learner, and who leads any, is known without a look at them", () => {
  const { catalog } = large();
  const { chunks: tables } = catalog.state.view;
  expect(tables.learning).toBe(0);
  catalog.nodeDown(1);
  catalog.nodeUp(1, { boot: 2 });
  const before = tables.visited;
  expect(tables.learning).toBe(tables.load(present(catalog, 1)).replicas);
  expect(tables.leaders()).toEqual(new Set([testNode(2), testNode(3)]));
  expect(tables.visited).toBe(before);
  expect(decodeState(encodeState(catalog.state)).view.chunks.learning).toBe(tables.learning);
});

function present(catalog: TestCatalog, node: number) {
  const found = catalog.state.view.chunks
    .loads()
    .find(({ member }) => member.node === testNode(node));
  if (!found) throw new Error("the node has a store");
  return found.member;
}

test("R8: a snapshot is of the moment it was begun, whatever changes at its pauses", () => {
  const { catalog } = large();
  const whole = encodeState(catalog.state);
  const work = drained(encodeStateInParts(catalog.state), () => {
    catalog.nodeDown(1);
    catalog.done({ kind: "advanceGeneration", volume: volumeOf(catalog), reset: true });
    catalog.volume(2, 20, 2);
  });
  expect(work.value).toEqual(whole);
  expect(work.pauses).toBe(Math.ceil(CHUNKS / 1024));
  expect(encodeState(catalog.state)).not.toEqual(whole);
});

test("a full list is of the moment it was asked for, though it is read later and in pieces", () => {
  const { catalog } = large();
  const list = catalog.state.view.list();
  const whole = [...list];
  const reading = list[Symbol.iterator]();
  const read = [reading.next().value];
  catalog.nodeDown(1);
  catalog.volume(2, 20, 2);
  for (let step = reading.next(); !step.done; step = reading.next()) read.push(step.value);
  expect(read).toEqual(whole);
});

test("a plan pauses often and is of the moment it was begun", () => {
  const { catalog } = large();
  catalog.nodeDown(1);
  catalog.nodeUp(1, { boot: 2 });
  const items = catalog.state.view
    .chunksOf([...catalog.state.view.volumes.values()][0]?.family ?? chunks(catalog))
    .flatMap(({ chunk, epoch, version, learners }) =>
      learners.map((store) => ({ chunk, epoch, version, store })),
    );
  catalog.done({ kind: "addToIsr", items });
  const planned = planPrimaries(catalog.state.view, 100);
  const work = drained(planPrimariesInParts(catalog.state.view, 100), () => {
    catalog.done({ kind: "deleteVolume", volume: volumeOf(catalog) });
  });
  expect(planned).toHaveLength(100);
  expect(work.value).toEqual(planned);
  expect(work.pauses).toBeGreaterThan(Math.ceil(CHUNKS / 1024));
});

const volumeOf = (catalog: TestCatalog) => {
  const [volume] = catalog.state.view.volumes.keys();
  if (!volume) throw new Error("there is a volume");
  return volume;
};
