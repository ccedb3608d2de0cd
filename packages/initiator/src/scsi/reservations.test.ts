// Persistent reservations as a host sends and reads them, and the patience of MSDSM with what it is told
// on the way; against an executor that answers by a script, and against our own device server.
import { KIB } from "@ashlar/core";
import { ManualClock } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { openSession } from "../session/open-session.ts";
import { MemoryDevice } from "../testing/memory-device.ts";
import { MemoryPortal, memoryTarget } from "../testing/memory-portal.ts";
import type { ScsiCommand, ScsiResult } from "./command.ts";
import {
  initiatorPortOf,
  NO_KEY,
  parseCapabilities,
  parseFullStatus,
  parseKeys,
  parseReservation,
  reserveInCdb,
  reserveOutCdb,
  reserveOutList,
} from "./persistent-reserve.ts";
import { PathReservations } from "./reservations.ts";
import { SENSE_KEY, STATUS } from "./sense.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");
const KEY = "00000000000000a1";
const OTHER = "00000000000000b2";
const good: ScsiResult = { status: STATUS.good, dataIn: [], residual: { kind: "none" } };
const attention = (asc: number, ascq = 0): ScsiResult => ({
  ...good,
  status: STATUS.checkCondition,
  sense: { key: SENSE_KEY.unitAttention, asc, ascq },
});
const inTransition: ScsiResult = {
  ...good,
  status: STATUS.checkCondition,
  sense: { key: SENSE_KEY.notReady, asc: 0x04, ascq: 0x0a },
};

/** Answers with the script, then with its last entry for ever; each command takes 100 ms. */
function scripted(...script: readonly ScsiResult[]) {
  const clock = new ManualClock();
  const asked: ScsiCommand[] = [];
  const execute = async (command: ScsiCommand): Promise<ScsiResult> => {
    asked.push(command);
    setImmediate(() => clock.advance(100));
    await new Promise((resolve) => setImmediate(resolve));
    return script[Math.min(asked.length, script.length) - 1] ?? good;
  };
  return { reservations: new PathReservations({ execute }, { lun: 0, clock }), asked, clock };
}

test("the CDBs and lists are those of the standard", () => {
  expect(reserveInCdb("readReservation", 0xffff).toString("hex")).toBe("5e010000000000ffff00");
  const request = { action: "preempt", key: KEY, serviceActionKey: OTHER, type: 5 } as const;
  expect(reserveOutCdb(request, 24).toString("hex")).toBe("5f040500000000001800");
  expect(reserveOutList(request).toString("hex")).toBe(`${KEY}${OTHER}${"00".repeat(8)}`);
  const register = { action: "register", serviceActionKey: KEY, aptpl: true } as const;
  expect(reserveOutList({ ...register, allTargetPorts: true }).toString("hex")).toBe(
    `${NO_KEY}${KEY}0000000005000000`,
  );
  const moveTo = { transportId: bytes("45000014"), relativePort: 2 };
  const move = { action: "registerAndMove", key: KEY, serviceActionKey: OTHER } as const;
  expect(reserveOutList({ ...move, moveTo, unregister: true, aptpl: true }).toString("hex")).toBe(
    `${KEY}${OTHER}0003000200000004${"45000014"}`,
  );
});

test("the answers are read as they are written", () => {
  expect(parseKeys(bytes(`00000007 00000010 ${KEY} ${OTHER}`))).toEqual({
    generation: 7,
    keys: [KEY, OTHER],
  });
  expect(parseReservation(bytes("00000007 00000000"))).toEqual({ generation: 7, held: undefined });
  expect(parseReservation(bytes(`00000007 00000010 ${KEY} 00000000 00 05 0000`)).held).toEqual({
    key: KEY,
    scope: 0,
    type: 5,
  });
  expect(parseCapabilities(bytes("0008 05 81 ea 01 0000"))).toEqual({
    compatibleHandling: false,
    specifiesPorts: false,
    allTargetPorts: true,
    persistsThroughPowerLoss: true,
    persistenceActive: true,
    types: [1, 3, 5, 6, 7, 8],
  });
  expect(parseCapabilities(bytes("0008 00 00 ea 01 0000")).types).toBeUndefined();
});

test.each([
  ["a header", () => parseKeys(bytes("00000007 0000"))],
  ["keys", () => parseKeys(bytes(`00000007 00000010 ${KEY}`))],
  ["half a key", () => parseKeys(bytes("00000007 00000004 00000000"))],
  ["a reservation", () => parseReservation(bytes(`00000007 00000008 ${KEY}`))],
  ["capabilities", () => parseCapabilities(bytes("0008 00 00"))],
  ["a registrant", () => parseFullStatus(bytes(`00000007 00000008 ${KEY}`))],
])("what is cut off is an error: %s", (_, parse) => {
  expect(() => parse()).toThrow(/too short/);
});

test.each([
  ["a reset", attention(0x29)],
  ["reservations that another host changed", attention(0x2a, 0x03)],
  ["another inventory", attention(0x3f, 0x0e)],
  ["a port group in transition", inTransition],
])("it sends the command again after %s", async (_, told) => {
  const { reservations, asked, clock } = scripted(told, good);
  const done = reservations.out({ action: "reserve", key: KEY, type: 5 });
  const wakes = setInterval(() => clock.advance(10), 1);
  await done;
  clearInterval(wakes);
  expect(asked.map(({ cdb }) => cdb.readUInt8(1))).toEqual([1, 1]);
});

test("it sends the command again for three seconds and no longer", async () => {
  const { reservations, asked, clock } = scripted(attention(0x29));
  await expect(reservations.readKeys()).rejects.toThrow("READ KEYS ended with sense 06/29/00");
  expect(clock.nowMs()).toBeGreaterThanOrEqual(3_000);
  expect(asked.length).toBeLessThan(40);
});

test("other attentions, and conflicts, are the answer", async () => {
  const cleared = scripted(attention(0x2f));
  await expect(cleared.reservations.readKeys()).rejects.toThrow(/06\/2f\/00/);
  expect(cleared.asked).toHaveLength(1);
  const conflict = scripted({ ...good, status: STATUS.reservationConflict });
  const reserving = conflict.reservations.out({ action: "reserve", key: KEY, type: 5 });
  await expect(reserving).rejects.toMatchObject({ code: "volume/reserved" });
  expect(conflict.asked).toHaveLength(1);
});

test("our own device server understands, and names the nexus in full", async () => {
  const targetName = "iqn.2026-11.io.ashlar:00000000:memory";
  const initiatorName = "iqn.2026-11.io.ashlar.test:Host";
  const isid = "80aabbcc0001";
  const scsi = memoryTarget(new MemoryDevice({ sizeBytes: 64 * KIB }));
  const portal = new MemoryPortal({ targetName, scsi, tpgt: 2, nowMs: () => performance.now() });
  const options = { targetName, initiatorName, isid };
  const session = await openSession({ host: "memory", port: 1 }, options, portal);
  const reservations = new PathReservations(session, { lun: 0 });
  const action = "registerAndIgnoreExistingKey";
  await reservations.out({ action, serviceActionKey: KEY, aptpl: true });
  await reservations.out({ action: "reserve", key: KEY, type: 5 });
  expect((await reservations.readKeys()).keys).toEqual([KEY]);
  expect((await reservations.readReservation()).held).toEqual({ key: KEY, scope: 0, type: 5 });
  expect((await reservations.readFullStatus()).registrants).toEqual([
    {
      key: KEY,
      holdsReservation: true,
      allTargetPorts: false,
      type: 5,
      relativePort: 2,
      initiatorPort: initiatorPortOf(initiatorName, isid),
    },
  ]);
  expect((await reservations.reportCapabilities()).types).toEqual([1, 3, 5, 6, 7, 8]);
  session.drop();
});
