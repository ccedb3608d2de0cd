// Requests on a unit's reservations, of any kind, for property tests.
import { RESERVATION_TYPE, type ReservationAction, registrationOf } from "@ashlar/reservations";
import fc from "fast-check";
import type { Command } from "../command.ts";
import { type TestCatalog, testVolume } from "./cluster.ts";

/** Of initiators that hosts of such histories have, too. */
const nexus = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 }))
  .map(([name, targetPort]) => ({
    initiatorPort: `iqn.2026-11.test:${name},i,0x1`,
    targetPort,
  }));
const key = fc.integer({ min: 0, max: 3 }).map((number) => number.toString(16).padStart(16, "0"));
const seen = fc.oneof({ weight: 5, arbitrary: fc.constant(100) }, fc.nat(20));
const type = fc.constantFrom(...Object.values(RESERVATION_TYPE));
/** Of few hosts and keys, so that they meet. */
export const reservationActions: fc.Arbitrary<ReservationAction> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("register" as const),
      nexus,
      seen,
      key: fc.option(key, { nil: undefined, freq: 1 }),
      newKey: key,
      allTargetPorts: fc.boolean(),
      aptpl: fc.boolean(),
    }),
  },
  fc.record({
    kind: fc.constantFrom("reserve" as const, "release" as const),
    nexus,
    seen,
    key,
    type,
  }),
  fc.record({ kind: fc.constant("clear" as const), nexus, seen, key }),
  fc.record({
    kind: fc.constant("preempt" as const),
    nexus,
    seen,
    key,
    victim: key,
    type,
    abort: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("registerAndMove" as const),
    nexus,
    seen,
    key,
    newKey: key,
    unregister: fc.boolean(),
    aptpl: fc.boolean(),
    to: nexus,
  }),
  fc.record({
    kind: fc.constantFrom("take" as const, "give" as const),
    nexus,
    seen,
    gateway: fc.nat(20),
    serial: fc.nat(2),
  }),
);

/** Who asks knows its key; what it asks for is done at once. */
export const reserving: fc.Arbitrary<(catalog: TestCatalog) => Command> = fc
  .tuple(fc.integer({ min: 1, max: 2 }).map(testVolume), reservationActions)
  .map(([volume, asked]) => (catalog) => {
    const record = catalog.state.view.volumes.get(volume);
    if (record?.change) {
      return { kind: "commitChange", volume, generation: record.generation + 1 };
    }
    const own = record && registrationOf(record.reservations, asked.nexus);
    const known = own && asked.kind !== "take" && asked.kind !== "give" ? { key: own.key } : {};
    return { kind: "prepareReservation", volume, action: { ...asked, ...known } };
  });
