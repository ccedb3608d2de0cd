// The portal as libiscsi and QEMU see it, over volumes in memory.
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIB } from "@ashlar/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MemoryPortal, startMemoryPortal } from "./testing/memory-portal.ts";
import { runTool } from "./testing/tools.ts";

let portal: MemoryPortal;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ashlar-portal-"));
  portal = await startMemoryPortal(
    [
      { name: "demo", sizeBytes: 128 * MIB },
      { name: "large-blocks", sizeBytes: 64 * MIB, blockSize: 4096 },
    ],
    { portals: 2 },
  );
});

afterAll(async () => {
  await portal.stop();
  await rm(folder, { recursive: true });
});

/** The URL of a volume through one of the two portals. */
const url = (path: number, name = "demo"): string =>
  `iscsi://${portal.addresses[path]}/${portal.iqnOf(name)}/0`;

describe("libiscsi", () => {
  test("discovery lists every target at every portal with its tag and its size", async () => {
    const listed = await runTool("iscsi-ls", ["-s", `iscsi://${portal.addresses[1]}`]);
    for (const [index, address] of portal.addresses.entries()) {
      for (const name of ["demo", "large-blocks"]) {
        expect(listed).toContain(`Target:${portal.iqnOf(name)} Portal:${address},${index + 1}`);
      }
    }
    expect(listed.match(/Type:DIRECT_ACCESS/g)).toHaveLength(4);
  });

  test("identity, limits and capacity are the same through both portals", async () => {
    const seen = await Promise.all(
      [0, 1].map(async (path) => [
        await runTool("iscsi-inq", [url(path)]),
        await runTool("iscsi-inq", ["-e", "1", "-c", String(0x80), url(path)]),
        await runTool("iscsi-inq", ["-e", "1", "-c", String(0xb0), url(path)]),
        await runTool("iscsi-readcapacity16", [url(path)]),
      ]),
    );
    expect(seen[0]).toEqual(seen[1]);
    const [inquiry = "", , , capacity = ""] = seen[0] ?? [];
    expect(inquiry).toContain("Vendor:ASHLAR");
    expect(inquiry).toContain("Version Descriptor:0960 iSCSI");
    expect(capacity).toContain(`Total size:${128 * MIB}`);
    expect(capacity).toContain("LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT:3");
    expect(capacity).toContain("LBPME:1 LBPRZ:1");
  });

  test("the device identification page names unit, port and target", async () => {
    const page = await runTool("iscsi-inq", ["-e", "1", "-c", String(0x83), url(1)]);
    expect(page).toContain("Designator Type:(3) NAA");
    expect(page).toContain(`Designator:[${portal.iqnOf("demo")},t,0x0002]`);
    expect(page).toContain("Designator Type:(4) RELATIVE_TARGET_PORT");
  });

  test("an unknown target is told as not found", async () => {
    const missing = `iscsi://${portal.addresses[0]}/${portal.iqnOf("demo")}x/0`;
    await expect(runTool("iscsi-inq", [missing])).rejects.toThrow("Target not found");
  });

  // The whole suite is run where the cluster stands behind the portal; here, what is quick.
  test.each([
    ...["Mandatory", "Inquiry", "ReadCapacity10", "ReadCapacity16", "TestUnitReady", "ModeSense6"],
    ...["Read6", "Read10", "Read16", "Write10", "Write16", "Verify16", "WriteVerify16"],
    ...["WriteSame10", "WriteSame16", "Unmap", "CompareAndWrite", "ReportSupportedOpcodes"],
    ...["iSCSIResiduals", "iSCSITMF", "iSCSIdatasn", "MultipathIO"],
    ...["ExtendedCopy", "ReceiveCopyResults", "StartStopUnit"],
  ])("conformance family %s", async (family) => {
    const names = ["-i", "iqn.2026-11.test:a", "-I", "iqn.2026-11.test:b"];
    const test = ["-d", "-n", "-v", "-t", `ALL.${family}`];
    const report = await runTool("iscsi-test-cu", [...test, ...names, url(0), url(1)]);
    expect(report).toMatch(/tests +\d+ +[1-9]\d* +\d+ +0 +0\n/);
  });
});

describe("QEMU", () => {
  const io = (path: number, ...commands: string[]): Promise<string> =>
    runTool("qemu-io", ["-f", "raw", ...commands.flatMap((one) => ["-c", one]), url(path)]);

  test("patterns of odd sizes at odd places, written through one path, read through the other", async () => {
    const ranges = [
      ["0xa5", "512", "512"],
      ["0x5a", "3584", "1M"],
      ["0x11", "67107840", "131072"],
      ["0x77", "9437184", "8M"],
    ] as const;
    for (const [pattern, offset, length] of ranges) {
      await io(0, `write -P ${pattern} ${offset} ${length}`);
      const read = await io(1, `read -P ${pattern} ${offset} ${length}`);
      expect(read).not.toContain("Pattern verification failed");
    }
  });

  test("zeroes and discards read as zeros", async () => {
    await io(0, "write -P 0xff 0 16M", "write -z 1M 5M", "discard 8M 3M");
    const read = await io(1, "read -P 0 1M 5M", "read -P 0 8M 3M", "read -P 0xff 6M 2M");
    expect(read).not.toContain("Pattern verification failed");
  });

  test.each(["demo", "large-blocks"])("an image survives in %s", async (name) => {
    const image = join(folder, `${name}.img`);
    const bytes = Buffer.concat([randomBytes(40 * MIB), Buffer.alloc(24 * MIB)]);
    await writeFile(image, bytes);
    await runTool("qemu-img", ["convert", "-n", "-f", "raw", "-O", "raw", image, url(0, name)]);
    const back = join(folder, `${name}.back`);
    await runTool("qemu-img", ["convert", "-f", "raw", "-O", "raw", url(1, name), back]);
    expect((await readFile(back)).subarray(0, bytes.length).equals(bytes)).toBe(true);
  });

  test("thousands of writes in parallel are all served", async () => {
    const bench = [
      "bench",
      "-f",
      "raw",
      "-t",
      "none",
      "-w",
      "-c",
      "4000",
      "-d",
      "32",
      "-s",
      "4096",
    ];
    expect(await runTool("qemu-img", [...bench, url(0)])).toContain("Run completed");
    const metrics = await portal.metrics.metrics();
    expect(metrics).toContain('ashlar_gateway_command_seconds_count{command="WRITE(16)"}');
    expect(metrics).toMatch(/ashlar_gateway_tasks 0\n/);
  });
});
