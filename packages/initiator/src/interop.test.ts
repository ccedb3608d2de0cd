// Our initiator against Debian's tgt: what we send and expect is what another implementation takes
// and gives.
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasCode, KIB, MIB, scatterJoin } from "@ashlar/core";
import { LOGIN_STATUS, TASK_FUNCTION, TASK_RESPONSE } from "@ashlar/iscsi";
import { nodeClock, nodeRandom } from "@ashlar/runtime";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LogicalUnit } from "./logical-unit.ts";
import { type MultipathDevice, openMultipath, randomIsid } from "./multipath.ts";
import * as cdb from "./scsi/cdb.ts";
import { parseSense, SENSE_KEY, STATUS } from "./scsi/sense.ts";
import { openSession } from "./session/open-session.ts";
import type { OfferedParameters } from "./session/parameters.ts";
import type { Session } from "./session/session.ts";
import type { SessionOptions } from "./session/session-options.ts";
import { startTgt, TGT_LUN, TGT_TARGET, type TgtTarget } from "./testing/tgt.ts";
import { isClean } from "./verifier/report.ts";
import { Verifier } from "./verifier/verifier.ts";

const INITIATOR = "iqn.2026-11.io.ashlar.test:initiator";
const SIZE = 64 * MIB;
const { signal } = new AbortController();

let folder: string;
let file: string;
let first: TgtTarget;
let second: TgtTarget;
const sessions: Session[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ashlar-initiator-"));
  file = join(folder, "disk.img");
  await writeFile(file, "");
  await truncate(file, SIZE);
  first = await startTgt({ file });
  second = await startTgt({ file });
});

afterEach(() => {
  for (const session of sessions.splice(0)) session.drop();
});

afterAll(async () => {
  await first?.kill();
  await second?.kill();
  await rm(folder, { recursive: true, force: true });
});

let qualifier = 0;

async function open(options: Partial<SessionOptions> = {}): Promise<Session> {
  const session = await openSession(first.portal, {
    targetName: TGT_TARGET,
    initiatorName: INITIATOR,
    isid: randomIsid(nodeRandom, qualifier++),
    ...options,
  });
  sessions.push(session);
  return session;
}

async function openUnit(offer: Partial<OfferedParameters> = {}): Promise<LogicalUnit> {
  return LogicalUnit.open(await open({ offer }), { lun: TGT_LUN });
}

describe("discovery and login", () => {
  it("finds the target and its portal", async () => {
    const isid = randomIsid(nodeRandom, qualifier++);
    const session = await openSession(first.portal, { initiatorName: INITIATOR, isid });
    sessions.push(session);
    const targets = await session.discover();
    expect(targets.map(({ name }) => name)).toEqual([TGT_TARGET]);
    expect(targets[0]?.addresses[0]).toMatch(new RegExp(`^127\\.0\\.0\\.1:${first.portal.port},`));
    await session.logout();
    expect(session.isOpen).toBe(false);
  });

  it("is refused an unknown target, with the status", async () => {
    const thrown = await open({ targetName: "iqn.2026-11.io.ashlar.test:none" }).catch((e) => e);
    expect(hasCode(thrown, "volume/not-found")).toBe(true);
    expect(thrown.meta.status).toBe(LOGIN_STATUS.notFound);
  });

  it("says so when nobody listens", async () => {
    const nowhere = { host: "127.0.0.1", port: 1 };
    const options = { initiatorName: INITIATOR, isid: "800000000000" };
    const thrown = await openSession(nowhere, options).catch((error) => error);
    expect(hasCode(thrown, "rpc/unavailable")).toBe(true);
  });

  it("negotiates digests and keeps using them", async () => {
    for (const name of ["HeaderDigest", "DataDigest"]) {
      const update = ["--op", "update", "--mode", "target", "--tid", "1"];
      await first.admin([...update, "--name", name, "--value", "CRC32C,None"]);
    }
    const session = await open({ offer: { headerDigest: true, dataDigest: true } });
    expect(session.parameters).toMatchObject({ headerDigest: true, dataDigest: true });
    const unit = await LogicalUnit.open(session, { lun: TGT_LUN });
    const data = Buffer.alloc(200 * KIB, 0x5a);
    await unit.write(4 * KIB, [data], { signal });
    expect(scatterJoin(await unit.read(4 * KIB, data.length, { signal })).equals(data)).toBe(true);
  });
});

describe("commands", () => {
  it("reads identity, capacity and LUNs", async () => {
    const unit = await openUnit();
    expect(unit.sizeBytes).toBe(SIZE);
    expect(await unit.readCapacity()).toMatchObject({ blockSize: 512, thin: true });
    expect(await unit.inquiry()).toMatchObject({ deviceType: 0, vendor: "IET" });
    expect(await unit.identity()).toMatch(/^naa\.[0-9a-f]{16,32}$/);
    expect((await unit.vpd(0x00)).subarray(4).includes(0x83)).toBe(true);
    expect(await unit.reportLuns()).toContain(TGT_LUN);
    await unit.testUnitReady();
  });

  it("meets the unit attention of a new nexus on its first command", async () => {
    const session = await open();
    const command = { lun: TGT_LUN, cdb: cdb.testUnitReady() };
    const attention = await session.execute(command);
    expect(attention.status).toBe(STATUS.checkCondition);
    expect(attention.sense).toMatchObject({ key: SENSE_KEY.unitAttention, asc: 0x29 });
    expect((await session.execute(command)).status).toBe(STATUS.good);
  });

  it("reports residuals both ways", async () => {
    const session = await open();
    await LogicalUnit.open(session, { lun: TGT_LUN });
    const inquiry = { lun: TGT_LUN, cdb: cdb.inquiry(255), dataInLength: 255 };
    const short = await session.execute(inquiry);
    const received = scatterJoin(short.dataIn).length;
    expect(short.residual).toEqual({ kind: "underflow", bytes: 255 - received });
    const read = { lun: TGT_LUN, cdb: cdb.read10(0, 8), dataInLength: 512 };
    const long = await session.execute(read);
    expect(long.residual).toEqual({ kind: "overflow", bytes: 7 * 512 });
  });

  it("turns sense into errors", async () => {
    const unit = await openUnit();
    const beyond = await unit.read(SIZE, 512, { signal }).catch((error) => error);
    expect(hasCode(beyond, "volume/out-of-range")).toBe(true);
    const unknown = await unit.execute({ cdb: Buffer.from([0xff, 0, 0, 0, 0, 0]) });
    expect(unknown.sense).toMatchObject({ key: SENSE_KEY.illegalRequest, asc: 0x20 });
    const request = await unit.execute({ cdb: cdb.requestSense(), dataInLength: 252 });
    expect(parseSense(scatterJoin(request.dataIn))).toMatchObject({ key: SENSE_KEY.noSense });
  });

  it("unmaps, writes the same, flushes", async () => {
    const unit = await openUnit();
    await unit.write(MIB, [Buffer.alloc(64 * KIB, 1)], { signal });
    await unit.unmapBlocks(MIB, 8 * KIB, { signal });
    await unit.writeSame(MIB + 8 * KIB, 8 * KIB, Buffer.alloc(512, 2), { signal });
    const data = scatterJoin(await unit.read(MIB, 64 * KIB, { signal }));
    const expected = Buffer.alloc(64 * KIB, 1)
      .fill(0, 0, 8 * KIB)
      .fill(2, 8 * KIB, 16 * KIB);
    expect(data.equals(expected)).toBe(true);

    await unit.flush({ signal });
  });
});

describe("data transfer", () => {
  const SIZES = [512, KIB, 4 * KIB, 8 * KIB, 8 * KIB + 512, 64 * KIB, 100 * KIB, 256 * KIB, MIB];

  it.each([
    [
      "immediate data, small bursts by R2T",
      { maxBurstLength: 16 * KIB, firstBurstLength: 4 * KIB },
    ],
    ["no immediate data", { immediateData: false, initialR2t: true }],
    ["everything by R2T", { immediateData: false, initialR2t: true, maxBurstLength: 4 * KIB }],
    ["short Data-In segments", { maxRecvDataSegmentLength: 1024 }],
    ["the defaults", {}],
  ])("writes and reads all sizes with %s", async (_name, offer: Partial<OfferedParameters>) => {
    const bursts = { firstBurstLength: Math.min(offer.maxBurstLength ?? MIB, 64 * KIB) };
    const unit = await openUnit({ ...bursts, ...offer });
    for (const [index, size] of SIZES.entries()) {
      const data = nodeRandom.bytes(size);
      const offset = 2 * MIB * index + 512;
      await unit.write(offset, [data], { signal });
      const back = scatterJoin(await unit.read(offset, size, { signal }));
      expect(back.equals(data), `${size} bytes`).toBe(true);
    }
  });

  it("keeps more commands in hand than the target's window takes", async () => {
    const unit = await openUnit();
    const data = nodeRandom.bytes(512 * 400);
    const writes = Array.from({ length: 400 }, (_, index) =>
      unit.write(index * 512, [data.subarray(index * 512, (index + 1) * 512)], { signal }),
    );
    await Promise.all(writes);
    const back = scatterJoin(await unit.read(0, data.length, { signal }));
    expect(back.equals(data)).toBe(true);
  });

  it("finds nothing wrong with a sound disk under mixed load", async () => {
    const unit = await openUnit();
    await unit.unmapBlocks(0, SIZE, { signal });
    const options = { seed: 11, runId: 11, depth: 8, length: 32 * MIB, borderSize: 16 * MIB };
    const paths = [{ name: "tgt", device: unit }];
    // tgt reads and writes its file without a lock: a read that overlaps a write may be torn.
    const verifier = new Verifier({ paths, clock: nodeClock }, { ...options, overlap: false });
    await verifier.run({ operations: 500, signal });
    await verifier.readBack({ signal });
    const report = verifier.report();
    expect(report.errors).toEqual([]);
    expect(report.faults).toEqual([]);
    expect(isClean(report)).toBe(true);
  });
});

describe("session services", () => {
  it("answers and is answered NOPs", async () => {
    const session = await open();
    await session.ping();
    expect(session.isOpen).toBe(true);
  });

  it("resets the logical unit; the other nexus is told", async () => {
    const session = await open();
    const other = await LogicalUnit.open(await open(), { lun: TGT_LUN });
    expect(await session.resetLogicalUnit(TGT_LUN)).toBe(TASK_RESPONSE.complete);
    const before = other.incidents.counts["unit-attention"];
    await other.testUnitReady();
    expect(other.incidents.counts["unit-attention"]).toBe(before + 1);
  });

  it("is told that an unknown task cannot be aborted", async () => {
    const session = await open();
    const abort = { function: TASK_FUNCTION.abortTask, lun: TGT_LUN, referencedTag: 0x7777 };
    expect(await session.manageTasks(abort)).toBe(TASK_RESPONSE.taskDoesNotExist);
  });

  it("settles aborted commands, and goes on", async () => {
    const session = await open();
    const unit = await LogicalUnit.open(session, { lun: TGT_LUN });
    const abort = new AbortController();
    process.kill(first.pid, "SIGSTOP");
    const reads = Array.from({ length: 8 }, (_, index) =>
      unit.read(index * MIB, MIB, { signal: abort.signal }),
    );
    abort.abort();
    process.kill(first.pid, "SIGCONT");
    for (const outcome of await Promise.allSettled(reads)) {
      if (outcome.status === "rejected") expect(outcome.reason.code).toBe("operation/aborted");
    }
    expect(session.isOpen).toBe(true);
    await unit.testUnitReady();
  });

  it("gives up a target that stays silent, then commands fail as disconnected", async () => {
    const session = await open({ nopIntervalMs: 100, nopTimeoutMs: 200 });
    await LogicalUnit.open(session, { lun: TGT_LUN });
    process.kill(first.pid, "SIGSTOP");
    try {
      const command = { lun: TGT_LUN, cdb: cdb.testUnitReady() };
      const thrown = await session.execute(command).catch((error) => error);
      expect(hasCode(thrown, "rpc/disconnected")).toBe(true);
      expect((await session.closed).code).toBe("rpc/disconnected");
    } finally {
      process.kill(first.pid, "SIGCONT");
    }
  });
});

describe("two paths", () => {
  let device: MultipathDevice | undefined;

  afterEach(async () => {
    await device?.close();
    device = undefined;
  });

  const connect = (): Promise<MultipathDevice> =>
    openMultipath({
      portals: [first.portal, second.portal],
      targetName: TGT_TARGET,
      lun: TGT_LUN,
      initiatorName: INITIATOR,
      loginRetryMs: 50,
      session: { nopIntervalMs: 200, nopTimeoutMs: 300 },
    });

  it("lead to the same unit, in turn", async () => {
    device = await connect();
    const unit = await device.unit();
    await unit.write(0, [Buffer.alloc(4096, 9)], { signal });
    for (const { device: path } of await device.unitsByPath()) {
      expect(scatterJoin(await path.read(0, 4096, { signal })).readUInt8(4095)).toBe(9);
    }
    expect(device.status().map(({ up }) => up)).toEqual([true, true]);
    await device.logout();
  });

  it("reads go on over the second when the first stops answering, and it comes back", async () => {
    device = await connect();
    const unit = await device.unit();
    process.kill(first.pid, "SIGSTOP");
    try {
      for (let read = 0; read < 20; read++) await unit.read(read * 4096, 4096, { signal });
    } finally {
      process.kill(first.pid, "SIGCONT");
    }
    expect(device.incidents.counts["path-lost"]).toBeGreaterThan(0);
    expect(device.incidents.counts["command-retried"]).toBeGreaterThan(0);
    await expect.poll(() => device?.status().every(({ up }) => up)).toBe(true);
  });

  it("nothing is lost when one target is killed under load", async () => {
    const spare = await startTgt({ file });
    try {
      device = await openMultipath({
        portals: [first.portal, spare.portal],
        targetName: TGT_TARGET,
        lun: TGT_LUN,
        initiatorName: INITIATOR,
        loginRetryMs: 50,
      });
      const unit = await device.unit();
      await unit.unmapBlocks(0, SIZE, { signal });
      const paths = [{ name: "both", device: unit }];
      const options = { seed: 5, runId: 5, depth: 8, length: 16 * MIB, overlap: false };
      const verifier = new Verifier({ paths, clock: nodeClock }, options);
      await verifier.run({ operations: 200, signal });
      const load = verifier.run({ operations: 400, signal });
      await spare.kill();
      await load;
      await verifier.readBack({ signal });
      const report = verifier.report();
      expect(report.errors).toEqual([]);
      expect(report.faults).toEqual([]);
      expect(device.incidents.counts["path-lost"]).toBe(1);
      expect(device.status()).toEqual([
        { portal: expect.any(String), up: true },
        { portal: expect.any(String), up: false },
      ]);
    } finally {
      await spare.kill();
    }
  });
});
