import { soaked } from "@ashlar/core/testing";
import {
  afterAccessLoss,
  decide,
  NO_RESERVATIONS,
  type ReservationAction,
  type Reservations,
  type ReservationType,
  rightsOf,
} from "@ashlar/reservations";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  answerTo,
  isAllowed,
  isMapped,
  NO_KEY,
  REQUEST_ACTIONS,
  reportOf,
  UNUSED_UNIT,
  type UnitRequest,
  type UnitState,
  withAccess,
} from "./unit-model.ts";

const KEYS = ["a", "b", "c"].map((digit) => digit.repeat(16));
const [A = "", B = ""] = KEYS;
const NEXUSES = ["host-1@1", "host-1@2", "host-2@1", "host-3@3"];
const HOSTS = ["host-1", "host-2", "host-3"];
/** What leads to reservations. */
const OFTEN = ["registerAndIgnoreExistingKey", "reserve"] as const;
const request = (fields: Partial<UnitRequest>): UnitRequest => ({
  nexus: "host-1@1",
  action: "registerAndIgnoreExistingKey",
  key: NO_KEY,
  other: NO_KEY,
  type: 5,
  ...fields,
});

/** The same, as the product is asked. */
function actionOf({ nexus, action, key, other, type }: UnitRequest, seen: number) {
  const [initiatorPort = "", port] = nexus.split("@");
  const by = { nexus: { initiatorPort, targetPort: Number(port) }, seen };
  const kindOfType = type as ReservationType;
  const registers = { allTargetPorts: false, aptpl: false, newKey: other };
  const actions: Readonly<Record<UnitRequest["action"], ReservationAction>> = {
    register: { kind: "register", ...by, key, ...registers },
    registerAndIgnoreExistingKey: { kind: "register", ...by, key: undefined, ...registers },
    reserve: { kind: "reserve", ...by, key, type: kindOfType },
    release: { kind: "release", ...by, key, type: kindOfType },
    clear: { kind: "clear", ...by, key },
    preempt: { kind: "preempt", ...by, key, victim: other, type: kindOfType, abort: false },
    preemptAndAbort: { kind: "preempt", ...by, key, victim: other, type: kindOfType, abort: true },
  };
  return actions[action];
}

const nameOf = ({ initiatorPort, targetPort }: { initiatorPort: string; targetPort: number }) =>
  `${initiatorPort}@${targetPort}`;

function asUnit({ generation, registrants, held }: Reservations): UnitState {
  const all = registrants.map((one) => ({ nexus: nameOf(one), key: one.key }));
  return {
    generation,
    registrants: all.sort((a, b) => (a.nexus < b.nexus ? -1 : 1)),
    held: held && { type: held.type, holder: held.holder && nameOf(held.holder) },
    access: [],
    aborted: [],
  };
}

/** Mostly by its own key, and released mostly by who holds: else hardly anything would be reserved. */
function inPlace(drawn: UnitRequest, { registrants, held }: UnitState): UnitRequest {
  if (drawn.key === KEYS[2]) return drawn;
  const isOfHeld = drawn.action === "release" && drawn.other !== NO_KEY && held !== undefined;
  const { nexus = drawn.nexus, type } = isOfHeld
    ? { nexus: held.holder, type: held.type }
    : { type: drawn.type };
  const own = registrants.find((one) => one.nexus === nexus)?.key;
  return { ...drawn, nexus, type, key: own ?? NO_KEY };
}

const ANSWERS = {
  changed: "done",
  unchanged: "done",
  conflict: "conflict",
  fault: "invalid",
} as const;

describe("a unit that stands alone", () => {
  it("answers as the product decides, whatever was asked before", () => {
    const requests = fc.record({
      nexus: fc.constantFrom(...NEXUSES),
      action: fc.constantFrom(...REQUEST_ACTIONS, ...OFTEN),
      key: fc.constantFrom(...KEYS, NO_KEY),
      other: fc.constantFrom(...KEYS, NO_KEY),
      type: fc.constantFrom(1, 3, 5, 6, 7, 8),
    });
    const answers = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(requests, { minLength: 5, maxLength: 40 }), (sequence) => {
        let unit: UnitState = UNUSED_UNIT;
        let product = NO_RESERVATIONS;
        for (const drawn of sequence) {
          const asked = inPlace(drawn, unit);
          const outcome = decide(product, actionOf(asked, product.changes), { ports: [1, 2, 3] });
          if (outcome.kind === "changed") product = outcome.state;
          const { answer, state } = answerTo(unit, asked);
          expect(answer).toBe(ANSWERS[outcome.kind]);
          expect({ ...state, aborted: [] }).toEqual(asUnit(product));
          unit = state;
          for (const nexus of NEXUSES) {
            const [initiatorPort = "", port] = nexus.split("@");
            const rights = rightsOf(product, { initiatorPort, targetPort: Number(port) });
            expect(isAllowed(unit, nexus, "read")).toBe(rights.read);
            expect(isAllowed(unit, nexus, "write")).toBe(rights.write);
          }
          for (const host of HOSTS) {
            const left = afterAccessLoss(product, ({ initiatorPort }) => initiatorPort !== host);
            const without = withAccess(unit, host, "none");
            expect({ ...without, aborted: [] }).toEqual(asUnit(left));
          }
          const met = `${asked.action} ${outcome.kind}`;
          answers.set(met, (answers.get(met) ?? 0) + 1);
        }
      }),
      { numRuns: soaked(200) },
    );
    for (const action of REQUEST_ACTIONS) {
      expect(answers.get(`${action} changed`), action).toBeGreaterThan(0);
    }
  });

  it("tells what is registered and reserved", () => {
    const { state: registered } = answerTo(UNUSED_UNIT, request({ other: A }));
    const { state: both } = answerTo(registered, request({ nexus: "host-2@3", other: B }));
    const { state } = answerTo(both, request({ action: "reserve", key: A }));
    expect(reportOf(state, "readKeys")).toEqual({ generation: 2, keys: [A, B] });
    expect(reportOf(state, "readReservation")).toEqual({
      generation: 2,
      held: { key: A, type: 5 },
    });
    expect(reportOf(state, "readFullStatus")).toEqual({
      generation: 2,
      registrants: [`host-1@1 ${A} 5`, `host-2@3 ${B} 0`],
    });
    expect(reportOf(UNUSED_UNIT, "readReservation")).toEqual({ generation: 0, held: null });
  });

  it("is used by the hosts that it is mapped to", () => {
    const mapped = withAccess(withAccess(UNUSED_UNIT, "host-1", "readOnly"), "host-2", "readWrite");
    expect(isMapped(mapped, "host-1@2", "read")).toBe(true);
    expect(isMapped(mapped, "host-1@2", "write")).toBe(false);
    expect(isMapped(mapped, "host-2@1", "write")).toBe(true);
    expect(isMapped(withAccess(mapped, "host-2", "none"), "host-2@1", "read")).toBe(false);
  });
});
