// Copies that are added, move and go: what a chunk goes through, and what is refused.
import type { ChunkId } from "@ashlar/core";
import { chunkId, MIB } from "@ashlar/core";
import { expect, test } from "vitest";
import type { CopyPlan } from "../copy-plan.ts";
import type { ChunkConfig } from "../records.ts";
import { TestCatalog, testNode, testStore, testVolume } from "../testing/cluster.ts";
import { planCopies } from "../testing/copies.ts";

const ROOM = { freeBytes: 1024 * MIB, usedBytes: 1024 * MIB };

const plan = (catalog: TestCatalog): CopyPlan =>
  planCopies(catalog, {
    isGivenUp: () => false,
    roomOf: () => ROOM,
    copiesMax: 1_000,
    movesMax: 1_000,
  });

const chunksOf = ({ state: { view } }: TestCatalog): ChunkConfig[] =>
  view.chunks.families().flatMap((family) => view.chunksOf(family));

const admitAll = (catalog: TestCatalog): void => {
  const items = chunksOf(catalog).flatMap(({ chunk, epoch, version, learners }) =>
    learners.map((store) => ({ chunk, epoch, version, store })),
  );
  expect(catalog.done({ kind: "addToIsr", items }).conflicts).toEqual([]);
};

/** Does what the plan says until it says nothing more; how many copies were made. */
function settle(catalog: TestCatalog): number {
  let made = 0;
  for (;;) {
    const { additions, surplus, replacements } = plan(catalog);
    if (additions.length + surplus.length + replacements.length === 0) break;
    made += additions.length + replacements.length;
    expect(catalog.done({ kind: "dropMembers", items: surplus }).skipped).toEqual([]);
    expect(catalog.done({ kind: "addMembers", items: additions }).skipped).toEqual([]);
    expect(catalog.done({ kind: "replaceMembers", items: replacements }).skipped).toEqual([]);
    admitAll(catalog);
  }
  expect(catalog.faults).toEqual([]);
  return made;
}

const on = (catalog: TestCatalog, number: number): number =>
  chunksOf(catalog).filter(({ members }) => members.some(({ node }) => node === testNode(number)))
    .length;

const drained = (catalog: TestCatalog, number: number): void => {
  catalog.done({ kind: "setNodeService", node: testNode(number), service: "draining" });
};

test("a drained node is emptied by as many copies as it had, and no chunk has fewer copies meanwhile", () => {
  const catalog = TestCatalog.created(4);
  catalog.volume(1, 40, 2);
  catalog.volume(2, 20, 3);
  const before = on(catalog, 1);
  const wanted = new Map(chunksOf(catalog).map(({ chunk, isr }) => [chunk, isr.length]));
  drained(catalog, 1);
  const { additions, homeless } = plan(catalog);
  expect([additions.length, homeless.move]).toEqual([before, 0]);
  catalog.done({ kind: "addMembers", items: additions });
  for (const { chunk, isr, leaving } of chunksOf(catalog)) {
    expect(isr.length).toBe(wanted.get(chunk));
    if (leaving) expect(leaving).toEqual([testStore(1)]);
  }
  // What learns is on its way: nothing is planned twice, and nothing goes before it is there.
  expect(plan(catalog)).toMatchObject({ additions: [], surplus: [], replacements: [] });
  admitAll(catalog);
  expect(settle(catalog)).toBe(0);
  expect(on(catalog, 1)).toBe(0);
  for (const { chunk, members, isr, leaving } of chunksOf(catalog)) {
    expect([members.length, isr.length]).toEqual([wanted.get(chunk), wanted.get(chunk)]);
    expect(leaving).toBeUndefined();
  }
});

test("where the nodes that are left cannot hold the copies, they stay where they are", () => {
  const catalog = TestCatalog.created(3);
  catalog.volume(1, 9, 3);
  catalog.volume(2, 9, 2);
  drained(catalog, 1);
  const { additions, homeless } = plan(catalog);
  expect(homeless.move).toBe(9);
  expect(additions.length).toBe(6);
});

test("a copy that leads goes: another one in sync leads, under a new epoch", () => {
  const catalog = TestCatalog.created(3);
  catalog.volume(1, 6, 2);
  drained(catalog, 1);
  const led = chunksOf(catalog).filter(({ primary }) => primary.node === testNode(1));
  expect(led.length).toBeGreaterThan(0);
  settle(catalog);
  for (const was of led) {
    const is = catalog.state.view.chunk(was.chunk)!;
    expect(is.primary.node).not.toBe(testNode(1));
    expect(is.epoch).toBe(was.epoch + 1);
  }
});

test("the node that a copy moves to is lost: its place goes, and the copy moves elsewhere", () => {
  const catalog = TestCatalog.created(4);
  catalog.volume(1, 12, 2);
  drained(catalog, 1);
  catalog.done({ kind: "addMembers", items: plan(catalog).additions });
  catalog.done({ kind: "storeDown", store: testStore(4) });
  settle(catalog);
  expect([on(catalog, 1), on(catalog, 4)]).toEqual([0, 0]);
  expect(
    chunksOf(catalog).every(({ isr, members }) => isr.length === 2 && members.length === 2),
  ).toBe(true);
});

test("the node that is drained is lost: what it had is made again, and nothing of it is left", () => {
  const catalog = TestCatalog.created(4);
  catalog.volume(1, 12, 2);
  drained(catalog, 1);
  catalog.done({ kind: "addMembers", items: plan(catalog).additions.slice(0, 3) });
  catalog.nodeDown(1);
  admitAll(catalog);
  settle(catalog);
  expect(on(catalog, 1)).toBe(0);
  expect(chunksOf(catalog).every(({ isr }) => isr.length === 2)).toBe(true);
});

test("a copy is dropped when as many others as the volume wants are in sync, and not before", () => {
  const catalog = TestCatalog.created(3);
  const chunk: ChunkId = chunkId(catalog.volume(1, 1, 2), 0);
  const config = (): ChunkConfig => catalog.state.view.chunk(chunk)!;
  const drop = (store = config().isr[0]!) =>
    catalog.done({ kind: "dropMembers", items: [{ chunk, version: config().version, store }] });
  expect(drop().skipped, "two are wanted").toEqual([chunk]);
  const [first] = config().members;
  const free = [1, 2, 3].find((n) => config().members.every(({ node }) => node !== testNode(n)))!;
  const fresh = { node: testNode(free), store: testStore(free) };
  const add = (instead = first?.storeUuid) =>
    catalog.done({
      kind: "addMembers",
      items: [{ chunk, version: config().version, ...fresh, instead }],
    });
  const noMore = catalog.done({
    kind: "addMembers",
    items: [{ chunk, version: config().version, ...fresh, instead: undefined }],
  });
  expect(noMore.skipped, "the volume wants no more").toEqual([chunk]);
  expect(add().skipped).toEqual([]);
  expect(drop().skipped, "the other one learns").toEqual([chunk]);
  expect(add().skipped, "one at a time").toEqual([chunk]);
  // A move that is not wanted any more: what learns goes, and nobody is leaving.
  expect(drop(fresh.store).skipped).toEqual([]);
  expect(config().leaving).toBeUndefined();
  add();
  admitAll(catalog);
  const stale = { chunk, version: config().version - 1, store: first!.storeUuid };
  expect(catalog.done({ kind: "dropMembers", items: [stale] }).skipped).toEqual([chunk]);
  // The others are in sync, but neither could be reached.
  const others = config().members.filter(({ node }) => node !== first?.node);
  for (const { node } of others) {
    const { incarnation } = catalog.state.view.nodes.get(node)!;
    catalog.done({ kind: "nodeDown", node, incarnation, unheard: [] });
  }
  expect(drop(first!.storeUuid).skipped).toEqual([chunk]);
  expect(catalog.faults).toEqual([]);
});

test("a plan that is out of date, or would put two copies on one node or in one zone, adds none", () => {
  const catalog = TestCatalog.created(0);
  for (const [at, zone] of ["a", "b", "b", "c"].entries())
    catalog.nodeUp(at + 1, { zone, disks: 2 });
  const chunk: ChunkId = chunkId(catalog.volume(1, 1, 1), 0);
  const config = (): ChunkConfig => catalog.state.view.chunk(chunk)!;
  const skips = (
    number: number,
    { instead = undefined as string | undefined, age = 0, disk = 1 } = {},
  ) =>
    catalog.done({
      kind: "addMembers",
      items: [
        {
          chunk,
          version: config().version - age,
          node: testNode(number),
          store: testStore(number, disk),
          instead: instead as ChunkConfig["isr"][number] | undefined,
        },
      ],
    }).skipped.length > 0;
  const replicas = (count: number) =>
    catalog.done({ kind: "setReplicas", volume: testVolume(1), replicas: count });
  replicas(2);
  expect(skips(4, { age: 1 }), "an older configuration").toBe(true);
  // Wherever the first copy is, a second one belongs to another zone.
  const [first] = config().members;
  const zone = (number: number): string => ["a", "b", "b", "c"][number - 1]!;
  const home = [1, 2, 3, 4].find((number) => testNode(number) === first?.node)!;
  const ownOtherDisk = {
    instead: first?.storeUuid,
    disk: first?.storeUuid === testStore(home) ? 2 : 1,
  };
  const mates = [1, 2, 3, 4].filter((number) => zone(number) === zone(home));
  for (const mate of mates) expect(skips(mate), "node or zone of the first").toBe(true);
  const [second] = [1, 2, 3, 4].filter((number) => zone(number) !== zone(home));
  expect(skips(second!)).toBe(false);
  admitAll(catalog);
  expect(skips(home, ownOtherDisk), "another disk of its own node").toBe(true);
  // A move under way when one more is wanted: the chunk has as many copies as it should, and one of them is leaving.
  const other = [1, 2, 3, 4].find(
    (number) => ![home, second].includes(number) && zone(number) !== zone(home),
  )!;
  expect(skips(other, { instead: testStore(second!) })).toBe(false);
  admitAll(catalog);
  replicas(3);
  const another = config().isr.find((store) => store !== testStore(second!))!;
  const free = [1, 2, 3, 4].find((number) =>
    config().members.every(({ node }) => node !== testNode(number)),
  )!;
  expect(skips(free, { instead: another }), "one of them is leaving already").toBe(true);
  expect(catalog.faults).toEqual([]);
});

test("a volume gets a third copy, and gives it back where most copies are", () => {
  const catalog = TestCatalog.created(4);
  catalog.volume(1, 20, 2);
  const replicas = (count: number) =>
    catalog.apply({ kind: "setReplicas", volume: testVolume(1), replicas: count }).result;
  expect(replicas(3).kind).toBe("done");
  expect(settle(catalog)).toBe(20);
  expect(chunksOf(catalog).every(({ isr }) => isr.length === 3)).toBe(true);
  expect(replicas(2).kind).toBe("done");
  expect(settle(catalog)).toBe(0);
  expect(chunksOf(catalog).every(({ members }) => members.length === 2)).toBe(true);
  const counts = [1, 2, 3, 4].map((number) => on(catalog, number));
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(4);
  expect(replicas(4)).toMatchObject({ kind: "refused", code: "argument/invalid" });
  catalog.nodeDown(1);
  catalog.nodeDown(2);
  expect(replicas(3)).toMatchObject({ kind: "refused", code: "volume/too-few-nodes" });
});

test("no two copies are in one zone, neither when they are placed nor when they move", () => {
  const catalog = TestCatalog.created(0);
  const zones = ["a", "a", "b", "b", "c"];
  for (const [at, zone] of zones.entries()) catalog.nodeUp(at + 1, { zone });
  const zoneOf = (node: string): string => zones[Number(node.split("-")[1]) - 1]!;
  const apart = (): boolean =>
    chunksOf(catalog).every(
      ({ members }) => new Set(members.map(({ node }) => zoneOf(node))).size === members.length,
    );
  catalog.volume(1, 12, 3);
  catalog.volume(2, 12, 2);
  expect(apart()).toBe(true);
  drained(catalog, 1);
  drained(catalog, 5);
  settle(catalog);
  expect(apart()).toBe(true);
  expect(on(catalog, 1)).toBe(0);
  // The third zone has no other node: these copies stay.
  expect(on(catalog, 5)).toBe(12);
  const three = {
    kind: "beginVolume",
    volume: testVolume(3),
    sizeBytes: MIB,
    blockSize: 512,
  } as const;
  const rest = { name: "v" as never, replicas: 3, createdAt: "", access: "any" } as const;
  expect(catalog.apply({ ...three, ...rest }).result).toMatchObject({
    code: "volume/too-few-nodes",
  });
});
