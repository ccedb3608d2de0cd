// The bench against Debian's tgt: every part but the lab. No figure decides anything here, only that
// they are there and of the right kind.
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasCode, MIB } from "@ashlar/core";
import { formatIscsiUrl } from "@ashlar/initiator";
import { startTgt, type TgtTarget } from "@ashlar/initiator/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { measure } from "./bench.ts";
import { parseOptions } from "./options.ts";
import { cpuSecondsOf, rssBytesOf, sampleProcesses, usageBetween } from "./process-usage.ts";
import { PROFILES } from "./profiles.ts";
import { secondsOf } from "./qemu-workload.ts";
import { formatReport, formatTable } from "./report.ts";
import { runCommand } from "./run-command.ts";

const { signal } = new AbortController();

describe("measure", () => {
  let folder: string;
  let tgt: TgtTarget;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ashlar-bench-"));
    const file = join(folder, "disk.img");
    await writeFile(file, "");
    await truncate(file, 64 * MIB);
    tgt = await startTgt({ file });
  });

  afterAll(async () => {
    await tgt?.kill();
    await rm(folder, { recursive: true, force: true });
  });

  it("runs every workload with both tools, as a user, and accounts for the processes", async () => {
    const user = ["--mode", "account", "--user", "bench"];
    await tgt.admin(["--op", "new", ...user, "--password", "secretofbench"]);
    await tgt.admin(["--op", "bind", ...user, "--tid", "1"]);
    const url = formatIscsiUrl(tgt).replace("//", "//bench%secretofbench@");
    const process = ["--process", `tgtd=${tgt.pid}`];
    const options = parseOptions(["--url", url, "--seconds", "0.1", "--size", "64MiB", ...process]);
    if (!options) throw new Error("options");
    const said: string[] = [];
    const report = await measure(options, { say: (text) => said.push(text) }, { signal });
    expect(report.workloads.map(({ name }) => name)).toEqual(
      PROFILES.quick.workloads.map(({ name }) => name),
    );
    for (const workload of report.workloads) {
      expect(workload.operations, workload.name).toBeGreaterThan(0);
      expect(workload.errors).toBe(0);
      expect(workload.processes.map(({ id }) => id)).toEqual(["tgtd", "bench"]);
      expect(workload.processes[0]?.rssBytes).toBeGreaterThan(0);
      const measured = workload.latency?.count ?? workload.operations;
      expect(measured).toBe(workload.operations);
    }
    expect(report.idle.rssBytes).toBeGreaterThan(0);
    expect(report.idle.processes.map(({ id }) => id)).toEqual(["tgtd"]);
    expect(said).toContain("filling 64 MiB");
    expect(JSON.parse(JSON.stringify(report)).machine.cores).toBeGreaterThan(0);
    expect(formatReport(report)).toContain("4 KiB write, depth 32");
  });
});

describe("the command", () => {
  const SOURCE = ["--conditions=ashlar-source", "--import", "tsx"];
  const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

  it("stays until it is done, and prints one document", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ashlar-bench-"));
    const file = join(folder, "disk.img");
    await writeFile(file, "");
    await truncate(file, 64 * MIB);
    const tgt = await startTgt({ file });
    try {
      const what = ["--url", formatIscsiUrl(tgt), "--profile", "own", "--size", "64MiB"];
      const args = [...SOURCE, MAIN, ...what, "--seconds", "0.1", "--json"];
      const report = JSON.parse(await runCommand(process.execPath, args, { signal }));
      expect(report).toMatchObject({ version: 1, profile: "own" });
      expect(report.workloads).toHaveLength(6);
    } finally {
      await tgt.kill();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("says what is wrong with its arguments", async () => {
    const args = [...SOURCE, MAIN, "--profile", "huge"];
    const thrown = await runCommand(process.execPath, args, { signal }).catch((error) => error);
    expect(thrown.message).toMatch(/exit status 2: bench: profile "huge" is not known\n.*quick/);
  });
});

describe("the parts", () => {
  it("read /proc", async () => {
    const stat =
      "17 (a (b) c) S 1 17 17 0 -1 4194304 9 0 0 0 150 50 0 0 20 0 1 0 1 1 1 1 1 1 1 1 1 1 1";
    expect(cpuSecondsOf(stat)).toBe(2);
    expect(rssBytesOf("VmPeak:\t 9 kB\nVmRSS:\t   2048 kB\n")).toBe(2 * MIB);
    const [own] = await sampleProcesses([
      { id: "self", pid: process.pid },
      { id: "gone", pid: 2 ** 22 + 1 },
    ]);
    expect(own).toMatchObject({ id: "self" });
    expect(own?.rssBytes).toBeGreaterThan(MIB);
  });

  it("charge operations to processes, and to none that was replaced", () => {
    const sample = (pid: number, cpuSeconds: number) => ({ id: "p", pid, cpuSeconds, rssBytes: 7 });
    const samples = { before: [sample(1, 1)], after: [sample(1, 3), sample(2, 9)] };
    const processes = [
      { id: "same", pid: 1 },
      { id: "new", pid: 2 },
    ];
    expect(usageBetween(processes, samples, 1000)).toEqual([
      { id: "same", cpuSeconds: 2, cpuMicrosecondsPerOperation: 2000, rssBytes: 7 },
      { id: "new", cpuSeconds: null, cpuMicrosecondsPerOperation: null, rssBytes: 7 },
    ]);
  });

  it("understand qemu-img, or say what it said", () => {
    expect(secondsOf("Sending 9 requests\nRun completed in 0.924 seconds.\n")).toBe(0.924);
    expect(() => secondsOf("qemu-img: no such target")).toThrow(/no such target/);
  });

  it("tell a missing program from a failing one", async () => {
    const missing = await runCommand("/nonexistent", [], { signal }).catch((error) => error);
    expect(hasCode(missing, "process/not-found")).toBe(true);
    const script = ["-e", "console.error('why'); process.exit(3)"];
    const failing = await runCommand(process.execPath, script, { signal }).catch((error) => error);
    expect(failing.message).toMatch(/exit status 3: why/);
  });

  it("end what they started when interrupted", async () => {
    const abort = new AbortController();
    const script = ["-e", "setInterval(() => {}, 1000)"];
    const running = runCommand(process.execPath, script, { signal: abort.signal });
    abort.abort();
    const thrown = await running.catch((error) => error);
    expect(hasCode(thrown, "operation/aborted")).toBe(true);
  });

  it("align tables", () => {
    expect(
      formatTable(
        ["name", "n"],
        [
          ["a", "10"],
          ["long name", "7"],
        ],
      ),
    ).toEqual(["name        n", "a          10", "long name   7"]);
  });
});
