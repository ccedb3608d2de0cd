// Who is sent where, and who is asked to move, under a clock that stands still until told.
import type { HeldSession } from "@ashlar/catalog";
import { type NodeId, nodeId, present } from "@ashlar/core";
import type { LogoutRequest } from "@ashlar/rpc";
import { silentLog } from "@ashlar/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SessionPlacement } from "./session-placement.ts";
import { gatewayUp, TestGroup } from "./testing/test-group.ts";

const PING_MS = 200;
const SETTLED_MS = 3_000;

let group: TestGroup;
let placement: SessionPlacement;
/** What each gateway that pings has. */
let held: Map<number, readonly HeldSession[]>;
let requests: LogoutRequest[];

beforeEach(async () => {
  group = await TestGroup.of(1);
  await group.settle();
  const { log } = group.leader();
  const deps = { replicatedLog: log, clock: group.clock, log: silentLog };
  placement = new SessionPlacement(deps, { pingIntervalMs: PING_MS });
  await placement.start();
  held = new Map();
  requests = [];
});
afterEach(async () => {
  await placement.stop();
  await group.stop();
});

const nameOf = (number: number): NodeId => nodeId(`gateway-${number}`);
const path = (host: number, isid = 1) => ({
  initiatorName: `host-${host}`,
  isid: String(isid),
  targetName: "target",
});
const sessionAt = (number: number, host: number, isid = 1): HeldSession => ({
  ...path(host, isid),
  tpgt: number,
});

async function join(number: number, sessions: readonly HeldSession[] = []): Promise<void> {
  const portals = [{ address: `192.0.2.${number}:3260`, tpgt: number, role: "private" as const }];
  await group.answered(group.leader().log.propose({ ...gatewayUp(number), portals }));
  held.set(number, sessions);
  ping(number);
}

function ping(number: number): void {
  const process = nameOf(number);
  const { incarnation } = present(group.leader().log.view.gateways.get(process), "registered");
  const told = { process, incarnation, sessions: held.get(number) };
  requests.push(...placement.heard(told, group.clock.nowMs()));
}

/** Lets time pass in which all who are held of ping. */
function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += PING_MS) {
    group.clock.advance(PING_MS);
    for (const number of held.keys()) ping(number);
  }
}

async function drain(number: number): Promise<void> {
  const asked = { gateway: nameOf(number), draining: true, force: false };
  await group.answered(group.leader().log.propose({ kind: "drainGateway", ...asked }));
}

describe("a login", () => {
  test("is one of many at once: they are shared out though nobody told of them yet", async () => {
    await join(1);
    await join(2);
    const places = [1, 2, 3, 4, 5, 6].map((host) => placement.place(path(host)));
    expect(places.filter((address) => address === "192.0.2.1:3260")).toHaveLength(3);
    expect(new Set(places)).toEqual(new Set(["192.0.2.1:3260", "192.0.2.2:3260"]));
  });

  test("that never arrives is forgotten", async () => {
    await join(1, [sessionAt(1, 9)]);
    await join(2);
    expect(placement.place(path(1))).toBe("192.0.2.2:3260");
    expect(placement.place(path(2))).toBe("192.0.2.1:3260");
    pass(5_000);
    expect(placement.place(path(3))).toBe("192.0.2.2:3260");
  });

  test("goes to nobody who was not heard within a second, or was declared down", async () => {
    await join(1);
    await join(2, [sessionAt(2, 9)]);
    held.delete(1);
    pass(1_000);
    expect(placement.place(path(1))).toBe("192.0.2.1:3260");
    pass(PING_MS);
    expect(placement.place(path(2))).toBe("192.0.2.2:3260");
    expect(placement.sessionsOf(nameOf(1))).toBeNull();
    expect(placement.sessionsOf(nameOf(2))).toBe(1);
    const { incarnation = 0 } = group.leader().log.view.gateways.get(nameOf(2)) ?? {};
    const down = { kind: "gatewayDown", gateway: nameOf(2), incarnation } as const;
    await group.answered(group.leader().log.propose(down));
    expect(placement.place(path(3))).toBeUndefined();
  });

  test("is placed by the leader alone", async () => {
    await join(1);
    group.leader().log.onSoftState({ leader: 0, role: "follower" });
    expect(() => placement.place(path(1))).toThrow("no metadata member leads");
  });
});

describe("sessions are asked to move", () => {
  const crowd = Array.from({ length: 12 }, (_, host) => sessionAt(1, host));

  test("when a gateway joined and stayed, a few at a time", async () => {
    await join(1);
    for (const { initiatorName } of crowd) placement.place({ ...path(0), initiatorName });
    held.set(1, crowd);
    pass(SETTLED_MS);
    await join(2);
    pass(SETTLED_MS - PING_MS);
    expect(requests).toEqual([]);
    pass(1_000);
    expect(requests).toHaveLength(4);
    expect(requests[0]).toMatchObject({ withinSeconds: 5, enforced: false });
    const gone = new Set(requests.map(({ session }) => session));
    const stay = crowd.filter((session) => !gone.has(session));
    held.set(1, stay);
    held.set(
      2,
      [...gone].map((session) => ({ ...session, tpgt: 2 })),
    );
    pass(1_000);
    expect(requests).toHaveLength(6);
  });

  test("not again for a while when they stay, and never two paths of a host at once", async () => {
    await join(1, [sessionAt(1, 1, 1), sessionAt(1, 1, 2), sessionAt(1, 2, 1), sessionAt(1, 2, 2)]);
    await join(2);
    pass(SETTLED_MS + 1_000);
    expect(requests.map(({ session }) => session.initiatorName)).toEqual(["host-1", "host-2"]);
    pass(1_000);
    expect(requests).toHaveLength(2);
  });

  test("all of a gateway that is drained, the paths of a host one after the other", async () => {
    await join(1, [sessionAt(1, 1, 1), sessionAt(1, 1, 2), sessionAt(1, 2, 1)]);
    await join(2);
    await drain(1);
    pass(1_000);
    expect(requests.map(({ session: { isid }, enforced }) => [isid, enforced])).toEqual([
      ["1", true],
      ["1", true],
    ]);
    pass(3_000);
    expect(requests, "a path that takes its time").toHaveLength(2);
    held.set(1, [sessionAt(1, 1, 2)]);
    pass(3_000);
    expect(requests.map(({ session }) => session.isid)).toEqual(["1", "1", "2"]);
    expect(placement.place(path(1, 1))).toBe("192.0.2.2:3260");
  });
});
