import { chunkId, MIB, type NodeId, volumeName } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import { apply } from "./apply.ts";
import { CHUNKS_PER_COMMAND_MAX, type Command } from "./command.ts";
import { countByNode, countChunks } from "./counts.ts";
import { decodeState, encodeState } from "./encode.ts";
import { CatalogMirror } from "./mirror.ts";
import { evenPrimaries } from "./placement.ts";
import {
  TEST_CHUNK_SIZE,
  TestCatalog,
  testDisk,
  testNode,
  testStore,
  testVolume,
} from "./testing/cluster.ts";

const chunksOf = (catalog: TestCatalog, family: Parameters<CatalogMirror["chunksOf"]>[0]) =>
  catalog.state.view.chunksOf(family);
const countBy = (nodes: readonly NodeId[]): number[] =>
  [
    ...nodes
      .reduce(
        (count, node) => count.set(node, (count.get(node) ?? 0) + 1),
        new Map<NodeId, number>(),
      )
      .values(),
  ].sort();

const request = {
  kind: "beginVolume",
  volume: testVolume(9),
  name: volumeName("demo"),
  sizeBytes: 64 * MIB,
  blockSize: 512,
  replicas: 0,
  createdAt: "2026-11-01T00:00:00.000Z",
  access: "any",
} as const;

describe("a volume", () => {
  test("is refused with a reason and leaves nothing", () => {
    const catalog = TestCatalog.created(1);
    const codeOf = (over: Partial<Parameters<typeof catalog.apply>[0]>) => {
      const { result } = catalog.apply({ ...request, ...over } as typeof request);
      return result.kind === "refused" ? `${result.code}: ${result.message}` : result.kind;
    };
    expect(codeOf({ sizeBytes: 64 * MIB + 512 })).toMatch(/^volume\/bad-size/);
    expect(codeOf({ sizeBytes: 0 })).toMatch(/^volume\/bad-size/);
    expect(codeOf({ sizeBytes: 65 * 1024 * 1024 * MIB })).toMatch(/^volume\/bad-size/);
    expect(codeOf({ blockSize: 520 })).toMatch(/^argument\/invalid/);
    expect(codeOf({ replicas: 4 })).toMatch(/^argument\/invalid/);
    expect(codeOf({ replicas: 2 })).toBe("volume/too-few-nodes: 2 replicas need 2 nodes, 1 is up");
    expect(catalog.state.drafts.size).toBe(0);
    expect(catalog.state.lastFamily).toBe(0);
    expect(codeOf({})).toBe("done");
    expect(codeOf({ volume: testVolume(8) })).toMatch(/^volume\/in-creation/);
  });

  test("is not seen before it is finished, and an aborted one leaves no chunk", () => {
    const catalog = TestCatalog.created(2);
    const family = catalog.begin(1, 4);
    catalog.done({ kind: "extendVolume", family, chunks: 3 });
    expect(catalog.state.view.volumes.size).toBe(0);
    expect(catalog.apply({ kind: "finishVolume", family }).result.kind).toBe("refused");
    catalog.done({ kind: "abortVolume", family });
    expect(chunksOf(catalog, family)).toEqual([]);
    expect(catalog.begin(1, 4)).toBe(family + 1);
    expect(catalog.faults).toEqual([]);
  });

  test("shows with it the newest family given, which neither abortion nor deletion takes back", () => {
    const catalog = TestCatalog.created(2);
    const given = () => catalog.state.view.cluster?.familiesGiven;
    expect(given()).toBe(0);
    const first = catalog.volume(1, 1);
    expect(given()).toBe(first);
    const draft = catalog.begin(2, 1);
    expect(given()).toBe(first);
    catalog.done({ kind: "abortVolume", family: draft });
    const third = catalog.volume(3, 1);
    catalog.done({ kind: "deleteVolume", volume: testVolume(3) });
    expect(given()).toBe(third);
    expect(decodeState(encodeState(catalog.state)).view.cluster?.familiesGiven).toBe(third);
  });

  test("gets its target name, two replicas where two nodes are up, one on a single node", () => {
    const catalog = TestCatalog.created(1);
    catalog.volume(1, 1);
    catalog.nodeUp(2);
    catalog.volume(2, 1);
    const [alone, pair] = [...catalog.state.view.volumes.values()];
    expect(alone?.iqn).toBe("iqn.2026-11.io.ashlar:abcdef01:volume-1");
    expect([alone?.replicas, pair?.replicas]).toEqual([1, 2]);
  });

  test("is spread evenly: replicas, primaries and partners", () => {
    const catalog = TestCatalog.created(4, 2);
    const chunks = chunksOf(catalog, catalog.volume(1, 240, 2));
    expect(countBy(chunks.flatMap(({ members }) => members.map(({ node }) => node)))).toEqual([
      120, 120, 120, 120,
    ]);
    expect(countBy(chunks.map(({ primary }) => primary.node))).toEqual([60, 60, 60, 60]);
    const disks = chunks.flatMap(({ members }) => members.map(({ storeUuid }) => storeUuid));
    expect(countBy(disks as unknown as NodeId[])).toEqual(Array.from({ length: 8 }, () => 60));
    const partners = chunks
      .filter(({ members }) => members.some(({ node }) => node === testNode(1)))
      .flatMap(({ members }) =>
        members.map(({ node }) => node).filter((node) => node !== testNode(1)),
      );
    expect(Math.min(...countBy(partners))).toBeGreaterThan(20);
    expect(countBy(partners)).toHaveLength(3);
  });

  test("follows the size of disks, and only nodes and disks that are up", () => {
    const catalog = TestCatalog.created(2);
    catalog.done({
      kind: "nodeUp",
      node: testNode(3),
      bootId: "big",
      address: "127.0.0.1:7003",
      disks: [1, 2].map((disk) => ({
        disk: `disk-${disk}` as never,
        storeUuid: testStore(3, disk),
        sizeBytes: 2048 * MIB,
        state: disk === 1 ? "up" : "down",
      })),
      familySeen: 0,
      incarnationSeen: 0,
      zone: "",
    });
    const chunks = chunksOf(catalog, catalog.volume(1, 100, 1));
    const held = chunks.map(({ members }) => members[0]!);
    expect(countBy(held.map(({ node }) => node))).toEqual([25, 25, 50]);
    expect(held.some(({ storeUuid }) => storeUuid === testStore(3, 2))).toBe(false);
  });

  test("deleted gives its chunks back, and its name; its family is never used again", () => {
    const catalog = TestCatalog.created(2);
    const family = catalog.volume(1, 8);
    catalog.done({ kind: "deleteVolume", volume: testVolume(1) });
    expect(catalog.apply({ kind: "deleteVolume", volume: testVolume(1) }).result).toMatchObject({
      kind: "refused",
      code: "volume/not-found",
    });
    expect(catalog.state.view.chunks.loads().every(({ load }) => load.replicas === 0)).toBe(true);
    const again = { ...request, name: volumeName("volume-1") };
    expect(catalog.done(again).family).toBe(family + 1);
  });
});

describe("a node", () => {
  test("down leaves ISRs, its primaries go evenly to the ISR, in one step", () => {
    const catalog = TestCatalog.created(4);
    const family = catalog.volume(1, 120, 3);
    const led = chunksOf(catalog, family).filter(({ primary }) => primary.node === testNode(1));
    catalog.nodeDown(1);
    for (const was of led) {
      const is = catalog.state.view.chunk(was.chunk)!;
      expect(is.epoch).toBe(was.epoch + 1);
      expect(is.isr).not.toContain(testStore(1));
      expect(is.isr).toHaveLength(2);
    }
    const primaries = countBy(chunksOf(catalog, family).map(({ primary }) => primary.node));
    expect(primaries).toHaveLength(3);
    expect(Math.max(...primaries) - Math.min(...primaries)).toBeLessThanOrEqual(2);
    expect(countChunks(catalog.state.view)).toEqual({
      chunks: 120,
      degradedChunks: 90,
      unavailableChunks: 0,
      resyncChunks: 0,
    });
    expect(catalog.faults).toEqual([]);
  });

  test("hands its primaries out in turn, and never to a node that is down", () => {
    const catalog = TestCatalog.created(4);
    const members = [2, 3, 4].map((number) => ({
      node: testNode(number),
      disk: testDisk(number).disk,
      storeUuid: testStore(number),
    }));
    catalog.nodeDown(4);
    const choose = evenPrimaries(catalog.state);
    const chosen = Array.from({ length: 10 }, () => choose(members).node);
    expect(countBy(chosen)).toEqual([5, 5]);
    expect(chosen).not.toContain(testNode(4));
  });

  test("back under a new incarnation learns, and joins by compare-and-swap only", () => {
    const catalog = TestCatalog.created(2);
    const family = catalog.volume(1, 1, 2);
    const chunk = chunkId(family, 0);
    catalog.nodeDown(1);
    const { incarnation } = catalog.nodeUp(1, { boot: 2 });
    expect(incarnation).toBe(3);
    const learning = catalog.state.view.chunk(chunk)!;
    expect(learning.learners).toEqual([testStore(1)]);
    expect(countByNode(catalog.state.view).get(testNode(1))).toMatchObject({ resyncChunks: 1 });
    const item = { chunk, epoch: learning.epoch, version: learning.version, store: testStore(1) };
    const stale = { ...item, version: item.version - 1 };
    const elsewhere = { ...item, store: testStore(3) };
    const earlier = { ...item, epoch: item.epoch - 1 };
    const inSync = { ...earlier, store: testStore(2) };
    for (const wrong of [stale, elsewhere, earlier, inSync]) {
      expect(catalog.done({ kind: "addToIsr", items: [wrong] })).toEqual({ conflicts: [chunk] });
    }
    expect(catalog.done({ kind: "addToIsr", items: [item] })).toEqual({ conflicts: [] });
    expect(catalog.done({ kind: "addToIsr", items: [item] })).toEqual({ conflicts: [] });
    const joined = catalog.state.view.chunk(chunk)!;
    expect(joined).toMatchObject({ version: item.version + 1, epoch: item.epoch, learners: [] });
    expect(new Set(joined.isr)).toEqual(new Set([testStore(1), testStore(2)]));
    expect(catalog.faults).toEqual([]);
  });

  test("restarted before anyone noticed keeps its ISRs and gets new epochs where it leads", () => {
    const catalog = TestCatalog.created(2);
    const before = chunksOf(catalog, catalog.volume(1, 10, 2));
    const { incarnation } = catalog.nodeUp(1, { boot: 2 });
    for (const was of before) {
      const is = catalog.state.view.chunk(was.chunk)!;
      const led = was.primary.node === testNode(1);
      expect(is.isr).toEqual(was.isr);
      expect(is.epoch).toBe(was.epoch + (led ? 1 : 0));
      if (led) expect(is.primary).toEqual({ node: testNode(1), incarnation });
    }
    expect(catalog.nodeUp(1, { boot: 2 })).toEqual({ incarnation });
    expect(catalog.faults).toEqual([]);
  });

  test("P16: the sole member stays in the ISR when it is down, and leads again when back", () => {
    const catalog = TestCatalog.created(2);
    const family = catalog.volume(1, 1, 2);
    const chunk = chunkId(family, 0);
    catalog.nodeDown(1);
    const version = catalog.state.view.chunk(chunk)!.version;
    catalog.nodeDown(2);
    expect(catalog.state.view.chunk(chunk)).toMatchObject({
      isr: [testStore(2)],
      version: version + 1,
    });
    expect(countChunks(catalog.state.view).unavailableChunks).toBe(1);
    catalog.nodeUp(1, { boot: 2 });
    expect(catalog.state.view.chunk(chunk)).toMatchObject({
      isr: [testStore(2)],
      learners: [testStore(1)],
    });
    const { incarnation } = catalog.nodeUp(2, { boot: 2 });
    expect(catalog.state.view.chunk(chunk)!.primary).toEqual({ node: testNode(2), incarnation });
    expect(countChunks(catalog.state.view).unavailableChunks).toBe(0);
    expect(catalog.faults).toEqual([]);
  });

  test("down twice, or under an old incarnation, changes nothing", () => {
    const catalog = TestCatalog.created(2);
    catalog.volume(1, 2, 2);
    catalog.nodeUp(1, { boot: 2 });
    const late = catalog.apply({
      kind: "nodeDown",
      node: testNode(1),
      incarnation: 1,
      unheard: [],
    });
    expect(late).toEqual({ changes: [], result: { kind: "done", value: { effective: false } } });
    catalog.nodeDown(1);
    const again = catalog.apply({
      kind: "nodeDown",
      node: testNode(1),
      incarnation: 3,
      unheard: [],
    });
    expect(again.changes).toEqual([]);
  });

  test("wiped comes back as a new member that learns; a sole copy waits for its store", () => {
    const catalog = TestCatalog.created(2);
    const pair = chunkId(catalog.volume(1, 1, 2), 0);
    catalog.nodeDown(2);
    const alone = chunkId(catalog.volume(2, 1, 1), 0);
    catalog.nodeUp(2, { boot: 2, life: 1 });
    expect(catalog.state.view.chunk(pair)).toMatchObject({
      isr: [testStore(1)],
      learners: [testStore(2, 1, 1)],
    });
    catalog.nodeUp(1, { boot: 2, life: 1 });
    expect(catalog.state.view.chunk(alone)).toMatchObject({ isr: [testStore(1)], learners: [] });
    expect(countChunks(catalog.state.view).unavailableChunks).toBe(2);
    expect(catalog.faults).toEqual([]);
  });

  test("a failed store leaves everything and never returns", () => {
    const catalog = TestCatalog.created(2, 2);
    const family = catalog.volume(1, 8, 2);
    catalog.done({ kind: "storeDown", store: testStore(1, 2) });
    const named = () =>
      chunksOf(catalog, family).flatMap(({ isr, learners }) => [...isr, ...learners]);
    expect(named()).not.toContain(testStore(1, 2));
    catalog.nodeDown(1);
    catalog.nodeUp(1, { boot: 2, disks: 2 });
    expect(named()).not.toContain(testStore(1, 2));
    expect(catalog.state.view.nodes.get(testNode(1))!.disks.map(({ state }) => state)).toEqual([
      "up",
      "down",
    ]);
    expect(catalog.faults).toEqual([]);
  });
});

describe("a cluster", () => {
  test("must be created before anything, and once", () => {
    const catalog = new TestCatalog();
    const early = catalog.apply({ kind: "storeDown", store: testStore(1) });
    expect(early.result).toMatchObject({ kind: "refused", code: "catalog/refused" });
    catalog.create();
    expect(() => catalog.create()).toThrow("exists");
  });

  test("gateways draw from the same counter of incarnations", () => {
    const catalog = TestCatalog.created(2);
    const up = {
      kind: "gatewayUp",
      gateway: testNode(9),
      portals: [],
      incarnationSeen: 0,
    } as const;
    expect(catalog.done({ ...up, bootId: "a" })).toEqual({ incarnation: 3 });
    expect(catalog.done({ ...up, bootId: "a" })).toEqual({ incarnation: 3 });
    expect(catalog.done({ ...up, bootId: "b" })).toEqual({ incarnation: 4 });
    const down = { kind: "gatewayDown", gateway: testNode(9) } as const;
    expect(catalog.done({ ...down, incarnation: 3 })).toEqual({ effective: false });
    expect(catalog.done({ ...down, incarnation: 4 })).toEqual({ effective: true });
    expect(catalog.done({ ...up, bootId: "b" })).toEqual({ incarnation: 5 });
  });
});

describe("a mirror", () => {
  test("replaced by a full list tells what was deleted meanwhile", () => {
    const catalog = TestCatalog.created(2);
    catalog.volume(1, 2);
    const mirror = new CatalogMirror();
    mirror.replace([...catalog.state.view.list()], 7);
    catalog.done({ kind: "deleteVolume", volume: testVolume(1) });
    catalog.volume(2, 1);
    const told = mirror.replace([...catalog.state.view.list()], 12);
    expect(told[0]).toMatchObject({ kind: "volumeDeleted", volume: testVolume(1) });
    expect(told.filter(({ kind }) => kind === "chunk")).toHaveLength(1);
    expect([...mirror.list()]).toEqual([...catalog.state.view.list()]);
  });
});

test("a node with 100,000 chunks goes down in one entry that names each of them", () => {
  const catalog = TestCatalog.created(3);
  const { state } = catalog;
  let index = state.view.appliedIndex;
  const run = (command: Command) => {
    index += 1;
    return apply(state, command, index);
  };
  run({ ...request, sizeBytes: 150_000 * TEST_CHUNK_SIZE, replicas: 2 });
  const family = [...state.drafts.keys()][0]!;
  while (state.drafts.get(family)!.placed < 150_000) {
    const { changes } = run({ kind: "extendVolume", family, chunks: 150_000 });
    expect(changes.length).toBeLessThanOrEqual(CHUNKS_PER_COMMAND_MAX);
  }
  run({ kind: "finishVolume", family });
  const { changes } = run({
    kind: "nodeDown",
    node: testNode(1),
    incarnation: 1,
    unheard: [],
  });
  expect(changes).toHaveLength(1 + 100_000);
  expect(countChunks(state.view)).toMatchObject({ degradedChunks: 100_000, unavailableChunks: 0 });
});
