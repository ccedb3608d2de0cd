// Our initiator against our own target, in memory: CHAP both ways, and redirected logins.
import { hasCode, MIB } from "@ashlar/core";
import {
  type Authentication,
  encodeTargetPdu,
  formatText,
  LOGIN_STATUS,
  NO_DIGESTS,
  STAGE,
} from "@ashlar/iscsi";
import { nodeClock } from "@ashlar/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { LogicalUnit } from "./logical-unit.ts";
import { type MultipathDevice, openMultipath } from "./multipath.ts";
import { openSession } from "./session/open-session.ts";
import type { Session } from "./session/session.ts";
import type { SessionOptions } from "./session/session-options.ts";
import type { Dial, Wire, WireEvents } from "./session/wire.ts";
import { MemoryDevice } from "./testing/memory-device.ts";
import { dialMemory, MemoryPortal, memoryTarget } from "./testing/memory-portal.ts";

const TARGET = "iqn.2026-11.io.ashlar:00000000:memory";
const identity = {
  targetName: TARGET,
  initiatorName: "iqn.2026-11.io.ashlar.test:initiator",
  isid: "800000000001",
};
const MUTUAL: Authentication = {
  initiator: { name: "host-a", secret: "secret of host a" },
  target: { name: "ashlar", secret: "secret of ashlar" },
};
const ONE_WAY: Authentication = { ...MUTUAL, target: undefined };
const FIRST = { host: "memory", port: 1 };
const SECOND = { host: "memory", port: 2 };

/** A portal that sends every login to the first one, for ever. */
async function movedForGood(events: WireEvents): Promise<Wire> {
  const numbers = { statSn: 1, expCmdSn: 1, maxCmdSn: 1, versionMax: 0, versionActive: 0 };
  const stages = { transit: false, continued: false, csg: STAGE.security, nsg: 0 };
  const out: Buffer[] = [];
  const answer = {
    kind: "loginResponse",
    ...numbers,
    ...stages,
    isid: identity.isid,
    tsih: 0,
    itt: 0,
    status: LOGIN_STATUS.movedPermanently,
    data: formatText([["TargetAddress", "memory:1"]]),
  } as const;
  encodeTargetPdu(answer, NO_DIGESTS, out);
  return { send: () => events.onBytes(Buffer.concat(out)), close: () => {} };
}

function makePortals(authentication?: Authentication) {
  const scsi = memoryTarget(new MemoryDevice({ sizeBytes: 8 * MIB }));
  const nowMs = (): number => nodeClock.nowMs();
  const made = [1, 2].map((tpgt) => {
    const options = { targetName: TARGET, scsi, tpgt, nowMs };
    return new MemoryPortal({ ...options, ...(authentication && { authentication }) });
  });
  const [first, second] = made;
  if (!first || !second) throw new Error("two portals");
  return { first, second, dial: dialMemory(new Map(made.map((portal, at) => [at + 1, portal]))) };
}

const forever = { signal: new AbortController().signal };

describe("CHAP with our own target", () => {
  const login = (
    target: Authentication | undefined,
    options: Partial<SessionOptions>,
  ): Promise<Session> => openSession(FIRST, { ...identity, ...options }, makePortals(target));

  it.each([
    ["SHA3-256", 8],
    ["SHA-256", 7],
    ["SHA-1", 6],
    ["MD5", 5],
  ])("logs in both ways by %s", async (_name, algorithm) => {
    const options = { authentication: MUTUAL, chapAlgorithms: [algorithm] };
    const session = await login(MUTUAL, options);
    expect(await (await LogicalUnit.open(session, { lun: 0 })).reportLuns()).toEqual([0]);
    await session.logout();
  });

  it("logs in one way, and where nothing is asked for", async () => {
    for (const target of [ONE_WAY, MUTUAL, undefined]) {
      const session = await login(target, { authentication: ONE_WAY });
      expect(session.isOpen).toBe(true);
      await session.logout();
    }
  });

  it("discovers", async () => {
    const { targetName: _none, ...host } = identity;
    const session = await openSession(
      FIRST,
      { ...host, authentication: MUTUAL },
      makePortals(MUTUAL),
    );
    expect((await session.discover()).map(({ name }) => name)).toEqual([TARGET]);
  });

  it.each<[what: string, Partial<SessionOptions>]>([
    ["proves nothing", {}],
    [
      "has another secret",
      { authentication: { ...ONE_WAY, initiator: { name: "host-a", secret: "guess" } } },
    ],
    [
      "has another name",
      { authentication: { ...ONE_WAY, initiator: { name: "host-b", secret: "secret of host a" } } },
    ],
    ["asks for a proof that the target has not got", { authentication: MUTUAL }],
  ])("is refused when it %s", async (_what, options) => {
    const error = await login(ONE_WAY, options).catch((thrown) => thrown);
    expect(error).toMatchObject({ meta: { status: LOGIN_STATUS.authenticationFailure } });
    expect(String(error)).not.toMatch(/secret of|guess/);
  });

  it("ends a login whose target has another secret", async () => {
    const target = { name: "ashlar", secret: "another" };
    const error = await login({ ...MUTUAL, target }, { authentication: MUTUAL }).catch((e) => e);
    expect(hasCode(error, "rpc/bad-frame")).toBe(true);
    expect(error.message).toMatch(/does not prove/);
  });

  it("does not begin with one secret for both directions", async () => {
    const authentication = { ...MUTUAL, target: MUTUAL.initiator };
    const error = await login(authentication, { authentication }).catch((thrown) => thrown);
    expect(hasCode(error, "argument/invalid")).toBe(true);
    expect(String(error)).not.toContain(MUTUAL.initiator.secret);
  });
});

describe("redirection by our own target", () => {
  let device: MultipathDevice | undefined;

  afterEach(async () => {
    await device?.close();
    device = undefined;
  });

  it.each<[what: string, Authentication | undefined]>([
    ["at once", undefined],
    ["after both sides have proven who they are", MUTUAL],
  ])("is followed, %s", async (_when, authentication) => {
    const portals = makePortals(authentication);
    portals.first.redirect = "memory:2";
    const options = { ...identity, ...(authentication && { authentication }) };
    const session = await openSession(FIRST, options, portals);
    expect(session).toMatchObject({ portal: SECOND, home: FIRST });
    expect(session.parameters.targetPortalGroupTag).toBe(2);
  });

  it("is followed five times and no more", async () => {
    const portals = makePortals();
    portals.first.redirect = "memory:2";
    portals.second.redirect = "memory:1";
    const error = await openSession(FIRST, identity, portals).catch((thrown) => thrown);
    expect(error).toMatchObject({ meta: { status: LOGIN_STATUS.movedTemporarily } });
    expect(portals.first.lookups + portals.second.lookups).toBe(6);
  });

  it("for good replaces the first portal, for now does not", async () => {
    const portals = makePortals();
    const third = { host: "memory", port: 3 };
    const dial: Dial = (address, events, options) =>
      address.port === 3 ? movedForGood(events) : portals.dial(address, events, options);
    const session = await openSession(third, identity, { dial });
    expect(session).toMatchObject({ portal: FIRST, home: FIRST });
    portals.first.redirect = "memory:2";
    const again = await openSession(third, identity, { dial });
    expect(again).toMatchObject({ portal: SECOND, home: FIRST });
  });

  it("holds until the session is lost: then the first portal is asked again", async () => {
    const portals = makePortals();
    portals.first.redirect = "memory:2";
    const { targetName, initiatorName } = identity;
    const where = { portals: [FIRST], targetName, lun: 0, initiatorName, loginRetryMs: 5 };
    device = await openMultipath(where, { dial: portals.dial });
    expect([portals.first.lookups, portals.second.lookups]).toEqual([1, 1]);
    portals.first.redirect = undefined;
    portals.second.refusing = true;
    portals.second.cut();
    await expect.poll(() => device?.incidents.counts["path-restored"]).toBe(1);
    expect([portals.first.lookups, portals.second.lookups]).toEqual([2, 1]);
    expect(await (await device.unit()).reportLuns()).toEqual([0]);
  });

  it("ends when the target asks for it: what is under way is answered, and the first portal is asked", async () => {
    const portals = makePortals();
    portals.first.redirect = "memory:2";
    const { targetName, initiatorName } = identity;
    const where = { portals: [FIRST], targetName, lun: 0, initiatorName };
    device = await openMultipath(where, { dial: portals.dial });
    const unit = await device.unit();
    portals.first.redirect = undefined;
    const read = (): Promise<unknown> => unit.read(0, 4096, forever);
    const before = Array.from({ length: 8 }, read);
    portals.second.requestLogout(5);
    const after = Array.from({ length: 8 }, read);
    await Promise.all([...before, ...after]);
    await expect.poll(() => portals.first.lookups).toBe(2);
    expect(portals.second.lookups).toBe(1);
    await read();
    const { counts } = device.incidents;
    expect(counts).toMatchObject({ "path-moved": 1, "path-lost": 0, "command-retried": 0 });
  });

  it("ends after half the time when something is still under way, which goes elsewhere", async () => {
    const portals = makePortals();
    const { targetName, initiatorName } = identity;
    const where = { portals: [FIRST], targetName, lun: 0, initiatorName };
    device = await openMultipath(where, { dial: portals.dial });
    const unit = await device.unit();
    const reading = unit.read(0, 4096, forever);
    portals.first.requestLogout(0);
    await reading;
    await expect.poll(() => device?.incidents.counts["path-moved"]).toBe(1);
  });
});
