// Reservations between sessions: who is told of what, whose tasks end, and what ends with a session.
import { MIB, SystemError } from "@ashlar/core";
import type { InitiatorPdu, TargetPdu, UnknownPdu } from "@ashlar/iscsi";
import { commandPdu, loginTo } from "@ashlar/iscsi/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type MemoryPortal, startMemoryPortal } from "./testing/memory-portal.ts";
import { RawInitiator, senseOf } from "./testing/raw-initiator.ts";

const TUR = "00 00 00 00 00 00";
const WRITE_ONE = "2a 00 00 00 00 00 00 00 01";
const RESERVE_6 = "16 00 00 00 00 00";
const BLOCK = { write: true, expectedLength: 512, data: [Buffer.alloc(512, 7)] };
const NO_KEY = "0".repeat(16);
const KEY_A = "00000000000000aa";
const KEY_B = "00000000000000bb";
const GOOD = 0x00;
const BUSY = 0x08;
const CONFLICT = 0x18;

let portal: MemoryPortal;
let hosts: Host[];

beforeEach(async () => {
  portal = await startMemoryPortal([{ name: "demo", sizeBytes: 16 * MIB }], { portals: 2 });
  hosts = [];
});

afterEach(async () => {
  for (const { wire } of hosts) wire.close();
  await portal.stop();
});

/** A session that numbers its commands. */
class Host {
  readonly wire: RawInitiator;
  private cmdSn = 1;

  constructor(wire: RawInitiator) {
    this.wire = wire;
  }

  command(cdb: string, fields: object = {}): InitiatorPdu {
    const numbers = { cmdSn: this.cmdSn, itt: 100 + this.cmdSn };
    this.cmdSn += 1;
    return commandPdu(cdb, { ...fields, ...numbers });
  }

  async run(cdb: string, fields: object = {}): Promise<TargetPdu | UnknownPdu> {
    return this.wire.ask(this.command(cdb, fields));
  }

  async status(cdb: string, fields: object = {}): Promise<number> {
    const answer = await this.run(cdb, fields);
    return "status" in answer ? answer.status : -1;
  }

  reserveOut(serviceAction: number, { key = NO_KEY, newKey = NO_KEY, type = 0 }): Promise<number> {
    const data = [Buffer.from(`${key}${newKey}0000000000000000`, "hex")];
    const cdb = `5f 0${serviceAction} 0${type} 00 00 00 00 00 18 00`;
    return this.status(cdb, { write: true, expectedLength: 24, data });
  }

  logout(): InitiatorPdu {
    const numbers = { cmdSn: this.cmdSn, expStatSn: 0, itt: 99, cid: 0 };
    return { kind: "logoutRequest", immediate: true, reason: 0, ...numbers };
  }
}

const ISIDS = { a: "80000000000a", b: "80000000000b" } as const;

/** Logs in, each host from a port of its own, and takes the unit attention of a new nexus. */
async function login(path: number, port: keyof typeof ISIDS): Promise<Host> {
  const host = new Host(new RawInitiator(portal.addresses[path] ?? ""));
  hosts.push(host);
  const request = { ...loginTo(portal.iqnOf("demo")), isid: ISIDS[port] } as InitiatorPdu;
  const answer = await host.wire.ask(request);
  expect(answer).toMatchObject({ kind: "loginResponse", status: 0 });
  await host.run(TUR);
  return host;
}

/** Two hosts at two portals; the first has the reservation. */
async function reservedByA(type = 5): Promise<[Host, Host]> {
  const [a, b] = [await login(0, "a"), await login(1, "b")];
  expect(await a.reserveOut(6, { newKey: KEY_A })).toBe(GOOD);
  expect(await b.reserveOut(6, { newKey: KEY_B })).toBe(GOOD);
  expect(await a.reserveOut(1, { key: KEY_A, type })).toBe(GOOD);
  return [a, b];
}

test("who is pre-empted through another portal is told once, and can write no more", async () => {
  const [a, b] = await reservedByA();
  expect(await b.reserveOut(4, { key: KEY_B, newKey: KEY_A, type: 5 })).toBe(GOOD);
  expect(senseOf(await a.run(WRITE_ONE, BLOCK))).toEqual([6, 0x2a, 5]);
  expect(await a.status(WRITE_ONE, BLOCK)).toBe(CONFLICT);
  expect(await b.status(WRITE_ONE, BLOCK)).toBe(GOOD);
});

test("a release is told to the other registrants, a clear as well", async () => {
  const [a, b] = await reservedByA();
  expect(await a.reserveOut(2, { key: KEY_A, type: 5 })).toBe(GOOD);
  expect(senseOf(await b.run(TUR))).toEqual([6, 0x2a, 4]);
  expect(await b.reserveOut(3, { key: KEY_B })).toBe(GOOD);
  expect(senseOf(await a.run(TUR))).toEqual([6, 0x2a, 3]);
  expect(await b.status(TUR), "who asked is told by its status").toBe(GOOD);
});

/** Writes run until they are aborted. */
function holdWrites(): { readonly begun: Promise<void>; readonly aborted: Promise<void> } {
  const device = portal.deviceOf("demo");
  let begin = (): void => {};
  let abort = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const aborted = new Promise<void>((resolve) => {
    abort = resolve;
  });
  device.write = (_offset, _data, { signal }) =>
    new Promise((_, reject) => {
      begin();
      signal.addEventListener("abort", () => {
        abort();
        reject(new SystemError("operation/aborted", "dead"));
      });
    });
  return { begun, aborted };
}

test("PREEMPT AND ABORT ends the victim's tasks, which are not answered; PREEMPT does not", async () => {
  const [a, b] = await reservedByA();
  const { begun, aborted } = holdWrites();
  let isAborted = false;
  void aborted.then(() => {
    isAborted = true;
  });
  a.wire.send(a.command(WRITE_ONE, BLOCK));
  await begun;
  expect(await b.reserveOut(4, { key: KEY_B, newKey: KEY_A, type: 5 })).toBe(GOOD);
  expect(await b.status(TUR)).toBe(GOOD);
  expect(isAborted).toBe(false);
  expect(senseOf(await a.run(TUR))).toEqual([6, 0x2a, 5]);
  expect(await a.reserveOut(6, { newKey: KEY_A })).toBe(GOOD);
  expect(await b.reserveOut(5, { key: KEY_B, newKey: KEY_A, type: 5 })).toBe(GOOD);
  await aborted;
  const next = await a.run(TUR);
  expect(senseOf(next), "the aborted write is not answered").toEqual([6, 0x2a, 5]);
  expect(next).toMatchObject({ kind: "scsiResponse" });
});

test("a logout is answered when what it had reserved is free, a lost connection frees it too", async () => {
  const [a, b] = [await login(0, "a"), await login(1, "b")];
  expect(await a.status(RESERVE_6)).toBe(GOOD);
  expect(await b.status(TUR)).toBe(CONFLICT);
  expect(await a.wire.ask(a.logout())).toMatchObject({ kind: "logoutResponse", response: 0 });
  expect(await b.status(TUR)).toBe(GOOD);
  const again = await login(0, "a");
  expect(await again.status(RESERVE_6)).toBe(GOOD);
  expect(await b.status(TUR)).toBe(CONFLICT);
  again.wire.close();
  await expect.poll(() => b.status(TUR)).toBe(GOOD);
});

test("a reset through one portal ends RESERVE and leaves persistent reservations alone", async () => {
  const [a, b] = [await login(0, "a"), await login(1, "b")];
  expect(await a.status(RESERVE_6)).toBe(GOOD);
  await portal.resetVolume("demo");
  expect(senseOf(await b.run(TUR))).toEqual([6, 0x29, 3]);
  expect(await b.status(TUR)).toBe(GOOD);
  expect(senseOf(await a.run(TUR))).toEqual([6, 0x29, 3]);
  expect(await a.reserveOut(6, { newKey: KEY_A })).toBe(GOOD);
  expect(await a.reserveOut(1, { key: KEY_A, type: 1 })).toBe(GOOD);
  await portal.resetVolume("demo");
  expect(senseOf(await b.run(TUR))).toEqual([6, 0x29, 3]);
  expect(await b.status(WRITE_ONE, BLOCK)).toBe(CONFLICT);
});

test("a session that takes over keeps the registration of its nexus", async () => {
  await reservedByA(1);
  const again = await login(0, "a");
  expect(await again.status(WRITE_ONE, BLOCK)).toBe(GOOD);
  const elsewhere = await login(1, "a");
  expect(await elsewhere.status(WRITE_ONE, BLOCK), "another nexus").toBe(CONFLICT);
});

test("changes that cannot be had are BUSY, and so is a conflict that cannot be proved", async () => {
  const [, b] = await reservedByA(1);
  portal.refuseChanges(new SystemError("cluster/unavailable", "nobody leads"));
  expect(await b.reserveOut(4, { key: KEY_B, newKey: KEY_A, type: 5 })).toBe(BUSY);
  expect(await b.status(WRITE_ONE, BLOCK), "proved by a read").toBe(CONFLICT);
  portal.deviceOf("demo").failure = new SystemError("chunk/unavailable", "no replica answers");
  expect(await b.status(WRITE_ONE, BLOCK)).toBe(BUSY);
});
