// What holds between sessions: reinstatement, resets, deleted volumes, trouble behind the portal.
import type { GatewayRecord } from "@ashlar/catalog";
import { MIB, nodeId, SystemError } from "@ashlar/core";
import { type InitiatorPdu, TASK_FUNCTION } from "@ashlar/iscsi";
import { commandPdu, loginTo } from "@ashlar/iscsi/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type MemoryPortal, startMemoryPortal } from "./testing/memory-portal.ts";
import { RawInitiator, senseOf } from "./testing/raw-initiator.ts";

const TUR = "00 00 00 00 00 00";
const READ_ONE = "28 00 00 00 00 00 00 00 01";
const WRITE_ONE = "2a 00 00 00 00 00 00 00 01";
const NONE = 0xffffffff;
const BLOCK = { write: true, expectedLength: 512, data: [Buffer.alloc(512, 7)] };

let portal: MemoryPortal;
let initiators: RawInitiator[];

beforeEach(async () => {
  portal = await startMemoryPortal([{ name: "demo", sizeBytes: 16 * MIB }], { portals: 2 });
  initiators = [];
});

afterEach(async () => {
  for (const initiator of initiators) initiator.close();
  await portal.stop();
});

async function login(path: number, isid = "80123456789a"): Promise<RawInitiator> {
  const initiator = new RawInitiator(portal.addresses[path] ?? "");
  initiators.push(initiator);
  const request = { ...loginTo(portal.iqnOf("demo")), isid } as InitiatorPdu;
  expect(await initiator.ask(request)).toMatchObject({ kind: "loginResponse", status: 0 });
  return initiator;
}

test("the same initiator port at the same portal takes over; at the other it does not", async () => {
  const first = await login(0);
  const elsewhere = await login(1);
  expect(portal.registry.count).toBe(2);
  const second = await login(0);
  await first.closed();
  expect(portal.registry.count).toBe(2);
  expect(senseOf(await second.ask(commandPdu(TUR, {})))).toEqual([6, 0x29, 7]);
  expect(senseOf(await elsewhere.ask(commandPdu(TUR, {})))).toEqual([6, 0x29, 0]);
});

test("a gateway that comes or goes is a port that every host hears of, and asks about", async () => {
  const initiator = await login(1);
  await initiator.ask(commandPdu(TUR, {}));
  const other: GatewayRecord = {
    gateway: nodeId("gateway-2"),
    state: "up",
    incarnation: 2,
    bootId: "other",
    portals: [{ address: "192.0.2.2:3260", tpgt: 7, role: "direct" }],
    draining: false,
  };
  let cmdSn = 2;
  const reportAfter = async (record: GatewayRecord): Promise<string> => {
    portal.setGateway(record);
    const changed = await initiator.ask(commandPdu(TUR, { cmdSn: cmdSn++ }));
    expect(senseOf(changed)).toEqual([6, 0x2a, 6]);
    const cdb = "a3 0a 00 00 00 00 00 00 ff ff";
    const read = { read: true, expectedLength: 0xffff, cmdSn: cmdSn++ };
    const report = await initiator.ask(commandPdu(cdb, read));
    return Buffer.concat("data" in report ? [...report.data] : []).toString("hex");
  };
  const own = "000900010000000100000001000900020000000100000002";
  expect(await reportAfter(other)).toBe(`00000024${own}000900070000000100000007`);
  const unavailable = `00000024${own}030900070002000100000007`;
  expect(await reportAfter({ ...other, draining: true })).toBe(unavailable);
  await reportAfter(other);
  expect(await reportAfter({ ...other, state: "down" })).toBe(unavailable);
  portal.setGateway({ ...other, state: "down", incarnation: 3 });
  const unchanged = await initiator.ask(commandPdu(TUR, { cmdSn }));
  expect(unchanged, "the same ports in the same states").toMatchObject({ status: 0 });
});

const resetOf = (what: keyof typeof TASK_FUNCTION): InitiatorPdu => ({
  kind: "taskManagementRequest",
  immediate: true,
  function: TASK_FUNCTION[what],
  lun: 0,
  itt: 7,
  referencedItt: 0xffffffff,
  cmdSn: 2,
  expStatSn: 0,
  refCmdSn: 0,
  expDataSn: 0,
});

test.each(["logicalUnitReset", "targetWarmReset"] as const)(
  "a %s by one session aborts and informs the others",
  async (what) => {
    const [a, b] = [await login(0), await login(1, "801234567899")];
    for (const initiator of [a, b]) await initiator.ask(commandPdu(TUR, {}));
    const reset = await a.ask(resetOf(what));
    expect(reset).toMatchObject({ kind: "taskManagementResponse", response: 0 });
    for (const initiator of [a, b]) {
      expect(senseOf(await initiator.ask(commandPdu(TUR, { cmdSn: 2 })))).toEqual([6, 0x29, 3]);
      const status = { kind: "scsiResponse", status: 0 };
      expect(await initiator.ask(commandPdu(TUR, { cmdSn: 3 })), "once").toMatchObject(status);
    }
  },
);

test("a reset through another gateway ends the tasks here at once and is told to every nexus", async () => {
  const initiator = await login(0);
  await initiator.ask(commandPdu(TUR, {}));
  const device = portal.deviceOf("demo");
  const begun = new Promise<AbortSignal>((resolve) => {
    device.read = (_offset, _length, { signal }) => {
      resolve(signal);
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      );
    };
  });
  initiator.send(commandPdu(READ_ONE, { read: true, expectedLength: 512, cmdSn: 2, itt: 9 }));
  const signal = await begun;
  const reset = portal.resetVolume("demo");
  expect(signal.aborted, "before anything else happens").toBe(true);
  await reset;
  // The aborted command is not answered: the next answer is of the next command.
  const told = await initiator.ask(commandPdu(TUR, { cmdSn: 3, itt: 10 }));
  expect(told).toMatchObject({ itt: 10 });
  expect(senseOf(told)).toEqual([6, 0x29, 3]);
});

test("a reset that cannot be had is rejected, and others are not disturbed", async () => {
  const [a, b] = [await login(0), await login(1, "801234567899")];
  for (const initiator of [a, b]) await initiator.ask(commandPdu(TUR, {}));
  portal.refuseChanges(new SystemError("cluster/unavailable", "nobody leads"));
  const reset = await a.ask(resetOf("logicalUnitReset"));
  expect(reset).toMatchObject({ kind: "taskManagementResponse", response: 255 });
  for (const initiator of [a, b]) {
    const fields = { read: true, expectedLength: 512, cmdSn: 2 };
    expect(await initiator.ask(commandPdu(READ_ONE, fields))).toMatchObject({ kind: "dataIn" });
  }
});

/** Writes run until they are aborted, and then until the test lets them die. */
function holdWrites(): { readonly aborted: Promise<void>; readonly die: () => void } {
  const device = portal.deviceOf("demo");
  let die = (): void => {};
  let tell = (): void => {};
  const aborted = new Promise<void>((resolve) => {
    tell = resolve;
  });
  device.write = (_offset, _data, { signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        die = () => reject(new SystemError("operation/aborted", "dead"));
        tell();
      });
    });
  return { aborted, die: () => die() };
}

const abortOf = (referencedItt: number, fields: { itt: number; cmdSn: number }): InitiatorPdu => ({
  kind: "taskManagementRequest",
  immediate: true,
  function: TASK_FUNCTION.abortTask,
  lun: 0,
  referencedItt,
  expStatSn: 0,
  refCmdSn: 2,
  expDataSn: 0,
  ...fields,
});

test("an abort is answered when its write is dead, not before, and the write never (P9)", async () => {
  const initiator = await login(0);
  await initiator.ask(commandPdu(TUR, {}));
  const { aborted, die } = holdWrites();
  initiator.send(commandPdu(WRITE_ONE, { ...BLOCK, itt: 20, cmdSn: 2 }));
  initiator.send(abortOf(20, { itt: 21, cmdSn: 3 }));
  await aborted;
  // Whatever was answered already would come before this.
  expect(await initiator.ask(commandPdu(TUR, { itt: 22, cmdSn: 3 }))).toMatchObject({ itt: 22 });
  die();
  expect(await initiator.next()).toMatchObject({ kind: "taskManagementResponse", itt: 21 });
  expect(await initiator.ask(commandPdu(TUR, { itt: 23, cmdSn: 4 }))).toMatchObject({ itt: 23 });
});

test("a session takes over when the writes of the one before are dead, not before (P9)", async () => {
  const first = await login(0);
  await first.ask(commandPdu(TUR, {}));
  const { aborted, die } = holdWrites();
  first.send(commandPdu(WRITE_ONE, { ...BLOCK, itt: 20, cmdSn: 2 }));
  let isIn = false;
  const second = login(0).then((initiator) => {
    isIn = true;
    return initiator;
  });
  await aborted;
  const elsewhere = await login(1);
  await elsewhere.ask(commandPdu(TUR, {}));
  expect(isIn).toBe(false);
  die();
  await first.closed();
  expect(senseOf(await (await second).ask(commandPdu(TUR, {})))).toEqual([6, 0x29, 7]);
});

test("a write that lacks a proof of its path makes the portal ask for it (P9)", async () => {
  const initiator = await login(0);
  await initiator.ask(commandPdu(TUR, {}));
  const device = portal.deviceOf("demo");
  const write = device.write.bind(device);
  const proofs: number[] = [];
  device.write = async (offset, data, options) => {
    const { path } = options;
    const sinceMs = performance.now();
    proofs.push(path.provenAtMs() - sinceMs);
    await new Promise<void>((resolve) => {
      path.onProven(resolve);
      path.prove(sinceMs);
    });
    proofs.push(path.provenAtMs() - sinceMs);
    await write(offset, data, options);
  };
  const ping = await initiator.ask(commandPdu(WRITE_ONE, { ...BLOCK, itt: 20, cmdSn: 2 }));
  expect(ping).toMatchObject({ kind: "nopIn", itt: NONE });
  const ttt = "ttt" in ping ? ping.ttt : NONE;
  const answer = { immediate: true, lun: 0, itt: NONE, ttt, cmdSn: 3, expStatSn: 0, data: [] };
  const response = await initiator.ask({ kind: "nopOut", ...answer });
  expect(response).toMatchObject({ kind: "scsiResponse", itt: 20, status: 0 });
  expect(proofs[0]).toBeLessThan(0);
  expect(proofs[1]).toBeGreaterThanOrEqual(0);
});

test("a deleted volume ends its sessions; a new login does not find it", async () => {
  const initiator = await login(0);
  const iqn = portal.iqnOf("demo");
  portal.deleteVolume("demo");
  await initiator.closed();
  expect(portal.registry.count).toBe(0);
  const late = new RawInitiator(portal.addresses[0] ?? "");
  initiators.push(late);
  expect(await late.ask(loginTo(iqn))).toMatchObject({ kind: "loginResponse", status: 0x0203 });
  await late.closed();
});

test("a cluster that does not answer in time is BUSY to the host", async () => {
  const initiator = await login(0);
  await initiator.ask(commandPdu(TUR, {}));
  portal.deviceOf("demo").failure = new SystemError("chunk/unavailable", "no replica answers");
  const fields = { read: true, expectedLength: 512, cmdSn: 2 };
  expect(await initiator.ask(commandPdu(READ_ONE, fields))).toMatchObject({
    kind: "scsiResponse",
    status: 8,
  });
  const metrics = await portal.metrics.metrics();
  expect(metrics).toContain(
    'ashlar_gateway_command_failures_total{command="READ(10)",status="08"} 1',
  );
});

test("bytes that are no iSCSI end the connection and nothing else", async () => {
  const good = await login(0);
  const bad = new RawInitiator(portal.addresses[0] ?? "");
  initiators.push(bad);
  bad.send(commandPdu(TUR, {}));
  await bad.closed();
  expect(await good.ask(commandPdu(TUR, {}))).toMatchObject({ kind: "scsiResponse" });
});

test("stopping the portal ends every session and leaves no task", async () => {
  const initiator = await login(0);
  initiator.send(commandPdu(READ_ONE, { read: true, expectedLength: 512 }));
  await portal.stop();
  await initiator.closed();
  expect(portal.registry.count).toBe(0);
});
