// Where a login ends that comes to a public portal, and how sessions are let go of: over real sockets.
import type { GatewayRecord, PortalRole, SessionPath } from "@ashlar/catalog";
import { MIB, nodeId } from "@ashlar/core";
import { type InitiatorPdu, LOGIN_STATUS } from "@ashlar/iscsi";
import { commandPdu, loginTo } from "@ashlar/iscsi/testing";
import { afterEach, describe, expect, test } from "vitest";
import { type MemoryPortal, startMemoryPortal } from "./testing/memory-portal.ts";
import { RawInitiator } from "./testing/raw-initiator.ts";
import { runTool } from "./testing/tools.ts";

const ELSEWHERE = "192.0.2.7:3260";
const ISID = "80123456789a";
const INITIATOR = "iqn.2026-11.test:a";

let portal: MemoryPortal;
const initiators: RawInitiator[] = [];

afterEach(async () => {
  for (const initiator of initiators.splice(0)) initiator.close();
  await portal.stop();
});

async function start(
  roles: readonly PortalRole[],
  place?: (path: SessionPath) => Promise<string | undefined>,
): Promise<void> {
  const options = { portals: roles.length, roles, ...(place && { place }) };
  portal = await startMemoryPortal([{ name: "demo", sizeBytes: 16 * MIB }], options);
}

function dial(path: number): RawInitiator {
  const initiator = new RawInitiator(portal.addresses[path] ?? "");
  initiators.push(initiator);
  return initiator;
}

/** What a login at a portal is answered: its status and the address it is sent to. */
async function login(path: number): Promise<[status: number, address: string | undefined]> {
  const answer = await dial(path).ask(loginTo(portal.iqnOf("demo")));
  if (answer.kind !== "loginResponse") throw new Error(answer.kind);
  const text = Buffer.concat([...answer.data]).toString();
  return [answer.status, /TargetAddress=([^\0]+)/.exec(text)?.[1]];
}

/** The gateway of the portal, as the catalog has it. */
const gateway = (
  roles: readonly PortalRole[],
  fields: Partial<GatewayRecord> = {},
): GatewayRecord => ({
  gateway: nodeId("gateway-1"),
  state: "up",
  incarnation: 1,
  bootId: "memory",
  portals: roles.map((role, at) => ({ address: portal.addresses[at] ?? "", tpgt: at + 1, role })),
  draining: false,
  ...fields,
});

describe("a login", () => {
  test("at a public portal goes where the leader says, and asks for its own path", async () => {
    const asked: SessionPath[] = [];
    await start(["public", "private"], async (path) => {
      asked.push(path);
      return ELSEWHERE;
    });
    expect(await login(0)).toEqual([LOGIN_STATUS.movedTemporarily, ELSEWHERE]);
    const targetName = portal.iqnOf("demo");
    expect(asked).toEqual([{ initiatorName: INITIATOR, isid: ISID, targetName }]);
  });

  test("at a private or direct portal is served there: nothing goes in circles", async () => {
    await start(["private", "direct"], async () => ELSEWHERE);
    expect(await login(0)).toEqual([LOGIN_STATUS.success, undefined]);
    expect(await login(1)).toEqual([LOGIN_STATUS.success, undefined]);
  });

  test("without a leader goes to this gateway's private portal, else it is served", async () => {
    await start(["public", "private"]);
    expect(await login(0)).toEqual([LOGIN_STATUS.movedTemporarily, portal.addresses[1]]);
    await portal.stop();
    await start(["public"]);
    expect(await login(0)).toEqual([LOGIN_STATUS.success, undefined]);
  });

  test("is served where the leader knows no private portal", async () => {
    await start(["public"], async () => undefined);
    expect(await login(0)).toEqual([LOGIN_STATUS.success, undefined]);
  });

  test('at a gateway that is drained goes elsewhere, else it has to come again: never "not found"', async () => {
    const roles = ["public", "private", "direct"] as const;
    let place: string | undefined = ELSEWHERE;
    await start(roles, async () => place);
    portal.setGateway(gateway(roles, { draining: true }));
    expect(await login(0)).toEqual([LOGIN_STATUS.movedTemporarily, ELSEWHERE]);
    place = undefined;
    for (const path of [0, 1, 2]) {
      expect(await login(path)).toEqual([LOGIN_STATUS.serviceUnavailable, undefined]);
    }
    portal.setGateway(gateway(roles));
    expect(await login(1)).toEqual([LOGIN_STATUS.success, undefined]);
  });
});

describe("discovery shows", () => {
  const listed = async (): Promise<number[]> => {
    const lines = await runTool("iscsi-ls", [`iscsi://${portal.addresses.at(-1)}`]);
    const shown = portal.addresses.flatMap((address, at) =>
      lines.includes(`${address},`) ? [at] : [],
    );
    return shown;
  };

  test("public portals and direct ones, no private ones beside them", async () => {
    await start(["public", "private", "direct"]);
    expect(await listed()).toEqual([0, 2]);
  });

  test("private ones where there is no other way in", async () => {
    await start(["private", "direct"]);
    expect(await listed()).toEqual([0, 1]);
  });

  test("none of a gateway that is being drained", async () => {
    const roles = ["public", "direct"] as const;
    await start(roles);
    portal.setGateway(gateway(roles, { draining: true }));
    expect(await listed()).toEqual([]);
  });
});

describe("a session that is asked to go", () => {
  const TUR = "00 00 00 00 00 00";
  const logout = { kind: "logoutRequest", immediate: true, reason: 0, itt: 9, cid: 0 } as const;

  async function session(): Promise<RawInitiator> {
    await start(["direct"]);
    const initiator = dial(0);
    await initiator.ask(loginTo(portal.iqnOf("demo")));
    return initiator;
  }

  const request = (withinSeconds: number, enforced: boolean) => {
    const targetName = portal.iqnOf("demo");
    const held = { initiatorName: INITIATOR, isid: ISID, targetName, tpgt: 1 };
    return { session: held, withinSeconds, enforced };
  };

  test("works until it logs out", async () => {
    const initiator = await session();
    expect(portal.registry.sessions()).toEqual([request(5, false).session]);
    portal.requestLogouts([request(5, false)]);
    expect(await initiator.next()).toMatchObject({ kind: "asyncMessage", event: 1, parameter3: 5 });
    expect(await initiator.ask(commandPdu(TUR, {}))).toMatchObject({ kind: "scsiResponse" });
    const answer = await initiator.ask({ ...logout, cmdSn: 2, expStatSn: 0 } as InitiatorPdu);
    expect(answer).toMatchObject({ kind: "logoutResponse", response: 0 });
    await initiator.closed();
    expect(portal.registry.sessions()).toEqual([]);
  });

  test("is dropped when it must go and does not follow", async () => {
    const initiator = await session();
    portal.requestLogouts([request(0, true)]);
    expect(await initiator.next()).toMatchObject({ kind: "asyncMessage", event: 1 });
    expect(await initiator.next()).toMatchObject({ kind: "asyncMessage", event: 3 });
    await initiator.closed();
  });

  test("is told of a gateway that stops, and cut off when it does not follow", async () => {
    const initiator = await session();
    await portal.dismiss();
    await portal.stop();
    expect(await initiator.next()).toMatchObject({ kind: "asyncMessage", event: 1 });
    expect(await initiator.next()).toMatchObject({ kind: "asyncMessage", event: 3 });
    await initiator.closed();
  });
});
