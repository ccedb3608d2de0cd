// Random histories of a small cluster: whatever the order of events, no rule breaks, mirrors and
// replays agree, and what was encoded reads back the same.

import { ByteWriter, CodecError, chunkId, familyId, MIB, volumeName } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyProposal } from "./apply.ts";
import type { Command } from "./command.ts";
import { decodeCommand, encodeCommand } from "./command-codecs.ts";
import { decodeState, encodeState, stateHash } from "./encode.ts";
import { check } from "./invariants.ts";
import { CatalogMirror } from "./mirror.ts";
import { planPrimaries } from "./primary-plan.ts";
import { decodeProposal, encodeProposal } from "./proposal.ts";
import type { DiskRecord } from "./records.ts";
import { isWaitedForInVain, livingNodes } from "./silence.ts";
import { emptyState } from "./state.ts";
import { copyCommands, movedCopies, service } from "./testing/arbitrary-copies.ts";
import { gatewayCommands } from "./testing/arbitrary-gateways.ts";
import { access, change, hostCommand, mapped } from "./testing/arbitrary-hosts.ts";
import { reservationActions, reserving } from "./testing/arbitrary-reservations.ts";
import {
  TEST_CHUNK_SIZE,
  TestCatalog,
  testDisk,
  testNode,
  testStore,
  testVolume,
} from "./testing/cluster.ts";
import { planCopies } from "./testing/copies.ts";

const NODES = 4;
const node = fc.integer({ min: 1, max: NODES });
const family = fc.integer({ min: 1, max: 4 }).map(familyId);
const chunk = fc.tuple(family, fc.integer({ min: 0, max: 5 })).map(([of, at]) => chunkId(of, at));
const life = fc.integer({ min: 0, max: 1 });
const disk = fc.integer({ min: 1, max: 2 });

const number48 = fc.integer({ min: 1, max: 2 ** 48 - 1 });
const address = fc.constantFrom("127.0.0.1:7100", "[::1]:7100");

/** A process opens a store once. */
const withoutTwins = (disks: readonly DiskRecord[]): readonly DiskRecord[] =>
  disks.filter(({ storeUuid }, at) => disks.findIndex((one) => one.storeUuid === storeUuid) === at);

/** Events of a cluster's life; some name things as they are now, which only the catalog knows. */
type Event = (catalog: TestCatalog) => Command;

const unheard = fc.uniqueArray(node.map(testNode));
const down: fc.Arbitrary<Event> = fc.tuple(node, unheard).map(([number, others]) => (catalog) => ({
  kind: "nodeDown",
  node: testNode(number),
  incarnation: catalog.state.view.nodes.get(testNode(number))?.incarnation ?? 0,
  unheard: others,
}));

const admit: fc.Arbitrary<Event> = fc.nat(1000).map((pick) => (catalog) => {
  const learning = [...catalog.state.view.chunks.families()]
    .flatMap((of) => [...catalog.state.view.chunks.recordsOf(of)])
    .flatMap((config) => config.learners.map((store) => ({ config, store })));
  const chosen = learning.length > 0 ? [learning[pick % learning.length]!] : [];
  return {
    kind: "addToIsr",
    items: chosen.map(({ config, store }) => ({
      chunk: config.chunk,
      epoch: config.epoch,
      version: config.version,
      store,
    })),
  };
});

const drafts = (catalog: TestCatalog) => [...catalog.state.drafts.keys()][0] ?? familyId(1);
const continued: fc.Arbitrary<Event> = fc.constantFrom<Event>(
  (catalog) => ({ kind: "extendVolume", family: drafts(catalog), chunks: 3 }),
  (catalog) => ({ kind: "finishVolume", family: drafts(catalog) }),
);

const candidates = fc.array(
  fc.record({
    chunk,
    epoch: fc.nat(5),
    version: fc.nat(9),
    store: node.map((n) => testStore(n)),
  }),
  { maxLength: 3 },
);

const anyStore = fc.tuple(node, disk, life).map(([n, d, l]) => testStore(n, d, l));
const replacements = fc.array(
  fc.record({
    chunk,
    version: fc.nat(9),
    lost: anyStore,
    node: node.map(testNode),
    store: anyStore,
  }),
  { maxLength: 3 },
);

/** The change that is under way comes to its end, one way or the other. */
const settled: fc.Arbitrary<Event> = fc
  .tuple(fc.integer({ min: 1, max: 2 }).map(testVolume), fc.boolean())
  .map(([volume, commits]) => (catalog) => ({
    kind: commits ? "commitChange" : "abortChange",
    volume,
    generation: (catalog.state.view.volumes.get(volume)?.generation ?? 0) + 1,
  }));

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant("nodeUp" as const),
    node: node.map(testNode),
    bootId: fc.constantFrom("a", "b", "c"),
    address: fc.constant("127.0.0.1:7001"),
    disks: fc.constant([]),
    familySeen: fc.nat(6),
    incarnationSeen: fc.nat(40),
    zone: fc.constantFrom("", "rack-1"),
  }),
  fc.record({
    kind: fc.constant("nodeDown" as const),
    node: node.map(testNode),
    incarnation: fc.nat(20),
    unheard,
  }),
  fc.record({
    kind: fc.constantFrom("storeDown" as const, "retireStore" as const),
    store: fc.tuple(node, disk, life).map(([n, d, l]) => testStore(n, d, l)),
  }),
  ...gatewayCommands(node.map(testNode)),
  fc.record({
    kind: fc.constant("beginVolume" as const),
    volume: fc.integer({ min: 1, max: 9 }).map(testVolume),
    name: fc.integer({ min: 1, max: 9 }).map((number) => volumeName(`volume-${number}`)),
    sizeBytes: fc.oneof(fc.constant(5 * TEST_CHUNK_SIZE + MIB), fc.nat(2 ** 40)),
    blockSize: fc.constantFrom(512, 4096, 1024),
    replicas: fc.nat(4),
    createdAt: fc.constant("2026-11-01T00:00:00.000Z"),
    access,
  }),
  fc.record({ kind: fc.constant("extendVolume" as const), family, chunks: fc.nat(4) }),
  fc.record({ kind: fc.constant("abortVolume" as const), family }),
  fc.record({
    kind: fc.constant("deleteVolume" as const),
    volume: fc.integer({ min: 1, max: 9 }).map(testVolume),
  }),
  fc.record({
    kind: fc.constant("advanceGeneration" as const),
    volume: fc.integer({ min: 1, max: 3 }).map(testVolume),
    reset: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("prepareChange" as const),
    volume: fc.integer({ min: 1, max: 3 }).map(testVolume),
    change,
  }),
  hostCommand,
  fc.record({
    kind: fc.constant("prepareReservation" as const),
    volume: fc.integer({ min: 1, max: 3 }).map(testVolume),
    action: reservationActions,
  }),
  fc.record({
    kind: fc.constantFrom("commitChange" as const, "abortChange" as const),
    volume: fc.integer({ min: 1, max: 3 }).map(testVolume),
    generation: fc.nat(6),
  }),
  fc.record({ kind: fc.constant("openSession" as const) }),
  fc.record({
    kind: fc.constant("beginTerm" as const),
    member: number48,
    run: fc.string(),
    incarnationsSkipped: fc.nat(5),
  }),
  fc.record({ kind: fc.constant("memberExpected" as const), node: node.map(testNode), address }),
  fc.record({
    kind: fc.constant("memberJoined" as const),
    node: node.map(testNode),
    member: fc.nat(5),
    address,
  }),
  fc.record({ kind: fc.constant("memberRemoved" as const), node: node.map(testNode) }),
  fc.record({
    kind: fc.constant("reportHash" as const),
    member: number48,
    index: fc.nat(3),
    hash: fc.nat(2 ** 32 - 1),
  }),
  fc.record({ kind: fc.constant("addToIsr" as const), items: candidates }),
  fc.record({ kind: fc.constant("movePrimaries" as const), items: candidates }),
  fc.record({ kind: fc.constant("replaceMembers" as const), items: replacements }),
  ...copyCommands({ chunk, node: node.map(testNode), store: anyStore }),
);

/** A disk of a node, perhaps another one's, in a place of its own. */
const foreign = fc
  .tuple(node, disk, life)
  .map(([n, d, l]): DiskRecord => ({ ...testDisk(n, d, l), disk: testDisk(n, 3).disk }));

const back: fc.Arbitrary<Event> = fc
  .tuple(
    node,
    fc.integer({ min: 1, max: 50 }),
    life,
    fc.subarray([1, 2]),
    fc.option(foreign, { nil: undefined, freq: 3 }),
  )
  .map(([number, boot, one, disks, moved]) => () => ({
    kind: "nodeUp",
    node: testNode(number),
    bootId: `boot-${boot}`,
    address: `127.0.0.1:${7000 + number}`,
    disks: withoutTwins([
      ...disks.map((place) => testDisk(number, place, one)),
      ...(moved ? [moved] : []),
    ]),
    familySeen: 0,
    incarnationSeen: 0,
    zone: "",
  }));

const move: fc.Arbitrary<Event> = fc.nat(3).map((movesMax) => (catalog) => ({
  kind: "movePrimaries",
  items: planPrimaries(catalog.state.view, movesMax),
}));

const replace: fc.Arbitrary<Event> = fc.nat(3).map((copiesMax) => (catalog) => {
  const roomOf = () => ({ freeBytes: Number.MAX_SAFE_INTEGER, usedBytes: 0 });
  const policy = { isGivenUp: () => true, roomOf, copiesMax, movesMax: copiesMax };
  return { kind: "replaceMembers", items: planCopies(catalog, policy).replacements };
});

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 3,
    arbitrary: mapped.map(
      (fixed): Event =>
        () =>
          fixed,
    ),
  },
  { weight: 3, arbitrary: back },
  { weight: 3, arbitrary: down },
  { weight: 4, arbitrary: admit },
  { weight: 2, arbitrary: continued },
  { weight: 2, arbitrary: move },
  { weight: 2, arbitrary: replace },
  { weight: 4, arbitrary: movedCopies },
  { weight: 3, arbitrary: service({ node, store: anyStore }) },
  { weight: 2, arbitrary: settled },
  { weight: 4, arbitrary: reserving },
  {
    weight: 4,
    arbitrary: command.map(
      (fixed): Event =>
        () =>
          fixed,
    ),
  },
);

function lived(events: readonly Event[]): TestCatalog {
  const catalog = TestCatalog.created(3, 2);
  catalog.volume(1, 5, 2);
  catalog.volume(2, 4, 3);
  catalog.begin(3, 6);
  const { session } = catalog.done({ kind: "openSession" });
  events.forEach((next, at) => {
    // Each third is proposed in a session, some of these twice.
    const id = { session, sequence: 1 + Math.floor(at / 4), answeredBelow: 1 + Math.floor(at / 9) };
    if (at % 3 === 0) catalog.apply(next(catalog), id);
    else catalog.apply(next(catalog));
  });
  return catalog;
}

describe("any history", () => {
  test("keeps K1 K2 K3 K4 and every other rule", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40, size: "max" }), (events) => {
        expect(lived(events).faults).toEqual([]);
      }),
      { numRuns: soaked(150) },
    );
  });

  test("P16: told again, a node that is down leaves where others can serve, and nowhere else", () => {
    const told = { again: 0, leaving: 0 };
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30, size: "max" }), unheard, (events, others) => {
        const catalog = lived(events);
        const { view } = catalog.state;
        const lives = livingNodes(view, others);
        for (const { node, state, incarnation } of [...view.nodes.values()]) {
          if (state === "up") continue;
          const waits = isWaitedForInVain(view, node, lives);
          const again = { kind: "nodeDown", node, incarnation, unheard: others } as const;
          expect(catalog.apply(again).changes.length > 0).toBe(waits);
          expect(isWaitedForInVain(view, node, lives)).toBe(false);
          told.again += 1;
          if (waits) told.leaving += 1;
        }
        expect(catalog.faults).toEqual([]);
      }),
      { numRuns: soaked(200) },
    );
    expect(told.leaving).toBeGreaterThan(0);
    expect(told.again).toBeGreaterThan(told.leaving);
  });

  test("R8 R9: replayed, mirrored and read back it is the same", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30, size: "max" }), (events) => {
        const { state, steps } = lived(events);
        const replayed = emptyState();
        const mirror = new CatalogMirror();
        steps.forEach(({ proposal, changes }, at) => {
          applyProposal(replayed, decodeProposal(encodeProposal(proposal)), at + 1);
          mirror.apply(changes, at + 1);
        });
        const hash = stateHash(state);
        expect(stateHash(replayed)).toBe(hash);
        const read = decodeState(encodeState(state));
        expect(stateHash(read)).toBe(hash);
        expect(check(read)).toEqual([]);
        expect([...mirror.list()]).toEqual([...state.view.list()]);
        expect(mirror.appliedIndex).toBe(state.view.appliedIndex);
      }),
      { numRuns: soaked(100) },
    );
  });

  test("a snapshot in the middle of a history leads to the same end", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20, size: "max" }), fc.nat(20), (events, cut) => {
        const { state, steps } = lived(events);
        let other = emptyState();
        steps.forEach(({ proposal }, at) => {
          if (at === cut) other = decodeState(encodeState(other));
          applyProposal(other, proposal, at + 1);
        });
        expect(stateHash(other)).toBe(stateHash(state));
      }),
      { numRuns: soaked(50) },
    );
  });
});

describe("the encoding", () => {
  test("every command reads back as it was", () => {
    fc.assert(
      fc.property(command, (each) => {
        expect(decodeCommand(encodeCommand(each))).toEqual(each);
      }),
    );
  });

  test("no bytes crash a decoder: they are decoded or a CodecError", () => {
    const tolerant = (decode: () => unknown): void => {
      try {
        decode();
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(CodecError);
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(34), (bytes, tag) => {
        for (const format of [1, 2, 3, 4, 5, 6, 7, 8]) {
          tolerant(() => decodeCommand(Buffer.concat([Buffer.from([format, tag]), bytes])));
          tolerant(() => decodeState(Buffer.concat([Buffer.from([format]), bytes])));
          tolerant(() => decodeProposal(Buffer.concat([Buffer.from([format]), bytes])));
        }
      }),
    );
    const whole = encodeState(lived([]).state);
    for (let length = 0; length < whole.length; length += 7) {
      expect(() => decodeState(whole.subarray(0, length))).toThrow(CodecError);
    }
  });

  test("numbers hold up to 2^53 - 1 and no further", () => {
    const to = new ByteWriter();
    expect(() => to.uint(2 ** 53)).toThrow(CodecError);
    expect(() => to.uint(-1)).toThrow(CodecError);
    const largest: Command = {
      kind: "nodeDown",
      node: testNode(1),
      incarnation: Number.MAX_SAFE_INTEGER,
      unheard: [],
    };
    expect(decodeCommand(encodeCommand(largest))).toEqual(largest);
  });
});
