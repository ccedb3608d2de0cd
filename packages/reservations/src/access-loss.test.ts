// What becomes of reservations when a host may not use the unit any more, of which no standard speaks.
import { describe, expect, test } from "vitest";
import { afterAccessLoss, decide, type ReservationAction } from "./action.ts";
import { noticesFor } from "./attention.ts";
import {
  initiatorNameOf,
  isHeldByAll,
  type NexusId,
  NO_KEY,
  NO_RESERVATIONS,
  RESERVATION_TYPE,
  type Reservations,
} from "./state.ts";

const nexus = (name: string, targetPort = 1): NexusId => ({
  initiatorPort: `iqn.test:${name},i,0x800000000001`,
  targetPort,
});
const A = nexus("a");
const A2 = nexus("a", 2);
const B = nexus("b", 2);
const C = nexus("c");
const KEY = "00000000000000aa";
const TYPES = Object.values(RESERVATION_TYPE);

/** The state after an action that takes effect. */
function after(state: Reservations, action: Partial<ReservationAction>): Reservations {
  const asked = { seen: state.changes, ...action } as ReservationAction;
  const outcome = decide(state, asked, { ports: [1, 2] });
  if (outcome.kind !== "changed") throw new Error(`${action.kind}: ${outcome.kind}`);
  return outcome.state;
}
const registered = (state: Reservations, who: NexusId): Reservations =>
  after(state, {
    kind: "register",
    nexus: who,
    key: NO_KEY,
    newKey: KEY,
    allTargetPorts: false,
    aptpl: true,
  });
const FOUR = [A, A2, B, C].reduce(registered, NO_RESERVATIONS);

/** The host of that name loses the unit. */
const withoutHost = (state: Reservations, name: string): Reservations =>
  afterAccessLoss(state, (one) => initiatorNameOf(one) !== `iqn.test:${name}`);

const told = (before: Reservations, later: Reservations) =>
  [A, A2, B, C].map((who) => noticesFor(before, later, who));

describe("a host that may not use the unit any more", () => {
  test("is not registered through any port, in one change that PRGENERATION counts", () => {
    const left = withoutHost(FOUR, "a");
    expect(left.registrants).toEqual([
      { ...B, key: KEY },
      { ...C, key: KEY },
    ]);
    expect([left.generation, left.changes]).toEqual([FOUR.generation + 1, FOUR.changes + 1]);
    expect(left.aptpl).toBe(true);
    expect(told(FOUR, left)).toEqual([
      ["registrationsPreempted"],
      ["registrationsPreempted"],
      [],
      [],
    ]);
  });

  test.each(TYPES)("holds no reservation of type %i; registrants who had access hear", (type) => {
    const held = after(FOUR, { kind: "reserve", nexus: A2, key: KEY, type });
    const left = withoutHost(held, "a");
    expect(left.held).toEqual(isHeldByAll(type) ? held.held : undefined);
    const hears = type >= 5 && !isHeldByAll(type) ? ["reservationsReleased"] : [];
    expect(told(held, left).slice(2)).toEqual([hears, hears]);
    const others = withoutHost(withoutHost(left, "b"), "c");
    expect([others.held, others.registrants]).toEqual([undefined, []]);
  });

  test("leaves what another one holds", () => {
    const held = after(FOUR, { kind: "reserve", nexus: B, key: KEY, type: 5 });
    const left = withoutHost(held, "a");
    expect(left.held).toEqual(held.held);
    expect(told(held, left)[2]).toEqual([]);
  });

  test("has no RESERVE any more", () => {
    const take = { kind: "take", nexus: A, gateway: 7, serial: 1 } as const;
    const reserved = after(NO_RESERVATIONS, take);
    const left = withoutHost(reserved, "a");
    expect([left.reserved, left.generation]).toEqual([undefined, reserved.generation]);
    expect(left.changes).toBe(reserved.changes + 1);
    expect(told(reserved, left)[0]).toEqual(["reservationsReleased"]);
    expect(withoutHost(reserved, "b")).toBe(reserved);
  });

  test("that had nothing changes nothing", () => {
    expect(withoutHost(FOUR, "d")).toBe(FOUR);
  });
});

test("a port belongs to the initiator of its name, in whatever case", () => {
  expect(initiatorNameOf({ initiatorPort: "iqn.2026-11.Test:A,i,0x1", targetPort: 1 })).toBe(
    "iqn.2026-11.test:a",
  );
});
