// Who is shown a volume, who is let in, and what a running session sees when that changes. The initiators of
// two hosts and a stranger are made of the PDU codec.
import type { HostChap, HostRecord, Mapping } from "@ashlar/catalog";
import { hostName, initiatorName, MIB, SystemError, scatterJoin } from "@ashlar/core";
import { type InitiatorPdu, TASK_FUNCTION, type TargetPdu, type UnknownPdu } from "@ashlar/iscsi";
import { commandPdu, loginTo } from "@ashlar/iscsi/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type MemoryPortal, startMemoryPortal } from "./testing/memory-portal.ts";
import { RawInitiator, senseOf } from "./testing/raw-initiator.ts";

const TUR = "00 00 00 00 00 00";
const READ_ONE = "28 00 00 00 00 00 00 00 01";
const WRITE_ONE = "2a 00 00 00 00 00 00 00 01";
const REPORT_LUNS = "a0 00 00 00 00 00 00 00 00 10";
const BLOCK = { write: true, expectedLength: 512, data: [Buffer.alloc(512, 7)] };
const ONE = { read: true, expectedLength: 512 };
const GOOD = { kind: "scsiResponse", status: 0 };
const NO_UNIT = [5, 0x25, 0];
const LUNS_CHANGED = [6, 0x3f, 0x0e];
const LOGIN = { forbidden: 0x0202, unavailable: 0x0301, unauthenticated: 0x0201 };

let portal: MemoryPortal;
let initiators: RawInitiator[];

beforeEach(async () => {
  const volumes = ["demo", "other"].map((name) => ({ name, sizeBytes: 16 * MIB }));
  portal = await startMemoryPortal(volumes);
  initiators = [];
  for (const name of ["one", "two"]) portal.tell(hostOf(name));
});
afterEach(async () => {
  for (const initiator of initiators) initiator.close();
  await portal.stop();
});

const iqn = (name: string): string => `iqn.2026-11.test:${name}`;

function hostOf(
  name: string,
  chap?: HostChap,
): { readonly kind: "host"; readonly record: HostRecord } {
  const initiators = [initiatorName(iqn(name))];
  return { kind: "host", record: { host: hostName(name), initiators, chap, createdAt: "" } };
}

const to = (host: string, lun = 0, readOnly = false): Mapping => ({
  host: hostName(host),
  lun,
  readOnly,
});

const map = (...mappings: Mapping[]): void =>
  portal.changeVolume("demo", { access: "mapped", mappings });

function dial(): RawInitiator {
  const initiator = new RawInitiator(portal.addresses[0] ?? "");
  initiators.push(initiator);
  return initiator;
}

const loginOf = (name: string): InitiatorPdu => loginTo(portal.iqnOf("demo"), [], iqn(name));

/** A session of a host that has heard of its power on. */
async function login(name: string, lun = 0): Promise<RawInitiator> {
  const initiator = dial();
  expect(await initiator.ask(loginOf(name))).toMatchObject({ kind: "loginResponse", status: 0 });
  expect(senseOf(await initiator.ask(commandPdu(TUR, { lun })))).toEqual([6, 0x29, 0]);
  return initiator;
}

async function discovered(name: string): Promise<string[]> {
  const initiator = dial();
  await initiator.ask(loginTo(undefined, [], iqn(name)));
  const text = { kind: "textRequest", immediate: true, final: true, continued: false } as const;
  const serials = { lun: 0, itt: 2, ttt: 0xffffffff, cmdSn: 1, expStatSn: 0 };
  const told = await initiator.ask({
    ...text,
    ...serials,
    data: [Buffer.from("SendTargets=All\0")],
  });
  const data = "data" in told ? scatterJoin([...told.data]).toString() : "";
  const names = data.split("\0").filter((pair) => pair.startsWith("TargetName="));
  return names.map((pair) => pair.slice(pair.lastIndexOf(":") + 1));
}

/** Of the units of a nexus. */
function lunsIn(answer: TargetPdu | UnknownPdu): number[] {
  const data = "data" in answer ? scatterJoin([...answer.data]) : Buffer.alloc(4);
  return Array.from({ length: data.readUInt32BE(0) / 8 }, (_, at) => data.readUInt8(9 + at * 8));
}

/** Commands of one kind run until they are interrupted, or let go. */
function hold(kind: "read" | "write") {
  const device = portal.deviceOf("demo");
  const { read, write } = device;
  const waiting: (() => void)[] = [];
  let tell = (_signal: AbortSignal): void => {};
  const begun = new Promise<AbortSignal>((resolve) => {
    tell = resolve;
  });
  const held = ({ signal }: { readonly signal: AbortSignal }): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push(resolve);
      signal.addEventListener("abort", () => reject(new SystemError("operation/aborted", "dead")));
      tell(signal);
    });
  if (kind === "write") {
    device.write = async (offset, data, options) => {
      await held(options);
      await write.call(device, offset, data, options);
    };
  } else {
    device.read = async (offset, length, options) => {
      await held(options);
      return read.call(device, offset, length, options);
    };
  }
  const letGo = (): void => {
    for (const go of waiting.splice(0)) go();
  };
  return { begun, letGo };
}

test("discovery shows what an initiator may use, and nothing else", async () => {
  map(to("one"));
  expect(await discovered("one")).toEqual(["demo", "other"]);
  for (const name of ["two", "stranger"]) expect(await discovered(name)).toEqual(["other"]);
  portal.changeVolume("other", { access: "mapped", mappings: [] });
  expect(await discovered("two")).toEqual([]);
});

test("a stranger is refused a mapped volume, when this gateway is sure to know who may use it", async () => {
  map(to("one"));
  expect(await dial().ask(loginOf("stranger"))).toMatchObject({ status: LOGIN.forbidden });
  await login("one");
  portal.changeVolumeLater("demo", { mappings: [to("one"), to("two")] });
  await login("two");
  portal.refuseChanges(new SystemError("cluster/unavailable", "nobody leads"));
  expect(await dial().ask(loginOf("stranger"))).toMatchObject({ status: LOGIN.unavailable });
});

test("a host that is unmapped keeps its session and has no unit; mapped again it has, and others never notice", async () => {
  map(to("one"), to("two"));
  const [one, two] = [await login("one"), await login("two")];
  const reads = hold("read");
  two.send(commandPdu(READ_ONE, { ...ONE, cmdSn: 2, itt: 9 }));
  const signal = await reads.begun;
  map(to("two"));
  expect(signal.aborted).toBe(false);
  expect(
    lunsIn(await one.ask(commandPdu(REPORT_LUNS, { read: true, expectedLength: 16, cmdSn: 2 }))),
  ).toEqual([]);
  const told = [];
  for (const cmdSn of [3, 4]) told.push(senseOf(await one.ask(commandPdu(TUR, { cmdSn }))));
  expect(told).toEqual([LUNS_CHANGED, NO_UNIT]);
  reads.letGo();
  expect(await two.next()).toMatchObject({ kind: "dataIn", itt: 9 });
  expect(await two.ask(commandPdu(TUR, { cmdSn: 3 }))).toMatchObject(GOOD);
  map(to("one"), to("two"));
  expect(senseOf(await one.ask(commandPdu(TUR, { cmdSn: 5 })))).toEqual(LUNS_CHANGED);
  expect(await one.ask(commandPdu(TUR, { cmdSn: 6 }))).toMatchObject(GOOD);
  expect(await two.ask(commandPdu(TUR, { cmdSn: 4 }))).toMatchObject(GOOD);
  expect(portal.registry.count).toBe(2);
});

test.each([
  ["unmapped", [], NO_UNIT],
  ["mapped read-only", [to("one", 0, true)], [7, 0x27, 0]],
  ["mapped at another LUN", [to("one", 5)], NO_UNIT],
])(
  "P11: a write under way of a host that is %s is interrupted at once and says why",
  async (_how, mappings, sense) => {
    map(to("one"));
    const one = await login("one");
    const writes = hold("write");
    one.send(commandPdu(WRITE_ONE, { ...BLOCK, cmdSn: 2, itt: 9 }));
    const signal = await writes.begun;
    map(...mappings);
    expect(signal.aborted, "before anything else happens").toBe(true);
    const answer = await one.next();
    expect(answer).toMatchObject({ kind: "scsiResponse", itt: 9, status: 2 });
    expect(senseOf(answer)).toEqual(sense);
  },
);

test("P11: a write whose data is still to come is not begun any more", async () => {
  map(to("one"));
  const one = await login("one");
  const device = portal.deviceOf("demo");
  device.write = () => Promise.reject(new SystemError("internal", "nothing may come here"));
  const r2t = await one.ask(
    commandPdu(WRITE_ONE, { write: true, expectedLength: 512, cmdSn: 2, itt: 9 }),
  );
  expect(r2t).toMatchObject({ kind: "r2t", itt: 9 });
  map();
  const ttt = "ttt" in r2t ? r2t.ttt : 0;
  const part = { final: true, lun: 0, itt: 9, ttt, expStatSn: 0, dataSn: 0, bufferOffset: 0 };
  const answer = await one.ask({ kind: "dataOut", ...part, data: [Buffer.alloc(512, 7)] });
  expect(senseOf(answer)).toEqual(NO_UNIT);
});

test("a host that may only read goes on reading, is told so, and may not write", async () => {
  map(to("one"));
  const one = await login("one");
  const reads = hold("read");
  one.send(commandPdu(READ_ONE, { ...ONE, cmdSn: 2, itt: 9 }));
  const signal = await reads.begun;
  map(to("one", 0, true));
  expect(signal.aborted).toBe(false);
  reads.letGo();
  expect(await one.next()).toMatchObject({ kind: "dataIn", itt: 9 });
  expect(senseOf(await one.ask(commandPdu(TUR, { cmdSn: 3 })))).toEqual([6, 0x2a, 1]);
  expect(senseOf(await one.ask(commandPdu(WRITE_ONE, { ...BLOCK, cmdSn: 4 })))).toEqual([
    7, 0x27, 0,
  ]);
});

const resetAt = (
  lun: number,
  fields: { readonly itt: number; readonly cmdSn: number },
): InitiatorPdu => ({
  kind: "taskManagementRequest",
  immediate: true,
  function: TASK_FUNCTION.logicalUnitReset,
  lun,
  referencedItt: 0xffffffff,
  expStatSn: 0,
  refCmdSn: 0,
  expDataSn: 0,
  ...fields,
});

test("a unit is reset under the number that its host knows, for hosts that know it under another too", async () => {
  map(to("one", 7), to("two", 0));
  const [one, two] = [await login("one", 7), await login("two")];
  expect(
    lunsIn(await one.ask(commandPdu(REPORT_LUNS, { read: true, expectedLength: 16, cmdSn: 2 }))),
  ).toEqual([7]);
  expect(await one.ask(resetAt(0, { itt: 20, cmdSn: 3 })), "no such LUN").toMatchObject({
    response: 2,
  });
  expect(await one.ask(resetAt(7, { itt: 21, cmdSn: 3 }))).toMatchObject({ response: 0 });
  expect(senseOf(await one.ask(commandPdu(TUR, { lun: 7, cmdSn: 3 })))).toEqual([6, 0x29, 3]);
  expect(senseOf(await two.ask(commandPdu(TUR, { cmdSn: 2 })))).toEqual([6, 0x29, 3]);
});

const chap: HostChap = { user: "", secret: "a secret of one", mutual: undefined };

test("a host with CHAP has to prove itself everywhere, also where every initiator is let in", async () => {
  portal.tell(hostOf("one", chap));
  for (const request of [loginOf("one"), loginTo(undefined, [], iqn("one"))]) {
    expect(await dial().ask(request)).toMatchObject({ status: LOGIN.unauthenticated });
  }
  await login("stranger");
});

test("another secret ends no session, and who logged in before it was asked for keeps what it had", async () => {
  map(to("one"));
  const one = await login("one");
  for (const secret of [chap.secret, "another secret"])
    portal.tell(hostOf("one", { ...chap, secret }));
  expect(await one.ask(commandPdu(TUR, { cmdSn: 2 }))).toMatchObject(GOOD);
});

test("who logged in as nobody gets nothing of a host that has to prove itself", async () => {
  const [stranger, other] = [await login("three"), await login("four")];
  portal.tell(hostOf("three", chap));
  portal.tell(hostOf("four"));
  map(to("three"), to("four"));
  for (const cmdSn of [2, 3]) await stranger.ask(commandPdu(TUR, { cmdSn }));
  expect(senseOf(await stranger.ask(commandPdu(TUR, { cmdSn: 4 })))).toEqual(NO_UNIT);
  expect(await other.ask(commandPdu(TUR, { cmdSn: 2 }))).toMatchObject(GOOD);
});

test("an initiator that comes to a mapped host, or leaves it, sees so at once", async () => {
  const late = await login("late");
  map(to("one"));
  for (const cmdSn of [2, 3]) await late.ask(commandPdu(TUR, { cmdSn }));
  const { record } = hostOf("one");
  const initiators = [...record.initiators, initiatorName(iqn("late"))];
  portal.tell({ kind: "host", record: { ...record, initiators } });
  expect(senseOf(await late.ask(commandPdu(TUR, { cmdSn: 4 })))).toEqual(LUNS_CHANGED);
  expect(await late.ask(commandPdu(TUR, { cmdSn: 5 }))).toMatchObject(GOOD);
  portal.tell({ kind: "host", record });
  expect(senseOf(await late.ask(commandPdu(TUR, { cmdSn: 6 })))).toEqual(LUNS_CHANGED);
  expect(senseOf(await late.ask(commandPdu(TUR, { cmdSn: 7 })))).toEqual(NO_UNIT);
});
