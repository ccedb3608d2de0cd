// PERSISTENT RESERVE IN and OUT, RESERVE and RELEASE as hosts send them; the rules behind are tested with the
// state machine.
import { SystemError } from "@ashlar/core";
import type { Reservations } from "@ashlar/reservations";
import { describe, expect, test } from "vitest";
import { STATUS } from "./sense.ts";
import {
  LocalReservations,
  NEXUS_A,
  NEXUS_B,
  openTarget,
  type TargetHarness,
  testNexus,
} from "./testing/index.ts";

const KEY_A = "00000000000000aa";
const KEY_B = "00000000000000bb";
const NO_KEY = "0".repeat(16);
const { good: GOOD, reservationConflict: CONFLICT } = STATUS;
const WRITE = "2a 00 00000000 00 0001 00";
const READ = "28 00 00000000 00 0001 00";
const TUR = "000000000000";
const BLOCK = Buffer.alloc(512, 7);

interface Out {
  readonly nexus?: typeof NEXUS_A;
  readonly key?: string;
  readonly serviceActionKey?: string;
  readonly type?: number;
  readonly flags?: number;
}

const hex = (value: number, digits = 2): string => value.toString(16).padStart(digits, "0");

function reserveOut(harness: TargetHarness, serviceAction: number, out: Out = {}) {
  const { nexus, key = NO_KEY, serviceActionKey = NO_KEY, type = 0, flags = 0 } = out;
  const list = Buffer.from(`${key}${serviceActionKey}00000000${hex(flags)}000000`, "hex");
  const cdb = `5f ${hex(serviceAction)} ${hex(type)} 0000 ${hex(list.length, 8)} 00`;
  return harness.run(cdb, { data: list, ...(nexus ? { nexus } : {}) });
}

const reserveIn = (harness: TargetHarness, serviceAction: number, allocationLength = 0xffff) =>
  harness.run(`5e ${hex(serviceAction)} 0000000000 ${hex(allocationLength, 4)} 00`);

const registerBoth = async (harness: TargetHarness) => {
  const a = await reserveOut(harness, 0, { serviceActionKey: KEY_A, flags: 1 });
  const b = await reserveOut(harness, 6, { nexus: NEXUS_B, serviceActionKey: KEY_B });
  expect([a.status, b.status]).toEqual([GOOD, GOOD]);
};

describe("PERSISTENT RESERVE IN", () => {
  test("READ KEYS lists every registration, and the whole length when cut", async () => {
    const harness = openTarget();
    expect((await reserveIn(harness, 0)).data.toString("hex")).toBe("0".repeat(16));
    await registerBoth(harness);
    const keys = `00000002${hex(16, 8)}${KEY_A}${KEY_B}`;
    expect((await reserveIn(harness, 0)).data.toString("hex")).toBe(keys);
    expect((await reserveIn(harness, 0, 16)).data.toString("hex")).toBe(keys.slice(0, 32));
  });

  test("READ RESERVATION shows holder's key, scope and type; none of all registrants'", async () => {
    const harness = openTarget();
    await registerBoth(harness);
    expect((await reserveIn(harness, 1)).data.toString("hex")).toBe("0000000200000000");
    await reserveOut(harness, 1, { key: KEY_A, type: 5 });
    const head = `00000002${hex(16, 8)}`;
    expect((await reserveIn(harness, 1)).data.toString("hex")).toBe(
      `${head}${KEY_A}0000000000050000`,
    );
    await reserveOut(harness, 2, { key: KEY_A, type: 5 });
    await reserveOut(harness, 1, { key: KEY_A, type: 7 });
    expect((await reserveIn(harness, 1)).data.toString("hex")).toBe(
      `${head}${NO_KEY}0000000000070000`,
    );
  });

  test("REPORT CAPABILITIES: all types, ALL_TG_PT, kept over power loss", async () => {
    const harness = openTarget();
    expect((await reserveIn(harness, 2)).data.toString("hex")).toBe("00080580ea010000");
    await registerBoth(harness);
    expect((await reserveIn(harness, 2)).data[3]).toBe(0x80);
    await reserveOut(harness, 0, { key: KEY_A, serviceActionKey: KEY_A, flags: 1 });
    expect((await reserveIn(harness, 2)).data[3]).toBe(0x81);
  });

  test("READ FULL STATUS names port and initiator, and who holds", async () => {
    const harness = openTarget();
    await registerBoth(harness);
    await reserveOut(harness, 1, { nexus: NEXUS_B, key: KEY_B, type: 1 });
    const { data } = await reserveIn(harness, 3);
    expect(data.readUInt32BE(4)).toBe(data.length - 8);
    const idLength = data.readUInt32BE(8 + 20);
    const first = data.subarray(8, 8 + 24 + idLength);
    const second = data.subarray(8 + 24 + idLength);
    expect([first.toString("hex", 0, 8), first[12], first.readUInt16BE(18)]).toEqual([KEY_A, 0, 1]);
    expect([second.toString("hex", 0, 8), second[12], second[13], second.readUInt16BE(18)]).toEqual(
      [KEY_B, 1, 1, 2],
    );
    const transportId = second.subarray(24);
    expect(transportId[0]).toBe(0x45);
    expect(transportId.readUInt16BE(2)).toBe(transportId.length - 4);
    expect(transportId.toString("latin1", 4).replaceAll("\0", "")).toBe(NEXUS_B.initiatorPort);
    expect(transportId.length % 4).toBe(0);
  });
});

describe("PERSISTENT RESERVE OUT", () => {
  test.each([0, 23, 25, 32])("a list of %i bytes is no list", async (length) => {
    const { run } = openTarget();
    const data = Buffer.alloc(length);
    expect((await run(`5f 00 00 0000 ${hex(length, 8)} 00`, { data })).sense).toBe("05/1a/00");
  });

  test("a list that does not come whole is not evaluated", async () => {
    const { run, unit } = openTarget();
    const outcome = await run(`5f 06 00 0000 ${hex(24, 8)} 00`, { data: Buffer.alloc(16, 1) });
    expect(outcome.sense).toBe("05/1a/00");
    expect(unit.reservations.current.registrants).toEqual([]);
  });

  test.each([
    [1, 0x15],
    [1, 2],
    [2, 4],
    [4, 9],
    [5, 0],
  ])("service action %i with scope and type %i is refused", async (serviceAction, type) => {
    const harness = openTarget();
    await registerBoth(harness);
    const outcome = await reserveOut(harness, serviceAction, { key: KEY_A, type });
    expect(outcome.sense).toBe("05/24/00");
  });

  test("SPEC_I_PT is refused, an unknown service action too", async () => {
    const harness = openTarget();
    expect((await reserveOut(harness, 0, { serviceActionKey: KEY_A, flags: 8 })).sense).toBe(
      "05/26/00",
    );
    expect((await reserveOut(harness, 8)).sense).toBe("05/24/00");
    expect((await reserveIn(harness, 4)).sense).toBe("05/24/00");
  });

  test("what comes of it: conflict, invalid release, no room", async () => {
    const harness = openTarget();
    await registerBoth(harness);
    expect((await reserveOut(harness, 1, { key: KEY_B, type: 5 })).status).toBe(CONFLICT);
    await reserveOut(harness, 1, { key: KEY_A, type: 5 });
    expect((await reserveOut(harness, 2, { key: KEY_A, type: 1 })).sense).toBe("05/26/04");
    const preempted = await reserveOut(harness, 4, {
      nexus: NEXUS_B,
      key: KEY_B,
      serviceActionKey: KEY_A,
      type: 5,
    });
    expect(preempted.status).toBe(GOOD);
    expect((await harness.run(WRITE, { data: BLOCK })).status).toBe(CONFLICT);
    expect((await harness.run(WRITE, { data: BLOCK, nexus: NEXUS_B })).status).toBe(GOOD);
  });

  test("REGISTER AND MOVE gives the reservation to the port of a TransportID", async () => {
    const harness = openTarget();
    await registerBoth(harness);
    await reserveOut(harness, 1, { key: KEY_A, type: 1 });
    const name = Buffer.from(`${NEXUS_B.initiatorPort}\0`);
    const id = Buffer.concat([Buffer.from("45000000", "hex"), name]);
    const padded = Buffer.concat([id, Buffer.alloc((4 - (id.length % 4)) % 4)]);
    padded.writeUInt16BE(padded.length - 4, 2);
    const head = Buffer.from(`${KEY_A}${KEY_B}00020002${hex(padded.length, 8)}`, "hex");
    const list = Buffer.concat([head, padded]);
    const moved = await harness.run(`5f 07 00 0000 ${hex(list.length, 8)} 00`, { data: list });
    expect(moved.status).toBe(GOOD);
    expect((await harness.run(WRITE, { data: BLOCK })).status).toBe(CONFLICT);
    expect((await harness.run(WRITE, { data: BLOCK, nexus: NEXUS_B })).status).toBe(GOOD);
    const nobody = Buffer.concat([head, Buffer.alloc(24)]);
    const unnamed = await harness.run(`5f 07 00 0000 ${hex(nobody.length, 8)} 00`, {
      data: nobody,
    });
    expect(unnamed.sense).toBe("05/26/00");
  });
});

describe("commands beside a reservation", () => {
  /** Commands of a third host, by their reservation rule. */
  const ALLOWED = ["120000006000", "a0000000000000001000 0000", "030000001200"];
  const INFORMING = [TUR, "25 00000000000000 0000", "9e10 0000000000000000 00000020 0000"];
  const READING = [
    READ,
    "1a003f00ff00",
    "2f 00 00000000 00 0001 00",
    "9e12 0000000000000000 00000020 0000",
  ];
  const WRITING = [
    WRITE,
    "2e 00 00000000 00 0001 00",
    "41 00 00000000 00 0001 00",
    "42 00 0000000000 0018 00",
    "89 00 0000000000000000 000000 01 0000",
    "8b 00 0000000000000000 00000001 0000",
    "35 00 00000000 00 0000 00",
    "1b0000000100",
  ];
  const other = testNexus("c", 1);
  const statuses = (harness: TargetHarness, commands: readonly string[]) =>
    Promise.all(
      commands.map(async (cdb) => (await harness.run(cdb, { nexus: other, data: BLOCK })).status),
    );
  const isConflict = (status: number): boolean => status === CONFLICT;

  test.each([
    ["write exclusive", 5, false],
    ["exclusive access", 6, true],
  ])("%s: what changes something conflicts", async (_name, type, excludesReads) => {
    const harness = openTarget();
    await registerBoth(harness);
    await reserveOut(harness, 1, { key: KEY_A, type });
    expect((await statuses(harness, [...ALLOWED, ...INFORMING])).some(isConflict)).toBe(false);
    expect((await statuses(harness, READING)).every(isConflict)).toBe(excludesReads);
    expect((await statuses(harness, READING)).some(isConflict)).toBe(excludesReads);
    expect((await statuses(harness, WRITING)).every(isConflict)).toBe(true);
  });

  test("RESERVE(6): all but a few conflict, until RELEASE(6) of the same nexus", async () => {
    const harness = openTarget();
    expect((await harness.run("160000000000")).status).toBe(GOOD);
    expect((await statuses(harness, ALLOWED)).some(isConflict)).toBe(false);
    const rest = [...INFORMING, ...READING, ...WRITING, "5e 00 0000000000 0100 00"];
    expect((await statuses(harness, rest)).every(isConflict)).toBe(true);
    expect((await harness.run("160000000000", { nexus: other })).status).toBe(CONFLICT);
    expect((await harness.run("170000000000", { nexus: other })).status).toBe(GOOD);
    expect((await harness.run(TUR)).status).toBe(GOOD);
    expect((await harness.run("57 00 00000000000000 00")).status).toBe(GOOD);
    expect((await harness.run(TUR, { nexus: other })).status).toBe(GOOD);
    expect((await harness.run("161000000000")).sense).toBe("05/24/00");
  });

  test("RESERVE(10) ends with its nexus", async () => {
    const harness = openTarget();
    await harness.run("56 00 00000000000000 00");
    expect((await harness.run(TUR, { nexus: other })).status).toBe(CONFLICT);
    await harness.target.loseNexus(NEXUS_A);
    expect((await harness.run(TUR, { nexus: other })).status).toBe(GOOD);
  });
});

describe("a copy of the reservations that may be old", () => {
  /** Shows a copy until it has to be proved. */
  class StaleReservations extends LocalReservations {
    copy: Reservations | undefined;
    real: Reservations | undefined;
    failure: Error | undefined;

    override async proved(): Promise<Reservations> {
      if (this.failure) throw this.failure;
      if (this.real) this.current = this.real;
      return this.current;
    }
  }

  async function reservedByB(): Promise<[TargetHarness, StaleReservations]> {
    const reservations = new StaleReservations();
    const harness = openTarget({ reservations });
    await registerBoth(harness);
    await reserveOut(harness, 1, { nexus: NEXUS_B, key: KEY_B, type: 1 });
    return [harness, reservations];
  }

  test("makes no conflict that is over", async () => {
    const [harness, reservations] = await reservedByB();
    reservations.real = { ...reservations.current, held: undefined };
    expect((await harness.run(WRITE, { data: BLOCK })).status).toBe(GOOD);
  });

  test("P6: a command of which a part was done is not done again when only the rest was forbidden", async () => {
    const [harness, reservations] = await reservedByB();
    const real = reservations.current;
    const free = { ...real, held: undefined };
    reservations.current = free;
    reservations.real = free;
    let writes = 0;
    harness.device.write = async (_offset, _data, { permit }) => {
      permit?.();
      writes += 1;
      // Between its parts another host had the volume, and has released it.
      if (writes === 1) reservations.current = real;
      permit?.();
    };
    expect((await harness.run(WRITE, { data: BLOCK })).status).toBe(STATUS.busy);
    expect(writes).toBe(1);
  });

  test("and that cannot be proved is BUSY, never a conflict; nor is it told", async () => {
    const [harness, reservations] = await reservedByB();
    reservations.failure = new SystemError("cluster/unavailable", "no leader");
    expect((await harness.run(WRITE, { data: BLOCK })).status).toBe(STATUS.busy);
    expect((await reserveIn(harness, 1)).status).toBe(STATUS.busy);
    expect((await harness.run(WRITE, { data: BLOCK, nexus: NEXUS_B })).status).toBe(GOOD);
  });
});
