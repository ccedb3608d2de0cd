// Advice on disks, room and paths: with figures, only after it has stood for a while, and not where nothing can be said.
import { GIB, nodeId, type StoreUuid, volumeId, volumeName } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import { STANDS_AFTER_MS, StandingAdvice, type Surroundings } from "./standing-advice.ts";
import { registrationOf, storeOf } from "./testing/metadata-fixture.ts";

const IQN = "iqn.2026-11.io.ashlar:vm1";

const node = (number: number, more: object = {}) => ({
  ...registrationOf(number),
  state: "up" as const,
  incarnation: number,
  service: "in" as const,
  ...more,
});

const gateway = (name: string, address: string, role: "direct" | "public" = "direct") => ({
  gateway: nodeId(name),
  state: "up" as const,
  incarnation: 1,
  bootId: "b",
  portals: [{ address, tpgt: 1, role }],
  draining: false,
});

const volume = (replicas: number) =>
  ({
    volume: volumeId("10000000-0000-4000-8000-000000000001"),
    name: volumeName("vm1"),
    iqn: IQN,
    replicas,
  }) as const;

/** Three nodes of 10 GiB, a volume of two copies, two gateways without sessions. */
function surroundings(
  used: readonly number[] = [1, 1, 1],
  more: Partial<Surroundings["view"]> = {},
): Surroundings {
  const nodes = used.map((_, at) => node(at + 1));
  const gateways = [gateway("gateway-1", "10.0.0.1:3260"), gateway("gateway-2", "10.0.0.2:3260")];
  const view = {
    nodes: new Map(nodes.map((one) => [one.node, one])),
    volumes: new Map([[volume(2).volume, volume(2)]]),
    gateways: new Map(gateways.map((one) => [one.gateway, one])),
    hostOf: () => undefined,
    ...more,
  } as unknown as Surroundings["view"];
  const rooms = new Map(
    used.map((gib, at) => [storeOf(at + 1), { usedBytes: gib * GIB, freeBytes: (10 - gib) * GIB }]),
  );
  return { view, rooms, gateways: sessions(0, 0), hotSpots: [], loads: [], atRest: true };
}

const session = (host: number, on: string) => ({
  initiatorName: `iqn.host-${host}`,
  isid: `0000000000${on.slice(-1)}0`,
  targetName: IQN,
  tpgt: 1,
});

/** Hosts from 1 on with a session at the first gateway, and so many of them also at the second. */
const sessions = (one: number, two: number): Surroundings["gateways"] => {
  const held = (count: number, name: string) =>
    Array.from({ length: count }, (_, at) => session(at + 1, name));
  return [
    { gateway: nodeId("gateway-1"), open: true, sessions: held(one, "gateway-1") },
    { gateway: nodeId("gateway-2"), open: true, sessions: held(two, "gateway-2") },
  ];
};

/** What is said after it has been so for as long as any of it has to be. */
function saidOf(seen: Surroundings) {
  const advice = new StandingAdvice();
  advice.look(0, seen);
  const latestMs = Math.max(...Object.values(STANDS_AFTER_MS));
  return advice.look(latestMs, seen).map(({ recommendation }) => recommendation);
}
const idsOf = (seen: Surroundings) => saidOf(seen).map(({ id }) => id);

test("of a cluster with room and sessions on both gateways nothing is said", () => {
  expect(saidOf({ ...surroundings(), gateways: sessions(9, 9) })).toEqual([]);
});

describe("disks", () => {
  test("one that is nearly full is told at once with what is left, and until it is clearly below", () => {
    const advice = new StandingAdvice();
    const ids = (gib: number) =>
      advice.look(0, surroundings([gib, 1, 1, 1])).map(({ recommendation }) => recommendation.id);
    expect(ids(8.9)).toEqual([]);
    expect(ids(9.5)).toEqual(["full/storage-1/disk-1"]);
    expect(ids(8.6)).toEqual(["full/storage-1/disk-1"]);
    expect(ids(8.4)).toEqual([]);
    expect(ids(8.6)).toEqual([]);
    const [told] = saidOf(surroundings([9.5, 1, 1, 1]));
    expect(told).toMatchObject({ kind: "full-disk", applicable: true });
    expect(told?.reason).toBe("storage-1/disk-1 is 95 % full: 512 MiB of 10 GiB are left");
    expect(told?.action).toContain(
      "up to 64 copies move to disks of other nodes, until this one is 80 % full",
    );
    const busy = { ...surroundings([9.5, 1, 1, 1]), atRest: false };
    for (const seen of [surroundings([9.5, 8.1, 8.1, 8.1]), busy]) {
      const full = saidOf(seen).find(({ kind }) => kind === "full-disk");
      expect(full).toMatchObject({ id: "full/storage-1/disk-1", applicable: false });
    }
    expect(new StandingAdvice().look(0, surroundings([9.5, 1, 1, 1]))).toMatchObject([
      { relief: storeOf(1) },
    ]);
  });

  test("one that is hot for long: a slow one is to be replaced, others want company", () => {
    const spot = { kind: "disk", id: "storage-1/disk-1", figure: 0.9, mean: 0.4 } as const;
    const load = (storeUuid: StoreUuid, meanMs: number) => ({
      windowMs: 1,
      operationsPerSecond: 1,
      bytesPerSecond: 1,
      volumes: [],
      stores: [{ storeUuid, operationsPerSecond: 1, bytesPerSecond: 1, busyShare: 0.9, meanMs }],
    });
    const loads = (ms: number) => [load(storeOf(1), ms), load(storeOf(2), 2), load(storeOf(3), 3)];
    const seen = { ...surroundings(), hotSpots: [spot], loads: loads(20) };
    const [slow] = saidOf(seen);
    expect(slow?.reason).toContain("is busy 90 % of the time, disks on average 40 %");
    expect(slow?.reason).toContain("takes 20 ms, of others 2.5 ms");
    expect(slow?.action).toContain("`ashlar disk retire storage-1/disk-1`");
    const [busy] = saidOf({ ...seen, loads: loads(4) });
    expect(busy?.action).toContain("add a disk");
    const advice = new StandingAdvice();
    advice.look(0, seen);
    expect(advice.look(STANDS_AFTER_MS["hot-disk"] - 1, seen)).toEqual([]);
    expect(advice.look(STANDS_AFTER_MS["hot-disk"], seen)).toHaveLength(1);
    expect(advice.look(STANDS_AFTER_MS["hot-disk"], surroundings())).toEqual([]);
    expect(advice.look(STANDS_AFTER_MS["hot-disk"], seen), "it begins anew").toEqual([]);
  });
});

describe("room for the copies of what is lost", () => {
  test("the worst node is named, with what is missing", () => {
    const [told, ...more] = saidOf(surroundings([8, 6.5, 6.5]));
    expect(more).toEqual([]);
    expect(told).toMatchObject({ id: "room/storage-1", kind: "room-after-loss" });
    expect(told?.reason).toContain(
      "8 GiB are on it, 7 GiB are left on the others, 1 GiB are missing",
    );
    expect(saidOf(surroundings([6, 6, 6]))).toEqual([]);
  });

  test("nodes of one zone are lost together", () => {
    const nodes = [1, 2, 3, 4].map((at) => node(at, { zone: at <= 2 ? "rack" : "" }));
    const seen = surroundings([7, 7, 5, 5], {
      nodes: new Map(nodes.map((one) => [one.node, one])),
    });
    const [told] = saidOf(seen);
    expect(told?.reason).toContain("zone rack");
    expect(told?.reason).toContain("14 GiB are on it, 10 GiB are left");
    expect(saidOf(surroundings([7, 7, 5, 5]))).toEqual([]);
  });

  test("nothing is said where copies would have no zone of their own, none are kept, or somebody did not tell", () => {
    const full = [8, 8, 8];
    const of = (replicas: number) =>
      new Map([[volume(replicas).volume, volume(replicas)]]) as never;
    expect(idsOf(surroundings(full, { volumes: of(3) }))).toEqual([]);
    expect(idsOf(surroundings(full, { volumes: of(1) }))).toEqual([]);
    const seen = surroundings(full);
    const rooms = new Map([...seen.rooms].slice(1));
    expect(idsOf({ ...seen, rooms })).toEqual([]);
    const down = full.map((_, at) => node(at + 1, { state: at === 0 ? "down" : "up" }));
    const nodes = new Map(down.map((one) => [one.node, one])) as never;
    expect(idsOf(surroundings(full, { nodes }))).toEqual([]);
    expect(idsOf(surroundings(full))).toEqual(["room/storage-1"]);
  });
});

describe("paths of hosts", () => {
  test("a host with one gateway is told where else to log in, under its name", () => {
    const hostOf = () => ({ host: "hv1" }) as never;
    const seen = { ...surroundings([1, 1, 1], { hostOf }), gateways: sessions(1, 0) };
    const [told, ...more] = saidOf(seen);
    expect(more).toEqual([]);
    expect(told).toMatchObject({ id: "path/hv1", kind: "add-path" });
    expect(told?.reason).toContain("host hv1 reaches vm1 through gateway-1 alone");
    expect(told?.action).toContain("log in to gateway-2 as well (10.0.0.2:3260)");
    expect(new StandingAdvice().look(0, seen), "logins are under way for a moment").toEqual([]);
  });

  test("nothing is said while sessions are not known, or where there is no other gateway", () => {
    const [one, two] = sessions(1, 0);
    const seen = surroundings();
    expect(idsOf({ ...seen, gateways: [one, { ...two, sessions: undefined }] as never })).toEqual(
      [],
    );
    expect(idsOf({ ...seen, gateways: [one, { ...two, open: false }] as never })).toEqual([]);
    expect(idsOf({ ...seen, gateways: [one] as never })).toEqual([]);
  });

  test("a gateway with far more sessions than others is told, unless public portals spread them", () => {
    const uneven = { gateways: sessions(40, 4) };
    const named = (seen: Surroundings) => idsOf(seen).filter((id) => id.startsWith("sessions/"));
    const seen = { ...surroundings(), ...uneven };
    expect(named(seen)).toEqual(["sessions/gateway-1"]);
    const told = saidOf(seen).find(({ kind }) => kind === "spread-sessions");
    expect(told?.reason).toContain("gateway-1 has 40 sessions, gateways on average 22");
    expect(told?.action).toContain("log in to gateway-2 as well (10.0.0.2:3260)");
    expect(named({ ...seen, gateways: sessions(7, 0) }), "few make no difference").toEqual([]);
    expect(named({ ...seen, gateways: sessions(20, 12) })).toEqual([]);
    const open = gateway("gateway-1", "10.0.0.1:3260", "public");
    const gateways = new Map([[open.gateway, open]]) as never;
    expect(named({ ...surroundings([1, 1, 1], { gateways }), ...uneven })).toEqual([]);
  });

  test("of many hosts with one path as many are named as are read", () => {
    const told = saidOf({ ...surroundings(), gateways: sessions(40, 0) });
    expect(told.filter(({ kind }) => kind === "add-path")).toHaveLength(16);
  });
});
