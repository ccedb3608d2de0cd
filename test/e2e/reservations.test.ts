// Persistent reservations of a real cluster: one state for all gateways, kept over a restart of everything, and a
// write of a host that was shut out never lands, wherever it waited (P11).
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ChunkClient } from "../support/chunk-client.ts";
import { LabWatch } from "../support/lab-watch.ts";
import {
  CONFLICT,
  GOOD,
  ReservingHost,
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY,
} from "../support/reserving-host.ts";
import { StoppedProcesses, unreadAt } from "../support/stopped-process.ts";
import { type CheckDocument, TestLab, type VolumeDocument } from "../support/test-lab.ts";
import { until } from "../support/tools.ts";

const DEADLINE_MS = 60_000;
const VOLUME = "shared";
const KEY_A = "00000000000000aa";
const KEY_B = "00000000000000bb";
/** A reservation command is answered within 2 s, whatever is down. */
const ANSWER_MAX_MS = 2_000;

let lab: TestLab;
let volume: VolumeDocument;
let chunk: ChunkClient;
let watch: LabWatch;
const stopped = new StoppedProcesses();
const hosts: ReservingHost[] = [];
let fill = 0;

beforeAll(async () => {
  lab = await TestLab.make("--metadata", "3");
  volume = await lab.createVolume(VOLUME, "64MiB");
  chunk = await ChunkClient.open(lab, VOLUME);
  watch = await LabWatch.open(lab);
});
afterEach(() => {
  stopped.resumeAll();
  for (const host of hosts.splice(0)) host.drop();
});
afterAll(async () => {
  await chunk?.close();
  await watch?.close();
  await lab?.remove();
});

async function login(
  name: string,
  key: string,
  gateway: number,
  options: { readonly patienceMs?: number } = {},
): Promise<ReservingHost> {
  const host = await ReservingHost.login(lab.url(volume, gateway), { name, key, ...options });
  hosts.push(host);
  return host;
}

/** Two hosts through two gateways, both registered; the first has the reservation. */
async function reservedByA(): Promise<[ReservingHost, ReservingHost]> {
  const [a, b] = [await login("a", KEY_A, 1), await login("b", KEY_B, 2)];
  expect([await a.register(), await b.register(), await a.clear()]).toEqual([GOOD, GOOD, GOOD]);
  expect([await a.register(), await b.register(), await a.reserve()]).toEqual([GOOD, GOOD, GOOD]);
  return [a, b];
}

/** To be asked for before anything is stopped: some of what follows must not take long. */
const pidOf = (id: string): Promise<number> => watch.pidOf(id);

const unread = (): Promise<number> => unreadAt(lab.portals[0]);

async function expectEverywhere(newest: number, ...readers: ReservingHost[]): Promise<void> {
  for (const reader of readers) expect(await reader.read()).toBe(newest);
  const { different, damaged } = await lab.command<CheckDocument>("volume", "check", VOLUME);
  expect([different, damaged]).toEqual([0, 0]);
}

test("both gateways tell the same, and keep out who is not registered", async () => {
  const [a, b] = await reservedByA();
  const c = await login("c", "00000000000000cc", 2);
  const held = { key: KEY_A, type: WRITE_EXCLUSIVE_REGISTRANTS_ONLY };
  for (const host of [a, b, c]) {
    expect(await host.readReservation()).toEqual(held);
    expect([...(await host.readKeys())].sort()).toEqual([KEY_A, KEY_B]);
  }
  expect([await a.write(++fill), await b.write(++fill), await c.write(0)]).toEqual([
    GOOD,
    GOOD,
    CONFLICT,
  ]);
  expect([await b.reserve(), await b.release(), await c.register()]).toEqual([
    CONFLICT,
    GOOD,
    GOOD,
  ]);
  expect(await c.write(++fill)).toBe(GOOD);
  await expectEverywhere(fill, a, b, c);
});

/** A write of A waits in the socket of its stopped gateway. */
async function writeToStoppedGateway(a: ReservingHost) {
  const resume = stopped.stop(await pidOf("gateway-1"));
  // An outcome, since a host may be told nothing of it and hang up.
  const stale = a.write(++fill).catch(() => undefined);
  await until("the write in the socket", DEADLINE_MS, unread, (bytes) => bytes > 0);
  return { stale, resume };
}

test("P11: a write that waits in a stopped gateway never lands after a PREEMPT", async () => {
  const [a, b] = await reservedByA();
  const before = ++fill;
  expect(await a.write(before)).toBe(GOOD);
  const { stale, resume } = await writeToStoppedGateway(a);
  expect(await b.preempt(KEY_A)).toBe(GOOD);
  expect(await b.readKeys()).toEqual([KEY_B]);
  resume();
  expect(await stale).toBe(CONFLICT);
  await expectEverywhere(before, b);
  expect(await b.write(++fill)).toBe(GOOD);
  await expectEverywhere(fill, b);
});

test("P11: nor after a PREEMPT AND ABORT, which ends it without an answer", async () => {
  const [former, b] = await reservedByA();
  former.drop();
  const a = await login("a", KEY_A, 1, { patienceMs: 5_000 });
  const before = ++fill;
  expect(await a.write(before)).toBe(GOOD);
  const { stale, resume } = await writeToStoppedGateway(a);
  expect(await b.preempt(KEY_A, { abort: true })).toBe(GOOD);
  resume();
  // Refused if the gateway heard of it first, without an answer if the command came first (TAS is 0).
  expect([CONFLICT, undefined]).toContain(await stale);
  await expectEverywhere(before, b);
  expect(await b.write(++fill)).toBe(GOOD);
  await expectEverywhere(fill, b);
});

test("P11: a write that was sent to a stopped primary never lands after a PREEMPT", async () => {
  const [a, b] = await reservedByA();
  const before = ++fill;
  expect(await a.write(before)).toBe(GOOD);
  const { node } = (await chunk.config()).primary;
  const gateway = await pidOf("gateway-1");
  const resumePrimary = stopped.stop(await pidOf(node));
  const stale = a.write(++fill);
  const inFlight = (): Promise<number> => lab.metric("gateway-1", "ashlar_volume_in_flight");
  await until("the write sent", DEADLINE_MS, inFlight, (count) => count > 0);
  // Before another node leads, and the gateway could send it there: then it would be done in time.
  const resume = stopped.stop(gateway);
  expect(await b.preempt(KEY_A)).toBe(GOOD);
  expect(await b.read(), "not done before").toBe(before);
  expect((await chunk.config()).primary.node).not.toBe(node);
  resume();
  resumePrimary();
  expect(await stale).toBe(CONFLICT);
  await watch.untilWhole(VOLUME);
  await expectEverywhere(before, b);
});

test("APTPL: keys and reservation outlive a restart of everything", async () => {
  const [a, b] = await reservedByA();
  for (const host of [a, b]) host.drop();
  await lab.down();
  await lab.up();
  const [again, other] = [await login("a", KEY_A, 1), await login("b", KEY_B, 2)];
  const stranger = await login("c", "00000000000000cc", 1);
  const held = { key: KEY_A, type: WRITE_EXCLUSIVE_REGISTRANTS_ONLY };
  expect(await other.readReservation()).toEqual(held);
  expect([...(await stranger.readKeys())].sort()).toEqual([KEY_A, KEY_B]);
  expect([await again.write(++fill), await stranger.write(0)]).toEqual([GOOD, CONFLICT]);
  expect(await again.release()).toBe(GOOD);
  expect(await stranger.write(++fill)).toBe(GOOD);
  await expectEverywhere(fill, other);
});

test("reservations go on while a gateway, a node and the metadata leader die", async () => {
  const [, b] = await reservedByA();
  const c = await login("c", "00000000000000cc", 2);
  expect(await c.register()).toBe(GOOD);
  let owner = b;
  let other = c;
  expect(await b.preempt(KEY_A)).toBe(GOOD);
  /** One round of arbitration: whoever had the volume loses it, and cannot write. */
  const arbitrate = async (): Promise<void> => {
    expect(await other.preempt(owner.key)).toBe(GOOD);
    expect(await owner.write(0)).toBe(CONFLICT);
    expect(await owner.register()).toBe(GOOD);
    [owner, other] = [other, owner];
    expect(await other.readReservation()).toMatchObject({ key: owner.key });
    expect(await owner.write(++fill)).toBe(GOOD);
    expect(await other.read()).toBe(fill);
  };
  const { metadata } = await lab.command<{
    metadata: readonly { id: string; role: string }[];
  }>("cluster", "status");
  const leader = metadata.find(({ role }) => role === "leader")?.id ?? "";
  for (const id of ["gateway-1", "storage-1", "storage-2", leader]) {
    await arbitrate();
    await watch.stop(id);
    for (let round = 0; round < 3; round += 1) await arbitrate();
    await lab.command("lab", "start", id);
    await arbitrate();
    await watch.untilWhole(VOLUME);
  }
  const longest = Math.max(b.longestMs, c.longestMs);
  console.log(`longest answer ${longest.toFixed(0)} ms`);
  expect(longest).toBeLessThan(ANSWER_MAX_MS);
  await expectEverywhere(fill, b, c);
});
