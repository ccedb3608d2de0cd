import { nodeId } from "@ashlar/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PortalRole } from "./records.ts";
import {
  type GatewayLoad,
  type HeldSession,
  pathsOf,
  planDrain,
  planSpread,
  type SessionPath,
  SessionTable,
} from "./session-plan.ts";

const PRIVATE = 100;
const ALL = { movesMax: 1000, isHeld: () => false };

const path = (host: number, isid: number, target = 0): SessionPath => ({
  initiatorName: `host-${host}`,
  isid: String(isid).padStart(12, "0"),
  targetName: `target-${target}`,
});
const held = (host: number, isid: number, tpgt: number, target = 0): HeldSession => ({
  ...path(host, isid, target),
  tpgt,
});

/** Gateway N has a public portal with tag N, and a private one with tag 100 + N. */
function gateway(
  number: number,
  sessions: readonly HeldSession[] = [],
  state: GatewayLoad["state"] = "open",
): GatewayLoad {
  const portal = (tpgt: number, role: PortalRole) => ({
    address: `192.0.2.${tpgt}:3260`,
    tpgt,
    role,
  });
  const portals = [portal(number, "public"), portal(PRIVATE + number, "private")];
  return { gateway: nodeId(`gateway-${number}`), state, portals, sessions };
}

const placeOf = (gateways: readonly GatewayLoad[], asked: SessionPath): string | undefined =>
  new SessionTable(gateways).place(asked)?.gateway;

describe("a login goes", () => {
  test("to the gateway with the fewest sessions, at its private portal", () => {
    const gateways = [gateway(1, [held(1, 1, 101)]), gateway(2), gateway(3, [held(2, 1, 103)])];
    const place = new SessionTable(gateways).place(path(3, 1));
    expect(place).toEqual({ gateway: "gateway-2", address: "192.0.2.102:3260", tpgt: 102 });
  });

  test("where its host has no other path to the target, though more hosts are there", () => {
    const busy = [held(2, 1, 102), held(3, 1, 102), held(4, 1, 102)];
    expect(placeOf([gateway(1, [held(1, 1, 101)]), gateway(2, busy)], path(1, 2))).toBe(
      "gateway-2",
    );
    expect(placeOf([gateway(1, [held(1, 1, 101)]), gateway(2, busy)], path(1, 2, 9))).toBe(
      "gateway-1",
    );
  });

  test("to the one gateway that is left, beside the host's other path", () => {
    const gateways = [gateway(1, [held(1, 1, 101)]), gateway(2, [], "closed")];
    expect(placeOf(gateways, path(1, 2))).toBe("gateway-1");
  });

  test("away from one that uses its ISID too: some initiators have one for all their portals", () => {
    const gateways = [
      gateway(1, [held(1, 1, 101)]),
      gateway(2, [held(2, 1, 102), held(3, 1, 102)]),
    ];
    expect(placeOf(gateways, path(1, 1))).toBe("gateway-2");
  });

  test("nowhere when nobody is open, or has a private portal", () => {
    const { portals, ...direct } = gateway(3);
    const shown = portals.filter(({ role }) => role === "public");
    const gateways = [
      gateway(1, [], "draining"),
      gateway(2, [], "closed"),
      { ...direct, portals: shown },
    ];
    expect(placeOf(gateways, path(1, 1))).toBeUndefined();
  });
});

describe("sessions move", () => {
  test("to a gateway that came back, as many as are its share, one path of each host", () => {
    const full = [held(1, 1, 101), held(1, 2, 101), held(2, 1, 101), held(3, 1, 101)];
    const moves = planSpread([gateway(1, full), gateway(2)], ALL);
    expect(moves.map(({ session }) => pathsOf(session))).toEqual([
      "host-1;target-0",
      "host-2;target-0",
    ]);
  });

  test("not for a session more or less, nor those that a host opened itself", () => {
    expect(planSpread([gateway(1, [held(1, 1, 101)]), gateway(2)], ALL)).toEqual([]);
    const direct = gateway(1, [held(1, 1, 1), held(2, 1, 1), held(3, 1, 1)]);
    const portals = direct.portals.map((portal) =>
      portal.role === "public" ? { ...portal, role: "direct" as const } : portal,
    );
    expect(planSpread([{ ...direct, portals }, gateway(2)], ALL)).toEqual([]);
  });

  test("all away from a gateway that is drained, but one path of a host at a time", () => {
    const sessions = [held(1, 1, 1), held(1, 2, 101), held(2, 1, 101)];
    const gateways = [gateway(1, sessions, "draining"), gateway(2, [held(3, 1, 102)])];
    const moves = planDrain(gateways, ALL);
    expect(moves.map(({ session }) => session)).toEqual([held(1, 1, 1), held(2, 1, 101)]);
    const isHeld = ({ initiatorName }: HeldSession): boolean => initiatorName === "host-1";
    expect(planDrain(gateways, { movesMax: 9, isHeld })).toHaveLength(1);
    expect(planDrain(gateways, { ...ALL, movesMax: 1 })).toHaveLength(1);
  });
});

/** Gateways with sessions anywhere, whatever led to that. */
const arbitraryGateways = fc
  .integer({ min: 2, max: 5 })
  .chain((count) =>
    fc.tuple(
      fc.constant(count),
      fc.uniqueArray(
        fc.tuple(fc.nat(6), fc.nat(3), fc.nat(1), fc.integer({ min: 1, max: count })),
        {
          maxLength: 40,
          selector: ([host, isid, target]) => `${host} ${isid} ${target}`,
        },
      ),
      fc.array(fc.constantFrom("open" as const, "closed" as const), {
        minLength: count,
        maxLength: count,
      }),
    ),
  )
  .map(([count, sessions, states]) =>
    Array.from({ length: count }, (_, index) => {
      const own = sessions.filter(([, , , at]) => at === index + 1);
      const list = own.map(([host, isid, target, at]) => held(host, isid, PRIVATE + at, target));
      return gateway(index + 1, states[index] === "closed" ? [] : list, states[index]);
    }),
  );

/** What becomes of gateways when the sessions of these moves log in again, one after the other. */
function moved(
  gateways: readonly GatewayLoad[],
  moves: ReturnType<typeof planSpread>,
): readonly GatewayLoad[] {
  let now = gateways;
  for (const { gateway: from, session } of moves) {
    const without = now.map((one) =>
      one.gateway === from
        ? { ...one, sessions: one.sessions.filter((other) => other !== session) }
        : one,
    );
    const place = new SessionTable(without).place(session);
    expect(place?.gateway, "a move leads elsewhere").not.toBe(from);
    now = without.map((one) =>
      one.gateway === place?.gateway
        ? { ...one, sessions: [...one.sessions, { ...session, tpgt: place.tpgt }] }
        : one,
    );
  }
  return now;
}

/** Whether two paths of a host stand on one gateway while another one has none. */
function hasAvoidableSiblings(gateways: readonly GatewayLoad[]): boolean {
  const open = gateways.filter(({ state }) => state === "open");
  const counts = (key: string): number[] =>
    open.map(({ sessions }) => sessions.filter((one) => pathsOf(one) === key).length);
  const keys = new Set(open.flatMap(({ sessions }) => sessions.map(pathsOf)));
  return [...keys].some((key) => Math.max(...counts(key)) > 1 && Math.min(...counts(key)) === 0);
}

describe("whatever logs in", () => {
  test("paths of a host stand apart as long as there is a gateway without one", () => {
    const logins = fc.uniqueArray(fc.tuple(fc.nat(8), fc.nat(4)), { selector: String });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), logins, (count, order) => {
        const table = new SessionTable(Array.from({ length: count }, (_, at) => gateway(at + 1)));
        for (const [host, isid] of order) {
          const asked = path(host, isid);
          const place = table.place(asked);
          if (!place) throw new Error("every gateway is open");
          const others = Array.from({ length: count }, (_, at) =>
            table.siblings(asked, nodeId(`gateway-${at + 1}`)),
          );
          expect(table.siblings(asked, place.gateway)).toBe(Math.min(...others));
          table.put(asked, place);
        }
      }),
    );
  });

  test("hosts with a path each are shared out evenly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(40), (count, hosts) => {
        const table = new SessionTable(Array.from({ length: count }, (_, at) => gateway(at + 1)));
        for (let host = 0; host < hosts; host += 1) {
          const place = table.place(path(host, 1));
          if (place) table.put(path(host, 1), place);
        }
        const loads = Array.from({ length: count }, (_, at) =>
          table.loadOf(nodeId(`gateway-${at + 1}`)),
        );
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

test("moving comes to an end, apart and evenly, one path of a host at a time, never to who is closed", () => {
  fc.assert(
    fc.property(arbitraryGateways, fc.integer({ min: 1, max: 4 }), (start, movesMax) => {
      let gateways: readonly GatewayLoad[] = start;
      for (let round = 0; ; round += 1) {
        expect(round, "rounds").toBeLessThan(200);
        const moves = planSpread(gateways, { ...ALL, movesMax });
        const hosts = moves.map(({ session }) => pathsOf(session));
        expect(new Set(hosts).size).toBe(hosts.length);
        if (moves.length === 0) break;
        gateways = moved(gateways, moves);
      }
      for (const { state, sessions } of gateways)
        if (state === "closed") expect(sessions).toEqual([]);
      expect(hasAvoidableSiblings(gateways)).toBe(false);
    }),
  );
});

test("no gateway is left with clearly less than its share", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(12), { minLength: 2, maxLength: 5 }), (counts) => {
      let host = 0;
      let gateways: readonly GatewayLoad[] = counts.map((count, at) =>
        gateway(
          at + 1,
          Array.from({ length: count }, () => held(host++, 1, PRIVATE + at + 1)),
        ),
      );
      for (;;) {
        const moves = planSpread(gateways, { ...ALL, movesMax: 4 });
        if (moves.length === 0) break;
        gateways = moved(gateways, moves);
      }
      const least = Math.min(...gateways.map(({ sessions }) => sessions.length));
      const share = host / gateways.length;
      expect(share - least).toBeLessThan(Math.max(1, share / 10));
    }),
  );
});
