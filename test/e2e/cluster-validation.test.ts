// The rehearsal of a Windows cluster's validation on a real lab with two gateways, as a user starts it; and that it
// leaves alone what is somebody's.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LogicalUnit, PathReservations } from "@ashlar/initiator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sessionAt } from "../support/lab-sessions.ts";
import { ashlarOutcome, TestLab } from "../support/test-lab.ts";

interface ReceiptDocument {
  readonly drill: string;
  readonly verdict: string;
  readonly initiator: string;
  readonly steps: readonly { name: string; verdict: string; findings: readonly unknown[] }[];
}

let lab: TestLab;

beforeAll(async () => {
  lab = await TestLab.make("--nodes", "2", "--metadata", "1");
});
afterAll(() => lab?.remove());

const drill = (...options: string[]) =>
  ashlarOutcome("drill", "cluster-validation", "--dir", lab.dir, "--json", ...options);

test("three hosts pass it through both gateways, and the volume made for it is gone", async () => {
  const file = join(lab.dir, "receipt.txt");
  const { exit, stdout } = await drill("--hosts", "3", "--volumes", "1", "--receipt", file);
  const receipt = JSON.parse(stdout) as ReceiptDocument;
  expect(receipt.steps.flatMap(({ findings }) => findings)).toEqual([]);
  expect(exit).toBe(0);
  expect(receipt).toMatchObject({
    drill: "cluster-validation",
    verdict: "PASS",
    initiator: expect.stringContaining("packages/initiator"),
    setting: { hosts: 3, gateways: ["gateway-1", "gateway-2"] },
  });
  expect(new Set(receipt.steps.map(({ verdict }) => verdict))).toEqual(new Set(["pass"]));
  expect(await readFile(file, "utf8")).toMatch(/persistent-reservation[\s\S]*\nPASS\n$/);
  const { volumes } = await lab.status();
  expect(volumes.map(({ name }) => name)).toEqual(["demo"]);
});

test("a volume that hosts have registered for is refused", async () => {
  const demo = await lab.volume("demo");
  const session = await sessionAt(lab, demo, { gateway: 1, host: "owner" });
  const reservations = new PathReservations(session, { lun: demo.lun });
  const serviceActionKey = "00000000000000a1";
  await reservations.out({ action: "register", serviceActionKey });
  const { exit, stdout } = await drill("--volume", "demo");
  expect(exit).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: "volume/in-use", message: expect.stringContaining("1 registrations") },
  });
  expect((await reservations.readKeys()).keys).toEqual([serviceActionKey]);
  await reservations.out({ action: "clear", key: serviceActionKey });
  await session.logout();
});

test("a volume that holds data is refused", async () => {
  const small = await lab.createVolume("kept", "8MiB");
  const session = await sessionAt(lab, small, { gateway: 2, host: "owner" });
  const path = new LogicalUnit(session, { lun: small.lun });
  await path.readCapacity();
  const { signal } = new AbortController();
  await path.write(4 * 1024 * 1024, [Buffer.alloc(512, "kept")], { signal });
  const { exit, stdout } = await drill("--volume", "kept");
  expect(exit).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "volume/in-use" } });
  await session.logout();
});

test("with one gateway there is no pair to rehearse through", async () => {
  await lab.command("lab", "stop", "gateway-2");
  const { exit, stdout } = await drill("--hosts", "2");
  expect(exit).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: "cluster/unavailable", hint: "start another gateway" },
  });
});
