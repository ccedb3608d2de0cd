// P11 in the catalog: a change of reservations is in force with its commit, and not before.
import { NO_RESERVATIONS, type ReservationAction } from "@ashlar/reservations";
import { expect, test } from "vitest";
import { decodeState, encodeState } from "../encode.ts";
import { TestCatalog, testNode, testVolume } from "../testing/cluster.ts";

const volume = testVolume(1);
const KEY = "00000000000000aa";
const NO_KEY = "0".repeat(16);
const A = { initiatorPort: "iqn.test:a,i,0x1", targetPort: 1 };
const B = { initiatorPort: "iqn.test:b,i,0x1", targetPort: 2 };
const register: ReservationAction = {
  kind: "register",
  nexus: A,
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

/** Prepares and commits. */
function reserve(catalog: TestCatalog, action: ReservationAction): void {
  const { generation } = catalog.done({ kind: "prepareReservation", volume, action });
  catalog.done({ kind: "commitChange", volume, generation });
}

test("P11: it is prepared, and in force with its commit", () => {
  const catalog = made();
  gatewayUp(catalog, 7);
  gatewayUp(catalog, 8);
  const prepared = catalog.done({ kind: "prepareReservation", volume, action: register });
  expect(prepared).toEqual({ volume, generation: 2, outcome: "changed" });
  expect(recordOf(catalog)).toMatchObject({
    generation: 1,
    change: { kind: "reservations", action: register },
    reservations: NO_RESERVATIONS,
  });
  const again = catalog.apply({ kind: "prepareReservation", volume, action: register });
  expect(again.result).toMatchObject({ code: "volume/changing" });
  const read = decodeState(encodeState(catalog.state));
  expect(read.view.volumes.get(volume)).toEqual(recordOf(catalog));
  catalog.done({ kind: "commitChange", volume, generation: 2 });
  expect(recordOf(catalog)).toMatchObject({ generation: 2, change: undefined });
  const ports = recordOf(catalog)?.reservations.registrants.map(({ targetPort }) => targetPort);
  expect(ports, "all portals of the cluster").toEqual([1, 7, 8]);
  expect(catalog.faults).toEqual([]);
});

test("what changes nothing, or is in conflict, is answered without a new generation", () => {
  const catalog = made();
  reserve(catalog, register);
  const conflict = { ...register, nexus: A } as const;
  const outcomes = [
    [conflict, "conflict"],
    [{ ...register, nexus: B, newKey: NO_KEY }, "unchanged"],
    [{ kind: "release", nexus: A, key: KEY, type: 1 }, "unchanged"],
    [
      { kind: "preempt", nexus: A, key: KEY, victim: NO_KEY, type: 1, abort: false },
      "invalidParameter",
    ],
  ] as const;
  for (const [action, outcome] of outcomes) {
    const result = catalog.done({ kind: "prepareReservation", volume, action });
    expect(result).toEqual({ volume, generation: 0, outcome });
  }
  expect(recordOf(catalog)).toMatchObject({ generation: 2, change: undefined });
  expect(catalog.faults).toEqual([]);
});

test("what is given up changes nothing", () => {
  const catalog = made();
  catalog.done({ kind: "prepareReservation", volume, action: register });
  catalog.done({ kind: "abortChange", volume, generation: 2 });
  expect(recordOf(catalog)).toMatchObject({ generation: 3, reservations: NO_RESERVATIONS });
  expect(catalog.faults).toEqual([]);
});

test("RESERVE ends with a reset, and with the gateway it came through, also while a change is prepared", () => {
  const catalog = made();
  const gateway = gatewayUp(catalog, 7);
  const take = { kind: "take", nexus: A, gateway } as const;
  reserve(catalog, take);
  catalog.done({ kind: "advanceGeneration", volume, reset: true });
  expect(recordOf(catalog)?.reservations.reserved).toBeUndefined();
  reserve(catalog, take);
  catalog.done({ kind: "prepareReservation", volume, action: { kind: "give", nexus: A } });
  gatewayUp(catalog, 7, "restarted");
  expect(recordOf(catalog)?.reservations.reserved).toBeUndefined();
  const generation = (recordOf(catalog)?.generation ?? 0) + 1;
  catalog.done({ kind: "commitChange", volume, generation });
  expect(recordOf(catalog)).toMatchObject({ generation, change: undefined });
  reserve(catalog, { ...take, gateway: gateway + 1 });
  catalog.done({ kind: "gatewayDown", gateway: testNode(7), incarnation: gateway + 1 });
  expect(recordOf(catalog)?.reservations.reserved).toBeUndefined();
  expect(catalog.faults).toEqual([]);
});
