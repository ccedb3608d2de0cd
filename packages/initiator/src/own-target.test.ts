// Our initiator against our own target, in memory: whatever tgt cannot be made to do on purpose.
import { hasCode, KIB, MIB, scatterJoin, volumeId } from "@ashlar/core";
import { TASK_RESPONSE } from "@ashlar/iscsi";
import { nodeClock, nodeRandom } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { afterEach, describe, expect, it } from "vitest";
import { LogicalUnit } from "./logical-unit.ts";
import { type MultipathDevice, type MultipathOptions, openMultipath } from "./multipath.ts";
import { openSession } from "./session/open-session.ts";
import type { SessionOptions } from "./session/session-options.ts";
import { MemoryDevice } from "./testing/memory-device.ts";
import { dialMemory, MemoryPortal, memoryTarget } from "./testing/memory-portal.ts";
import { Verifier } from "./verifier/verifier.ts";

const TARGET = "iqn.2026-11.io.ashlar:00000000:memory";
const INITIATOR = "iqn.2026-11.io.ashlar.test:initiator";
const PORTALS = [
  { host: "memory", port: 1 },
  { host: "memory", port: 2 },
] as const;
const { signal } = new AbortController();

function makeTarget() {
  const device = new MemoryDevice({ sizeBytes: 8 * MIB });
  const scsi = memoryTarget(device);
  const nowMs = (): number => nodeClock.nowMs();
  const portals = PORTALS.map(
    (_, index) => new MemoryPortal({ targetName: TARGET, scsi, tpgt: index + 1, nowMs }),
  );
  const [a, b] = portals;
  if (!a || !b) throw new Error("two portals");
  const dial = dialMemory(
    new Map([
      [1, a],
      [2, b],
    ]),
  );
  return { device, a, b, dial };
}

/** Something to wait for until a test opens it. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

const identity = { targetName: TARGET, initiatorName: INITIATOR, isid: "800000000001" };

describe("one session with our own target", () => {
  async function open(options: Partial<SessionOptions> = {}) {
    const target = makeTarget();
    const session = await openSession(PORTALS[0], { ...identity, ...options }, target);
    return { ...target, session, unit: await LogicalUnit.open(session, { lun: 0 }) };
  }

  it("agrees on identity, capacity, limits", async () => {
    const { unit, session } = await open();
    expect(unit.sizeBytes).toBe(8 * MIB);
    const capacity = { blockSize: 512, physicalBlockSize: 4096, thin: true };
    expect(await unit.readCapacity()).toMatchObject({ ...capacity, unmappedReadsZero: true });
    expect(await unit.identity()).toMatch(/^naa\.6[0-9a-f]{31}$/);
    expect((await unit.inquiry()).vendor).toBe("ASHLAR");
    expect(await unit.reportLuns()).toEqual([0]);
    expect(session.parameters.targetPortalGroupTag).toBe(1);
    await session.logout();
  });

  it.each([
    ["digests", { headerDigest: true, dataDigest: true }],
    ["no immediate data, small bursts", { immediateData: false, maxBurstLength: 4 * KIB }],
    ["short segments", { maxRecvDataSegmentLength: 512, firstBurstLength: 512 }],
  ])("carries all sizes with %s", async (_name, offer) => {
    const bursts = { firstBurstLength: Math.min(4 * KIB, 64 * KIB) };
    const { unit, session } = await open({ offer: { ...bursts, ...offer } });
    for (const size of [512, 4 * KIB, 20 * KIB + 512, MIB]) {
      const data = nodeRandom.bytes(size);
      await unit.write(512, [data], { signal });
      expect(scatterJoin(await unit.read(512, size, { signal })).equals(data)).toBe(true);
    }
    if ("headerDigest" in offer) expect(session.parameters.dataDigest).toBe(true);
  });

  it("compares and writes", async () => {
    const { unit } = await open();
    const [zero, one] = [Buffer.alloc(512), Buffer.alloc(512, 1)];
    await unit.compareAndWrite(4096, [zero], [one], { signal });
    const thrown = await unit.compareAndWrite(4096, [zero], [one], { signal }).catch((e) => e);
    expect(hasCode(thrown, "operation/miscompare")).toBe(true);
  });

  it("sets bits", async () => {
    const { unit } = await open();
    await unit.write(0, [Buffer.alloc(1024, 0b0011)], { signal });
    await unit.orWrite(512, [Buffer.alloc(512, 0b0101)], { signal });
    const expected = Buffer.alloc(1024, 0b0011).fill(0b0111, 512);
    expect(scatterJoin(await unit.read(0, 1024, { signal })).equals(expected)).toBe(true);
  });

  it("aborts a command the device holds, and knows it dead when told so", async () => {
    const { unit, device, session } = await open();
    const held = gate();
    device.faults = { delay: () => held.passed };
    const abort = new AbortController();
    const write = unit.write(0, [Buffer.alloc(512, 9)], { signal: abort.signal });
    const outcome = write.catch((error) => error);
    await expect.poll(() => device.waiting).toBe(1);
    abort.abort();
    await session.ping();
    let settled = false;
    void outcome.then(() => {
      settled = true;
    });
    await session.ping();
    expect(settled).toBe(false);
    device.faults = {};
    held.open();
    expect(hasCode(await outcome, "operation/aborted")).toBe(true);
    await unit.testUnitReady();
  });

  it("resets the unit while a command is held: it fails, later ones go on", async () => {
    const { unit, device, session } = await open();
    const held = gate();
    device.faults = { delay: () => held.passed };
    const read = unit.read(0, 512, { signal }).catch((error) => error);
    await expect.poll(() => device.waiting).toBe(1);
    const reset = session.resetLogicalUnit(0);
    // Answered after the reset has arrived, while the read is still held.
    await session.ping();
    device.faults = {};
    held.open();
    expect(await reset).toBe(TASK_RESPONSE.complete);
    expect(hasCode(await read, "operation/aborted")).toBe(true);
    await unit.read(0, 512, { signal });
  });

  it("gives up a silent target after NOP interval and timeout, by the clock given", async () => {
    const target = makeTarget();
    const clock = new ManualClock();
    const session = await openSession(PORTALS[0], identity, { dial: target.dial, clock });
    target.a.silent = true;
    clock.advance(5_000);
    expect(session.isOpen).toBe(true);
    clock.advance(5_000);
    expect(session.isOpen).toBe(false);
    expect((await session.closed).code).toBe("rpc/disconnected");
  });

  it("aborts after the command timeout, and drops the session if that stays unanswered", async () => {
    const target = makeTarget();
    const clock = new ManualClock();
    const options = { ...identity, nopIntervalMs: 1e9 };
    const session = await openSession(PORTALS[0], options, { dial: target.dial, clock });
    target.a.silent = true;
    const command = { lun: 0, cdb: Buffer.alloc(6) };
    const outcome = session.execute(command).catch((error) => error);
    clock.advance(30_000);
    expect(session.isOpen).toBe(true);
    clock.advance(15_000);
    expect(session.isOpen).toBe(false);
    expect(hasCode(await outcome, "rpc/disconnected")).toBe(true);
  });

  it("gives up a login that is not answered", async () => {
    const target = makeTarget();
    const clock = new ManualClock();
    target.a.silent = true;
    const opening = openSession(PORTALS[0], identity, { dial: target.dial, clock });
    const outcome = opening.catch((error) => error);
    await new Promise(setImmediate);
    clock.advance(15_000);
    expect(hasCode(await outcome, "rpc/deadline")).toBe(true);
  });
});

describe("two paths to our own target", () => {
  let device: MultipathDevice | undefined;

  afterEach(async () => {
    await device?.close();
    device = undefined;
  });

  async function connect(options: Partial<MultipathOptions> = {}) {
    const target = makeTarget();
    device = await openMultipath(
      {
        portals: PORTALS,
        targetName: TARGET,
        lun: 0,
        initiatorName: INITIATOR,
        loginRetryMs: 5,
        ...options,
      },
      { dial: target.dial },
    );
    return { ...target, multipath: device, unit: await device.unit() };
  }

  it("share the work in turn, or one waits for the other", async () => {
    for (const policy of ["round-robin", "active-passive"] as const) {
      const { a, b, unit } = await connect({ policy });
      const before = [a.executed, b.executed] as const;
      for (let write = 0; write < 10; write++) {
        await unit.write(write * 512, [Buffer.alloc(512)], { signal });
      }
      const shares = [a.executed - before[0], b.executed - before[1]].sort((x, y) => x - y);
      expect(shares).toEqual(policy === "round-robin" ? [5, 5] : [0, 10]);
      await device?.close();
    }
  });

  it("carry on when paths are cut again and again under load", async () => {
    const { a, b, unit, multipath } = await connect();
    const paths = [{ name: "both", device: unit }];
    const options = { seed: 3, runId: 3, depth: 8, borderSize: MIB, lengthMax: 64 * KIB };
    const verifier = new Verifier({ paths, clock: nodeClock }, options);
    for (const portal of [a, b, a, b]) {
      const load = verifier.run({ operations: 200, signal });
      await expect.poll(() => multipath.status().every(({ up }) => up)).toBe(true);
      portal.cut();
      await load;
    }
    await expect.poll(() => multipath.status().every(({ up }) => up)).toBe(true);
    const before = verifier.report().unitsChecked;
    await verifier.readBack({ paths: await multipath.unitsByPath(), signal });
    const report = verifier.report();
    expect(report.unitsChecked - before).toBe(2 * report.unitsWritten);
    expect(report.errors).toEqual([]);
    expect(report.faults).toEqual([]);
    expect(multipath.incidents.counts["path-lost"]).toBe(4);
  });

  it("wait for a path when none is left, and fail in the end", async () => {
    const { a, b, unit, multipath } = await connect({ noPathTimeoutMs: 50 });
    for (const portal of [a, b]) {
      portal.refusing = true;
      portal.cut();
    }
    const thrown = await unit.read(0, 512, { signal }).catch((error) => error);
    expect(hasCode(thrown, "rpc/unavailable")).toBe(true);
    expect(multipath.incidents.counts["login-failed"]).toBeGreaterThan(0);
    a.refusing = false;
    await expect.poll(() => multipath.status().some(({ up }) => up)).toBe(true);
    await unit.read(0, 512, { signal });
  });

  it("are not mixed with another unit's", async () => {
    const target = makeTarget();
    const other = memoryTarget(
      new MemoryDevice({ sizeBytes: 8 * MIB }),
      volumeId("ffffffff-5a0d-4c8b-9a53-0123456789ab"),
    );
    const options = { targetName: TARGET, tpgt: 2, nowMs: () => 0 };
    const stranger = new MemoryPortal({ ...options, scsi: other });
    const dial = dialMemory(
      new Map([
        [1, target.a],
        [2, stranger],
      ]),
    );
    const paths = { portals: PORTALS, targetName: TARGET, lun: 0, initiatorName: INITIATOR };
    device = await openMultipath(paths, { dial });
    expect(device.status().filter(({ up }) => up)).toHaveLength(1);
    const [incident] = device.incidents.list().filter(({ kind }) => kind === "login-failed");
    expect(incident?.detail).toMatch(/leads to naa/);
  });

  it("cannot be opened when no portal answers", async () => {
    const target = makeTarget();
    target.a.refusing = true;
    target.b.refusing = true;
    const paths = { portals: PORTALS, targetName: TARGET, lun: 0, initiatorName: INITIATOR };
    const thrown = await openMultipath(paths, { dial: target.dial }).catch((error) => error);
    expect(hasCode(thrown, "rpc/unavailable")).toBe(true);
  });
});
