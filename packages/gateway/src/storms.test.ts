// Many at once: hosts that all log in and out, connections that say nothing or nonsense. Whoever is at work
// notices none of it.
import { connect, type Socket } from "node:net";
import { hostName, initiatorName, MIB } from "@ashlar/core";
import type { InitiatorPdu } from "@ashlar/iscsi";
import { commandPdu, loginTo } from "@ashlar/iscsi/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type MemoryPortal, startMemoryPortal } from "./testing/memory-portal.ts";
import { RawInitiator } from "./testing/raw-initiator.ts";

const TUR = "00 00 00 00 00 00";
const READ_ONE = "28 00 00 00 00 00 00 00 01";
const HOSTS = 200;
const ROUNDS = 3;
const SILENT = 1_000;
/** A connection that has said nothing holds a socket and a state machine. */
const SILENT_BYTES_MAX = 64 * 1024;

let portal: MemoryPortal;
const open: { close(): void }[] = [];

beforeEach(async () => {
  portal = await startMemoryPortal([{ name: "demo", sizeBytes: 16 * MIB }], { portals: 2 });
});

afterEach(async () => {
  for (const each of open.splice(0)) each.close();
  await portal.stop();
});

const isidOf = (number: number): string => `80${number.toString(16).padStart(10, "0")}`;

async function login(path: number, number: number): Promise<RawInitiator> {
  const initiator = new RawInitiator(portal.addresses[path] ?? "");
  open.push(initiator);
  const request = { ...loginTo(portal.iqnOf("demo")), isid: isidOf(number) } as InitiatorPdu;
  expect(await initiator.ask(request)).toMatchObject({ kind: "loginResponse", status: 0 });
  await initiator.ask(commandPdu(TUR, {}));
  return initiator;
}

/** Reads until it is told to stop; resolves with how often, each time without a word about others. */
function working(initiator: RawInitiator): { stop(): Promise<number> } {
  let isOver = false;
  const work = async (): Promise<number> => {
    let cmdSn = 2;
    for (; !isOver; cmdSn += 1) {
      const read = { read: true, expectedLength: 512, cmdSn, itt: 100 + cmdSn };
      expect(await initiator.ask(commandPdu(READ_ONE, read))).toMatchObject({
        kind: "dataIn",
        hasStatus: true,
        status: 0,
      });
    }
    return cmdSn - 2;
  };
  const done = work();
  return {
    stop: () => {
      isOver = true;
      return done;
    },
  };
}

const logout = (): InitiatorPdu => ({
  kind: "logoutRequest",
  immediate: true,
  reason: 0,
  itt: 99,
  cid: 0,
  cmdSn: 2,
  expStatSn: 0,
});

test(`${HOSTS} hosts log in and out at once, and hosts come and go: a session at work notices nothing`, async () => {
  const witness = working(await login(0, 0));
  for (let round = 0; round < ROUNDS; round += 1) {
    const storm = Array.from({ length: HOSTS }, async (_, index) => {
      const host = await login(index % 2, index + 1);
      const answer = await host.ask(logout());
      expect(answer).toMatchObject({ kind: "logoutResponse", response: 0 });
      await host.closed();
    });
    const name = hostName(`host-${round}`);
    const initiators = [initiatorName(`iqn.2026-11.test:host-${round}`)];
    const record = { host: name, initiators, chap: undefined, createdAt: "" };
    portal.tell({ kind: "host", record });
    await Promise.all(storm);
    portal.tell({ kind: "hostDeleted", host: name });
  }
  expect(await witness.stop()).toBeGreaterThan(ROUNDS);
  await expect.poll(() => portal.registry.count).toBe(1);
});

/** A connection that sends these bytes and nothing more. */
async function connectSaying(bytes: Buffer): Promise<Socket> {
  const [host = "", port = ""] = (portal.addresses[0] ?? "").split(":");
  const socket = connect(Number(port), host);
  open.push({ close: () => socket.destroy() });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  if (bytes.length > 0) socket.write(bytes);
  return socket;
}

test(`${SILENT} connections that send nothing, or half a header, cost little and keep nobody out`, async () => {
  const before = process.memoryUsage().heapUsed;
  const half = Buffer.alloc(24, 0x43);
  await Promise.all(
    Array.from({ length: SILENT }, (_, index) =>
      connectSaying(index % 2 === 0 ? Buffer.alloc(0) : half),
    ),
  );
  const host = await login(0, 1);
  const read = { read: true, expectedLength: 512, cmdSn: 2 };
  expect(await host.ask(commandPdu(READ_ONE, read))).toMatchObject({ kind: "dataIn", status: 0 });
  const grown = process.memoryUsage().heapUsed - before;
  expect(grown / SILENT).toBeLessThan(SILENT_BYTES_MAX);
});

test("connections that send nonsense are closed, and a session at work notices nothing", async () => {
  const witness = working(await login(0, 0));
  const nonsense = [
    Buffer.from("GET / HTTP/1.1\r\nHost: portal\r\n\r\n".padEnd(96)),
    Buffer.alloc(4096, 0xff),
    Buffer.concat([Buffer.from([0x43, 0x87, 0, 0, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(40)]),
    Buffer.alloc(48),
  ];
  const sockets = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      connectSaying(nonsense[index % nonsense.length] ?? Buffer.alloc(0)),
    ),
  );
  await Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve).resume())),
  );
  expect(await witness.stop()).toBeGreaterThan(0);
});
