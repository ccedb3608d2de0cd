// P11 in the catalog: a change of reservations is in force with its commit, and not before.
import { type HostName, hostName, initiatorName } from "@ashlar/core";
import { NO_RESERVATIONS, type ReservationAction } from "@ashlar/reservations";
import { describe, expect, test } from "vitest";
import type { CommandOf } from "../command.ts";
import { decodeState, encodeState } from "../encode.ts";
import type { AccessEdit } from "../records.ts";
import { TestCatalog, testNode, testVolume } from "../testing/cluster.ts";

const volume = testVolume(1);
const KEY = "00000000000000aa";
const NO_KEY = "0".repeat(16);
const A = { initiatorPort: "iqn.test:a,i,0x1", targetPort: 1 };
const B = { initiatorPort: "iqn.test:b,i,0x1", targetPort: 2 };
const register: ReservationAction = {
  kind: "register",
  nexus: A,
  seen: 100,
  key: NO_KEY,
  newKey: KEY,
  allTargetPorts: true,
  aptpl: true,
};

function made(): TestCatalog {
  const catalog = TestCatalog.created(2);
  catalog.volume(1, 2);
  return catalog;
}

const recordOf = (catalog: TestCatalog) => catalog.state.view.volumes.get(volume);

function gatewayUp(catalog: TestCatalog, gateway: number, bootId = "b"): number {
  const portals = [{ address: `127.0.0.1:326${gateway}`, tpgt: gateway, role: "direct" as const }];
  const fields = { gateway: testNode(gateway), bootId, portals, incarnationSeen: 0 };
  return catalog.done({ kind: "gatewayUp", ...fields }).incarnation;
}

const reserveAction = { kind: "reserve", nexus: A, seen: 100, key: KEY, type: 5 } as const;

/** Prepares, and commits what is not in force at once. */
function reserve(catalog: TestCatalog, action: ReservationAction): void {
  const made = catalog.done({ kind: "prepareReservation", volume, action });
  const { generation, inForce } = made;
  if (!inForce) catalog.done({ kind: "commitChange", volume, generation });
}

test("P11: what takes a right away is prepared, and in force with its commit", () => {
  const catalog = made();
  reserve(catalog, register);
  const prepared = catalog.done({ kind: "prepareReservation", volume, action: reserveAction });
  expect(prepared).toEqual({ volume, generation: 3, outcome: "changed", inForce: false });
  expect(recordOf(catalog)).toMatchObject({
    generation: 2,
    change: { kind: "reservations", action: reserveAction },
    reservations: { held: undefined },
  });
  const again = catalog.apply({ kind: "prepareReservation", volume, action: reserveAction });
  expect(again.result).toMatchObject({ code: "volume/changing" });
  const read = decodeState(encodeState(catalog.state));
  expect(read.view.volumes.get(volume)).toEqual(recordOf(catalog));
  catalog.done({ kind: "commitChange", volume, generation: 3 });
  expect(recordOf(catalog)).toMatchObject({
    generation: 3,
    change: undefined,
    reservations: { held: { type: 5, holder: A } },
  });
  expect(catalog.faults).toEqual([]);
});

test("what takes no right away is in force at once, under the next generation", () => {
  const catalog = made();
  const result = catalog.done({ kind: "prepareReservation", volume, action: register });
  expect(result).toEqual({ volume, generation: 2, outcome: "changed", inForce: true });
  expect(recordOf(catalog)).toMatchObject({ generation: 2, change: undefined });
  expect(recordOf(catalog)?.reservations.registrants).toHaveLength(1);
  expect(catalog.faults).toEqual([]);
});

test("R9: registrations through all ports come in one order, whatever order the gateways came in", () => {
  const catalog = made();
  for (const gateway of [9, 7, 8]) gatewayUp(catalog, gateway);
  const other = new TestCatalog(decodeState(encodeState(catalog.state)));
  for (const each of [catalog, other]) reserve(each, register);
  const orders = [catalog, other].map((each) =>
    recordOf(each)?.reservations.registrants.map(({ targetPort }) => targetPort),
  );
  expect(orders).toEqual([
    [1, 7, 8, 9],
    [1, 7, 8, 9],
  ]);
});

test("what changes nothing, or is in conflict, is answered without a new generation", () => {
  const catalog = made();
  reserve(catalog, register);
  const outcomes = [
    [register, "conflict"],
    [{ ...register, nexus: B, newKey: NO_KEY }, "unchanged"],
    [{ ...reserveAction, kind: "release", type: 1 }, "unchanged"],
    [{ kind: "take", nexus: B, seen: 100, gateway: 99, serial: 1 }, "gone"],
    [
      { ...reserveAction, kind: "preempt", victim: NO_KEY, type: 1, abort: false },
      "invalidParameter",
    ],
  ] as const;
  for (const [action, outcome] of outcomes) {
    const result = catalog.done({ kind: "prepareReservation", volume, action });
    expect(result).toEqual({ volume, generation: 0, outcome, inForce: false });
  }
  expect(recordOf(catalog)).toMatchObject({ generation: 2, change: undefined });
  expect(catalog.faults).toEqual([]);
});

test("what is given up changes nothing", () => {
  const catalog = made();
  reserve(catalog, register);
  const before = recordOf(catalog)?.reservations;
  catalog.done({ kind: "prepareReservation", volume, action: reserveAction });
  catalog.done({ kind: "abortChange", volume, generation: 3 });
  expect(recordOf(catalog)).toMatchObject({ generation: 4, reservations: before });
  expect(catalog.faults).toEqual([]);
});

test("RESERVE ends with a reset, and with the gateway it came through", () => {
  const catalog = made();
  const gateway = gatewayUp(catalog, 7);
  const take = { kind: "take", nexus: A, seen: 100, gateway, serial: 1 } as const;
  reserve(catalog, take);
  expect(recordOf(catalog)?.reservations.reserved).toMatchObject({ gateway, serial: 1 });
  catalog.done({ kind: "advanceGeneration", volume, reset: true });
  expect(recordOf(catalog)?.reservations.reserved).toBeUndefined();
  reserve(catalog, take);
  gatewayUp(catalog, 7, "restarted");
  expect(recordOf(catalog)?.reservations.reserved).toBeUndefined();
  reserve(catalog, { ...take, gateway: gateway + 1 });
  catalog.done({ kind: "gatewayDown", gateway: testNode(7), incarnation: gateway + 1 });
  expect(recordOf(catalog)?.reservations.reserved).toBeUndefined();
  expect(catalog.faults).toEqual([]);
});

test("a gateway that is lost while its RESERVE is prepared reserves nothing with the commit", () => {
  const catalog = made();
  const gateway = gatewayUp(catalog, 7);
  const take = { kind: "take", nexus: A, seen: 100, gateway, serial: 1 } as const;
  const { generation } = catalog.done({ kind: "prepareReservation", volume, action: take });
  catalog.done({ kind: "gatewayDown", gateway: testNode(7), incarnation: gateway });
  catalog.done({ kind: "commitChange", volume, generation });
  expect(recordOf(catalog)).toMatchObject({ generation, reservations: NO_RESERVATIONS });
  expect(catalog.faults).toEqual([]);
});

describe("P11: who may not use the volume has reserved nothing", () => {
  const one = hostName("one");
  const two = hostName("two");
  const ofOne = { initiatorPort: "iqn.2026-11.test:1,i,0x1", targetPort: 1 };
  const ofTwo = { initiatorPort: "iqn.2026-11.test:2,i,0x1", targetPort: 2 };
  const map = (host: HostName): AccessEdit => ({
    kind: "map",
    mapping: { host, lun: 0, readOnly: false },
  });
  const keyless = { ...register, allTargetPorts: false } as const;

  function edit(catalog: TestCatalog, asked: AccessEdit, end: "commit" | "abort" = "commit"): void {
    const prepare = { kind: "prepareChange", volume, change: { kind: "access", edit: asked } };
    const { generation } = catalog.done(prepare as CommandOf<"prepareChange">);
    catalog.done({ kind: `${end}Change`, volume, generation });
  }

  /** Two hosts that are mapped and registered; the first one holds a reservation. */
  function reserved(): TestCatalog {
    const catalog = made();
    for (const [host, name] of [
      [one, "1"],
      [two, "2"],
    ] as const) {
      const initiators = [initiatorName(`iqn.2026-11.test:${name}`)];
      catalog.done({ kind: "createHost", host, initiators, chap: undefined, createdAt: "" });
      edit(catalog, map(host));
    }
    for (const nexus of [ofOne, ofTwo]) reserve(catalog, { ...keyless, nexus });
    reserve(catalog, { ...reserveAction, nexus: ofOne });
    return catalog;
  }

  test("an unmap takes it with its commit, and not when it is given up", () => {
    const catalog = reserved();
    const before = recordOf(catalog)?.reservations;
    edit(catalog, { kind: "unmap", host: one }, "abort");
    expect(recordOf(catalog)?.reservations).toEqual(before);
    edit(catalog, { kind: "unmap", host: one });
    expect(recordOf(catalog)?.reservations).toMatchObject({
      registrants: [ofTwo],
      held: undefined,
      generation: 3,
    });
    catalog.done({ kind: "deleteHost", host: one });
    expect(catalog.faults).toEqual([]);
  });

  test("the first map takes it from strangers, another one and an opening from nobody", () => {
    const catalog = reserved();
    const before = recordOf(catalog)?.reservations;
    edit(catalog, { kind: "map", mapping: { host: one, lun: 3, readOnly: true } });
    edit(catalog, { kind: "open" });
    expect(recordOf(catalog)?.reservations).toEqual(before);
    reserve(catalog, register);
    expect(recordOf(catalog)?.reservations.registrants).toHaveLength(3);
    edit(catalog, map(two));
    expect(recordOf(catalog)?.reservations.registrants).toEqual([{ ...ofTwo, key: KEY }]);
    expect(catalog.faults).toEqual([]);
  });

  test("what it asked for before and comes late makes nothing", () => {
    const catalog = reserved();
    edit(catalog, { kind: "unmap", host: one });
    reserve(catalog, { ...reserveAction, nexus: ofTwo });
    const outcomes = [
      [{ ...keyless, nexus: ofOne }, "aborted"],
      [{ kind: "take", nexus: ofOne, seen: 100, gateway: 7, serial: 1 }, "gone"],
      [{ kind: "give", nexus: ofOne, seen: 100, gateway: 7, serial: 1 }, "conflict"],
      [
        {
          kind: "registerAndMove",
          nexus: ofTwo,
          seen: 100,
          key: KEY,
          newKey: KEY,
          unregister: true,
          aptpl: true,
          to: ofOne,
        },
        "invalidParameter",
      ],
    ] as const;
    for (const [action, outcome] of outcomes) {
      const result = catalog.done({ kind: "prepareReservation", volume, action });
      expect(result).toMatchObject({ outcome, inForce: false });
    }
    const gateway = gatewayUp(catalog, 7);
    const take = { kind: "take", nexus: ofOne, seen: 100, gateway, serial: 1 } as const;
    const late = catalog.done({ kind: "prepareReservation", volume, action: take });
    expect(late.outcome).toBe("aborted");
    expect(catalog.faults).toEqual([]);
  });
});
