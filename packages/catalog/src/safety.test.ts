// What can be stopped now, as tables; and that what is said of a node is what happens when it goes.

import { MIB, type NodeId, nodeId, type StoreUuid } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countChunks } from "./counts.ts";
import {
  breaksNow,
  type GatewaySessions,
  type GroupMember,
  type HazardKind,
  judgeGateway,
  judgeMember,
  judgeStoresInParts,
  MEMBER_LAG_MAX,
  type Onlooker,
  type Safety,
  type Verdict,
  verdictOf,
} from "./safety.ts";
import type { HeldSession } from "./session-plan.ts";
import { TestCatalog, testNode, testStore } from "./testing/cluster.ts";

const QUIET: Onlooker = {
  unheard: [],
  leaving: new Set(),
  roomOf: () => ({ freeBytes: 512 * MIB, usedBytes: 30 * MIB }),
};

function judged(
  { state }: TestCatalog,
  stores: readonly StoreUuid[],
  seen: Partial<Onlooker> = {},
): Safety {
  const work = judgeStoresInParts(state.view, new Set(stores), { ...QUIET, ...seen });
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

const kindsIn = ({ hazards }: Safety): HazardKind[] => hazards.map(({ kind }) => kind);

/** Three nodes; volume-1 has two copies, as in most labs. */
function trio(chunks = 6, replicas = 2): TestCatalog {
  const catalog = TestCatalog.created(3);
  catalog.volume(1, chunks, replicas);
  return catalog;
}

describe("stores", () => {
  test("a node is safe as long as every chunk has another copy in sync that lives", () => {
    const safety = judged(trio(), [testStore(1)]);
    expect([verdictOf(safety), breaksNow(safety), safety]).toEqual([
      "SAFE",
      false,
      { hazards: [], copies: 0, bytes: 0 },
    ]);
  });

  test("what only it has would break, by volume and number of chunks", () => {
    const catalog = trio();
    catalog.volume(2, 3, 1);
    const safety = judged(catalog, [testStore(1)]);
    expect(safety.hazards).toEqual([
      { kind: "last-copy", volume: "volume-2", host: "", chunks: 1 },
    ]);
    expect([verdictOf(safety), breaksNow(safety)]).toEqual(["WOULD BREAK", true]);
  });

  test("after another node died it would break, and may go once more when that one has caught up", () => {
    const catalog = trio();
    catalog.nodeDown(2);
    const alone = judged(catalog, [testStore(1)]);
    expect(alone.hazards).toMatchObject([{ kind: "last-copy", volume: "volume-1", chunks: 2 }]);
    expect([verdictOf(alone), alone.bytes]).toEqual(["WOULD BREAK", 0]);
    catalog.nodeUp(2, { boot: 2 });
    const waits = judged(catalog, [testStore(1)]);
    expect(kindsIn(waits)).toEqual(["copy-on-its-way"]);
    expect([verdictOf(waits), breaksNow(waits), waits.copies]).toEqual(["WAIT", true, 2]);
    expect(waits.bytes).toBe(2 * Math.ceil((30 * MIB) / 4));
    const { view } = catalog.state;
    const items = [...view.volumes.values()]
      .flatMap(({ family }) => view.chunksOf(family))
      .flatMap(({ chunk, epoch, version, learners }) =>
        learners.map((store) => ({ chunk, epoch, version, store })),
      );
    catalog.done({ kind: "addToIsr", items });
    expect(verdictOf(judged(catalog, [testStore(1)]))).toBe("SAFE");
  });

  test("with a third copy the loss of one breaks nothing, and is waited for all the same", () => {
    const catalog = trio(4, 3);
    catalog.nodeDown(3);
    const safety = judged(catalog, [testStore(1)]);
    expect(safety.hazards).toEqual([
      { kind: "copies-missing", volume: "volume-1", host: "", chunks: 4 },
    ]);
    expect([verdictOf(safety), breaksNow(safety), safety.copies]).toEqual(["WAIT", false, 4]);
  });

  test("a copy that moves is waited for, where it is being made and where it comes from", () => {
    const catalog = TestCatalog.created(4);
    catalog.volume(1, 1, 2);
    const { view } = catalog.state;
    const [{ chunk, version, members } = expect.fail()] = view.chunksOf(
      [...view.volumes.values()][0]?.family ?? expect.fail(),
    );
    const [from, stays] = members.map(({ node }) => Number(node.split("-")[1])) as [number, number];
    const [to, apart] = [1, 2, 3, 4].filter((node) => node !== from && node !== stays) as [
      number,
      number,
    ];
    const item = { chunk, version, node: testNode(to), store: testStore(to) };
    catalog.done({ kind: "addMembers", items: [{ ...item, instead: testStore(from) }] });
    for (const node of [from, stays, to]) {
      expect(kindsIn(judged(catalog, [testStore(node)]))).toEqual(["copies-moving"]);
    }
    expect(verdictOf(judged(catalog, [testStore(apart)]))).toBe("SAFE");
  });

  test("a node that is not heard, or about to stop, holds nothing for others", () => {
    const catalog = trio();
    const silent = judged(catalog, [testStore(1)], { unheard: [testNode(2)] });
    expect([kindsIn(silent), verdictOf(silent)]).toEqual([["copy-on-its-way"], "WAIT"]);
    const leaving = judged(catalog, [testStore(1)], { leaving: new Set([testNode(2)]) });
    expect([kindsIn(leaving), verdictOf(leaving)]).toEqual([["last-copy"], "WOULD BREAK"]);
  });

  test("a disk is judged for itself", () => {
    const catalog = TestCatalog.created(2, 2);
    catalog.volume(1, 4, 2);
    catalog.volume(2, 4, 1);
    const chunksOf = (stores: readonly StoreUuid[]): number =>
      judged(catalog, stores).hazards.find(({ volume }) => volume === "volume-2")?.chunks ?? 0;
    const [first, second] = [chunksOf([testStore(1, 1)]), chunksOf([testStore(1, 2)])];
    expect(first + second).toBe(chunksOf([testStore(1, 1), testStore(1, 2)]));
    expect(first).toBeGreaterThan(0);
  });
});

test("what is said of a node is what happens when it goes", () => {
  const event = fc.record({
    node: fc.integer({ min: 1, max: 4 }),
    kind: fc.constantFrom("down", "up", "admit"),
  });
  const volume = fc.record({
    chunks: fc.integer({ min: 1, max: 9 }),
    copies: fc.constantFrom(1, 2, 3),
  });
  let broke = 0;
  fc.assert(
    fc.property(
      fc.array(volume, { minLength: 1, maxLength: 3 }),
      fc.array(event, { maxLength: 8 }),
      fc.integer({ min: 1, max: 4 }),
      (volumes, events, subject) => {
        const catalog = TestCatalog.created(4);
        const { view } = catalog.state;
        for (const [place, { chunks, copies }] of volumes.entries()) {
          catalog.volume(place + 1, chunks, copies);
        }
        let boot = 1;
        for (const { node, kind } of events) {
          if (kind === "down") catalog.nodeDown(node);
          else if (kind === "up") catalog.nodeUp(node, { boot: ++boot });
          else {
            const items = [...view.volumes.values()]
              .flatMap(({ family }) => view.chunksOf(family))
              .flatMap(({ chunk, epoch, version, learners }) =>
                learners.map((store) => ({ chunk, epoch, version, store })),
              );
            catalog.done({ kind: "addToIsr", items });
          }
        }
        const safety = judged(catalog, [testStore(subject)]);
        const unserved = (): ReadonlyMap<string, number> =>
          new Map(
            [...view.volumes.values()].map(({ name, family }) => [
              name,
              countChunks(view, [family]).unavailableChunks,
            ]),
          );
        const before = unserved();
        const wasUp = view.nodes.get(testNode(subject))?.state === "up";
        catalog.nodeDown(subject);
        if (!wasUp) return;
        broke += breaksNow(safety) ? 1 : 0;
        for (const [name, now] of unserved()) {
          const told = safety.hazards
            .filter((one) => one.volume === name)
            .filter(({ kind }) => kind === "last-copy" || kind === "copy-on-its-way")
            .reduce((sum, { chunks }) => sum + chunks, 0);
          // Some may wait for a node that is down, whose place this one could take.
          expect(told).toBeGreaterThanOrEqual(now - (before.get(name) ?? 0));
          expect(now).toBeGreaterThanOrEqual(told);
        }
      },
    ),
    { numRuns: soaked(300) },
  );
  expect(broke, "it is tried").toBeGreaterThan(30);
});

const session = (host: number, gateway: number, target = 1): HeldSession => ({
  initiatorName: `iqn.2026-11.example:host-${host}`,
  isid: `00000000000${gateway}`,
  targetName: `iqn.target:${target}`,
  tpgt: gateway,
});

const gateway = (number: number, more: Partial<GatewaySessions>): GatewaySessions => ({
  gateway: nodeId(`gateway-${number}`),
  open: true,
  sessions: [],
  ...more,
});

test.each<[string, readonly GatewaySessions[], Verdict, readonly object[]]>([
  [
    "nobody has a session with it",
    [gateway(1, {}), gateway(2, { sessions: undefined })],
    "SAFE",
    [],
  ],
  [
    "its hosts have another path",
    [gateway(1, { sessions: [session(1, 1)] }), gateway(2, { sessions: [session(1, 2)] })],
    "SAFE",
    [],
  ],
  [
    "a host has no other path to one of its volumes",
    [
      gateway(1, { sessions: [session(1, 1, 1), session(1, 1, 2)] }),
      gateway(2, { sessions: [session(1, 2, 2), session(2, 2, 1)] }),
    ],
    "WOULD BREAK",
    [{ kind: "last-path", volume: "iqn.target:1", host: "iqn.2026-11.example:host-1", chunks: 0 }],
  ],
  [
    "the other path is of a gateway that is drained, or down",
    [
      gateway(1, { sessions: [session(1, 1)] }),
      gateway(2, { open: false, sessions: [session(1, 2)] }),
    ],
    "WOULD BREAK",
    [{ kind: "last-path" }],
  ],
  [
    "it has not told its sessions",
    [gateway(1, { sessions: undefined }), gateway(2, {})],
    "WAIT",
    [{ kind: "sessions-unknown", host: "gateway-1" }],
  ],
  [
    "another one has not told its sessions",
    [gateway(1, { sessions: [session(1, 1)] }), gateway(2, { sessions: undefined })],
    "WAIT",
    [{ kind: "sessions-unknown", host: "gateway-2" }],
  ],
])("a gateway: %s", (_, gateways, verdict, hazards) => {
  const safety = judgeGateway(TestCatalog.created(1).state.view, gateways, nodeId("gateway-1"));
  expect(verdictOf(safety)).toBe(verdict);
  expect(safety.hazards).toMatchObject(hazards);
});

test("a gateway's hosts and volumes are told by their names", () => {
  const catalog = trio();
  const host = { initiators: [session(7, 1).initiatorName], chap: undefined, createdAt: "" };
  catalog.done({ kind: "createHost", host: "db" as never, ...host } as never);
  const [volume = expect.fail()] = catalog.state.view.volumes.values();
  const sessions = [{ ...session(7, 1), targetName: volume.iqn }];
  const { hazards } = judgeGateway(
    catalog.state.view,
    [gateway(1, { sessions })],
    nodeId("gateway-1"),
  );
  expect(hazards).toMatchObject([{ volume: "volume-1", host: "db" }]);
});

type MemberShape = "ok" | "down" | "behind" | "learner";
const SHAPES: Readonly<Record<MemberShape, Omit<GroupMember, "id">>> = {
  ok: { votes: true, lives: true, lag: 0 },
  down: { votes: true, lives: false, lag: 0 },
  behind: { votes: true, lives: true, lag: MEMBER_LAG_MAX + 1 },
  learner: { votes: false, lives: true, lag: 0 },
};

test.each<[readonly MemberShape[], Verdict, readonly HazardKind[]]>([
  [["ok"], "WOULD BREAK", ["quorum"]],
  [["ok", "ok", "ok"], "SAFE", []],
  [["ok", "ok", "down"], "WOULD BREAK", ["quorum"]],
  [["down", "ok", "ok"], "SAFE", []],
  [["ok", "ok", "behind"], "WAIT", ["member-behind"]],
  [["behind", "ok", "ok"], "SAFE", []],
  [["ok", "ok", "learner"], "WOULD BREAK", ["quorum"]],
  [["learner", "ok", "down"], "SAFE", []],
  [["ok", "ok", "ok", "ok", "down"], "SAFE", []],
  [["ok", "ok", "ok", "behind", "down"], "WAIT", ["member-behind"]],
  [["ok", "ok", "ok", "down", "down"], "WOULD BREAK", ["quorum"]],
])("the first of the metadata members %j: %s", (shapes, verdict, kinds) => {
  const idOf = (place: number): NodeId => nodeId(`metadata-${place + 1}`);
  const members = shapes.map((shape, place) => ({ id: idOf(place), ...SHAPES[shape] }));
  const safety = judgeMember(members, idOf(0));
  expect([verdictOf(safety), kindsIn(safety)]).toEqual([verdict, kinds]);
});
