import { GIB } from "@ashlar/core";
import { expect, test } from "vitest";
import { connectLines, labLines } from "./connect-text.ts";
import type { LabReport } from "./lab-status.ts";

const IQN = "iqn.2026-11.io.ashlar:0123abcd:demo";
const REPORT: LabReport = {
  status: {
    dir: "/srv/lab",
    console: null,
    admin: ["127.0.0.1:20001"],
    portals: ["127.0.0.1:3260", "[fd00::1]:3261"],
    volumes: [{ name: "demo", iqn: IQN, lun: 0, sizeBytes: 4 * GIB }],
    processes: [
      { kind: "metadata", id: "metadata-1", pid: 10 },
      { kind: "storage", id: "storage-1", pid: null },
    ],
  },
  states: new Map([["storage-1", "waiting"]]),
  metrics: new Map([["metadata-1", "http://127.0.0.1:20002/metrics"]]),
  volumesKnown: true,
};

test("the status names portals, volumes and processes", () => {
  const text = labLines(REPORT).join("\n");
  expect(text).toContain("portals  127.0.0.1:3260  [fd00::1]:3261");
  expect(text).toContain(`demo  4 GiB  ${IQN}  LUN 0`);
  expect(text).toMatch(/metadata-1 +pid 10 +http:\/\/127\.0\.0\.1:20002\/metrics/);
  expect(text).toMatch(/storage-1 +waiting/);
});

test("a silent metadata service is said, not shown as no volumes", () => {
  const status = { ...REPORT.status, volumes: [] };
  const text = labLines({ ...REPORT, status, volumesKnown: false }).join("\n");
  expect(text).toContain("the metadata service does not answer");
});

test("the commands for each kind of host name both portals and the target", () => {
  const lines = connectLines(REPORT);
  for (const command of [
    "iscsiadm -m discovery -t sendtargets -p 127.0.0.1:3260",
    `iscsiadm -m node -T ${IQN} -p 127.0.0.1:3260 --login`,
    `qemu-img convert -n -p -O raw disk.img iscsi://127.0.0.1:3260/${IQN}/0`,
    "New-IscsiTargetPortal -TargetPortalAddress fd00::1 -TargetPortalPortNumber 3261",
    `Connect-IscsiTarget -NodeAddress ${IQN} -TargetPortalAddress 127.0.0.1 ` +
      "-TargetPortalPortNumber 3260 -IsMultipathEnabled $true -IsPersistent $true",
  ]) {
    expect(lines.map((line) => line.trim())).toContain(command);
  }
});

test("without a volume there is nothing to connect to", () => {
  expect(connectLines({ ...REPORT, status: { ...REPORT.status, volumes: [] } })).toEqual([]);
});
