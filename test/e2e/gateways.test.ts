// Sessions spread over gateways: hosts know one portal and are sent on; a gateway that ends or is drained loses
// them to the others, and one that comes back gets its share. Hosts at work notice nothing of a drain.
import { nodeId } from "@ashlar/core";
import { type MultipathDevice, openMultipath, openSession, parsePortal } from "@ashlar/initiator";
import { labAdmin, readLab } from "@ashlar/lab";
import type { AdminClient } from "@ashlar/rpc";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LabWatch } from "../support/lab-watch.ts";
import { ashlarOutcome, TestLab, type VolumeDocument } from "../support/test-lab.ts";
import { run, until } from "../support/tools.ts";
import { underLoad } from "../support/verified-load.ts";

const DEADLINE_MS = 30_000;
const HOSTS = 3;

let lab: TestLab;
let watch: LabWatch;
let admin: AdminClient;
let demo: VolumeDocument;
const hosts: MultipathDevice[] = [];

beforeAll(async () => {
  lab = await TestLab.make("--gateways", "3", "--nodes", "1", "--metadata", "1", "--redirect");
  watch = await LabWatch.open(lab);
  admin = labAdmin(await readLab(lab.dir));
  demo = await lab.volume("demo");
});
afterAll(async () => {
  for (const host of hosts) await host.close();
  admin?.close();
  await watch?.close();
  await lab?.remove();
});

const forever = { signal: new AbortController().signal };

const sessions = async (): Promise<(number | null)[]> =>
  (await admin.listGateways(forever)).map((gateway) => gateway.sessions);

const untilSessions = (what: string, ...wanted: (number | null)[]): Promise<(number | null)[]> =>
  until(what, DEADLINE_MS, sessions, (now) => JSON.stringify(now) === JSON.stringify(wanted));

/** A host with two paths, through the public portals of the first two gateways. */
async function openHost(number: number): Promise<MultipathDevice> {
  const portals = lab.portals.slice(0, 2).map((portal) => parsePortal(portal));
  const initiatorName = `iqn.2026-11.io.ashlar.test:host-${number}`;
  return openMultipath({ portals, targetName: demo.iqn, lun: demo.lun, initiatorName });
}

/** Sessions that a gateway ended, or whose host was gone without a logout. */
const endedAt = (gateway: string): Promise<number> =>
  lab.metric(gateway, "ashlar_gateway_closes_total", 'reason="sessionEnded"');

const read = async (host: MultipathDevice): Promise<void> => {
  await (await host.unit()).read(0, 4096, { signal: AbortSignal.timeout(DEADLINE_MS) });
};

test("hosts know one portal: libiscsi and our initiator are sent on from there, each path elsewhere", async () => {
  expect(await run("iscsi-inq", lab.url(demo, 1))).toContain("Vendor:ASHLAR");
  expect(await lab.metric("gateway-1", "ashlar_gateway_closes_total", 'reason="redirected"')).toBe(
    1,
  );
  const shown = await run("iscsi-ls", `iscsi://${lab.portals[2]}`);
  const [hidden] = (await admin.listGateways(forever)).flatMap(({ portals }) =>
    portals.filter(({ role }) => role === "private"),
  );
  for (const portal of lab.portals) expect(shown).toContain(`${portal},`);
  expect(shown).not.toContain(hidden?.address);

  const portal = parsePortal(lab.portals[0] ?? "");
  const identity = { initiatorName: "iqn.2026-11.io.ashlar.test:one", targetName: demo.iqn };
  const paths = await Promise.all(
    [1, 2, 3].map((path) => openSession(portal, { ...identity, isid: `80000000000${path}` })),
  );
  expect(new Set(paths.map((session) => session.portal.port)).size).toBe(3);
  expect(paths.map((session) => session.home)).toEqual([portal, portal, portal]);
  for (const session of paths) await session.logout();
});

test("a gateway that is killed loses its sessions to the others, and gets its share when it is back", async () => {
  for (let number = 0; number < HOSTS; number += 1) hosts.push(await openHost(number));
  await untilSessions("three times two paths, shared out", 2, 2, 2);
  await watch.stop("gateway-3");
  await untilSessions("all on two", 3, 3, null);
  await Promise.all(hosts.map(read));
  await watch.start("gateway-3");
  await untilSessions("shared out again", 2, 2, 2);
  await Promise.all(hosts.map(read));
  const moved = hosts.reduce((sum, { incidents }) => sum + incidents.counts["path-moved"], 0);
  expect([2, 3, 4], "those that were asked, and hardly more").toContain(moved);
});

test("a gateway is drained under hosts at work: no error, nothing is repeated", async () => {
  const report = await underLoad(lab, "drained", async () => {
    const drained = await lab.command("gateway", "drain", "gateway-1");
    expect(drained).toEqual({ gateway: "gateway-1", draining: true, sessions: 0 });
    const { gateways } = await lab.command<{ gateways: unknown[] }>("gateway", "list");
    expect(gateways[0]).toMatchObject({ draining: true, sessions: 0 });
  });
  console.log(report.text);
  expect(report).toMatchObject({ errors: 0, clean: true });
  expect(report.text).not.toMatch(/command-retried|path-lost|command-timeout/);
  await untilSessions("the others have them", 0, 3, 3);
});

test("QEMU logs out and comes again, as often as it is asked", async () => {
  await admin.drainGateway({ gateway: nodeId("gateway-1"), draining: false }, forever);
  const report = await underLoad(
    lab,
    "drained-2",
    async () => {
      const before = await endedAt("gateway-2");
      await lab.command("gateway", "drain", "gateway-2");
      expect(await endedAt("gateway-2"), "all have logged out").toBe(before);
    },
    { initiator: "qemu" },
  );
  console.log(report.text);
  expect(report).toMatchObject({ errors: 0, clean: true });
});

test("the last gateway that takes sessions is not drained unless it is forced", async () => {
  await admin.drainGateway({ gateway: nodeId("gateway-3"), draining: true }, forever);
  const refused = await ashlarOutcome("gateway", "drain", "gateway-1", "--dir", lab.dir, "--json");
  expect([refused.exit, refused.stdout]).toEqual([3, expect.stringContaining("gateway/needed")]);
  await Promise.all(hosts.map(read));
});
