// The supervisor with real child processes: small scripts that play the roles.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SHUT_DOWN_STATUS } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ProcessKind, SupervisorConfig } from "./config.ts";
import { SupervisorClient } from "./control-client.ts";
import { ControlServer } from "./control-server.ts";
import { leanClock } from "./lean-runtime.ts";
import { isAlive, type ProcessStamp, stampOf } from "./process-stat.ts";
import { findSurvivors, isShutDown } from "./state-file.ts";
import { type ExitReporter, Supervisor } from "./supervisor.ts";

const script = fileURLToPath(new URL("./testing/stand-in-role.js", import.meta.url));
const WAIT = { timeout: 15_000, interval: 20 };

type Reported = Parameters<ExitReporter["report"]>[0];

let dir: string;
let reports: Reported[];
let opened: Supervisor[];
let spawned: ChildProcess[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ashlar-supervisor-"));
  reports = [];
  opened = [];
  spawned = [];
});

afterEach(async () => {
  for (const supervisor of opened) {
    for (const { id } of supervisor.status()) await supervisor.stopProcess(id, { kill: true });
  }
  // What a failed test left: supervisors first, which would start their roles again.
  for (const child of spawned) child.kill("SIGKILL");
  for (const { pid } of findSurvivors(statePath()).values()) process.kill(pid, "SIGKILL");
  rmSync(dir, { recursive: true });
});

const statePath = () => join(dir, "state.json");
const journal = () => join(dir, "journal");

function role(id: string, life: "steady" | "crash" | "deaf" | "shut down" = "steady") {
  const configPath = join(dir, `${id}.json`);
  writeFileSync(configPath, JSON.stringify({ id, life, journal: journal() }));
  const kind = id.slice(0, id.indexOf("-")) as ProcessKind;
  return { id, kind, configPath, logPath: join(dir, `${id}.log`) };
}

function config(processes: SupervisorConfig["processes"]): SupervisorConfig {
  const socketPath = join(dir, "s.sock");
  return {
    version: 1,
    clusterId: "c",
    metadata: [],
    socketPath,
    statePath: statePath(),
    processes,
  };
}

function open(processes: SupervisorConfig["processes"]): Supervisor {
  const reporter: ExitReporter = { report: async (exit) => void reports.push(exit) };
  const supervisor = new Supervisor(
    { clock: leanClock, log: silentLog, reporter, script },
    { statePath: statePath() },
  );
  opened.push(supervisor);
  supervisor.start(config(processes));
  return supervisor;
}

/** Events as the children wrote them: {event, kind, id, pid, bootId}. */
function events(event: "start" | "stop" | "deaf") {
  const text = readFileSync(journal(), { encoding: "utf8", flag: "a+" });
  const lines = text.split("\n").filter((line) => line.startsWith(`${event} `));
  return lines.map((line) => {
    const [, kind = "", id = "", pid = "", bootId = ""] = line.split(" ");
    return { kind, id, pid: Number(pid), bootId };
  });
}

async function started(count: number) {
  await vi.waitFor(() => expect(events("start")).toHaveLength(count), WAIT);
  return events("start");
}

const pidOf = (supervisor: Supervisor, id: string) =>
  supervisor.status().find((status) => status.id === id)?.pid ?? null;

test("a killed process is started again at once, and its exit is reported", async () => {
  const supervisor = open([role("storage-1"), role("storage-2")]);
  const [first] = await started(2);
  process.kill(first!.pid, "SIGKILL");
  const [, , again] = await started(3);
  expect(again).toMatchObject({ id: first!.id, kind: "storage" });
  expect(again!.bootId).not.toBe(first!.bootId);
  expect(pidOf(supervisor, first!.id)).toBe(again!.pid);
  expect(reports).toEqual([
    { id: first!.id, bootId: first!.bootId, status: null, signal: "SIGKILL" },
  ]);
});

test("a process that keeps dying waits longer each time, and says so", async () => {
  const supervisor = open([role("storage-1", "crash")]);
  await started(3);
  await vi.waitFor(() => expect(reports).toHaveLength(3), WAIT);
  expect(reports[0]).toMatchObject({ id: "storage-1", status: 70, signal: null });
  expect(supervisor.status()).toMatchObject([
    { state: "waiting", pid: null, restarts: 3, lastExit: { status: 70 } },
  ]);
});

test("a stopped process stays down, also for the next supervisor, until it is started", async () => {
  const supervisor = open([role("storage-1")]);
  const [first] = await started(1);
  await supervisor.stopProcess("storage-1", { kill: false });
  expect(events("stop")).toHaveLength(1);
  expect(reports).toEqual([{ id: "storage-1", bootId: first!.bootId, status: 0, signal: null }]);
  expect(supervisor.status()).toMatchObject([{ state: "down", wanted: "down", pid: null }]);

  const next = open([role("storage-1")]);
  expect(next.status()).toMatchObject([{ state: "down", wanted: "down" }]);
  next.startProcess("storage-1");
  const [, second] = await started(2);
  expect(second!.bootId).not.toBe(first!.bootId);
});

test("a process that ended with the whole cluster rests, until the next supervisor starts", async () => {
  const supervisor = open([role("gateway-1", "shut down")]);
  await started(1);
  await vi.waitFor(() => expect(reports).toHaveLength(1), WAIT);
  expect(supervisor.status()).toMatchObject([
    { state: "down", wanted: "up", restarts: 0, lastExit: { status: SHUT_DOWN_STATUS } },
  ]);
  open([role("gateway-1")]);
  await started(2);
});

test("a process that ignores SIGINT can be killed", async () => {
  const supervisor = open([role("storage-1", "deaf")]);
  const [first] = await started(1);
  await supervisor.stopProcess("storage-1", { kill: true });
  expect(stampOf(first!.pid)).toBeUndefined();
  expect(reports).toMatchObject([{ signal: "SIGKILL" }]);
});

/** A supervisor in a process of its own, from the sources. */
async function openProcess(processes: SupervisorConfig["processes"]): Promise<number> {
  const document = config(processes);
  const configPath = join(dir, "supervisor.json");
  writeFileSync(configPath, JSON.stringify(document));
  const main = JSON.stringify(new URL("./main.ts", import.meta.url).href);
  const code = `(await import(${main})).main(${JSON.stringify({ configPath, script })})`;
  const flags = ["--conditions=ashlar-source", "--import", "tsx", "--input-type=module"];
  const child = spawn(process.execPath, [...flags, "-e", code]);
  spawned.push(child);
  const client = new SupervisorClient({ socketPath: document.socketPath });
  await vi.waitFor(async () => expect((await client.status()).pid).toBe(child.pid), WAIT);
  return child.pid!;
}

test("processes survive their supervisor, and the next one adopts and restarts them", async () => {
  const killed = stampOf(await openProcess([role("storage-1"), role("gateway-1")]))!;
  const born = await started(2);
  process.kill(killed.pid, "SIGKILL");
  await vi.waitFor(() => expect(isAlive(killed)).toBe(false), WAIT);
  expect([...findSurvivors(statePath()).keys()].sort()).toEqual(["gateway-1", "storage-1"]);

  const next = open([role("storage-1"), role("gateway-1"), role("storage-2")]);
  expect(JSON.parse(readFileSync(statePath(), "utf8"))).toMatchObject({
    supervisorPid: process.pid,
  });
  await started(3);
  for (const { id, pid } of born) expect(pidOf(next, id)).toBe(pid);

  const storage = born.find(({ id }) => id === "storage-1")!;
  process.kill(storage.pid, "SIGKILL");
  const all = await started(4);
  expect(all[3]).toMatchObject({ id: "storage-1" });
  expect(reports.at(-1)).toMatchObject({ id: "storage-1", bootId: storage.bootId, status: null });
});

test("SIGTERM to the supervisor's process stops all in order", async () => {
  const supervisor = stampOf(await openProcess([role("storage-1"), role("gateway-1")]))!;
  await started(2);
  process.kill(supervisor.pid, "SIGTERM");
  await vi.waitFor(() => expect(isAlive(supervisor)).toBe(false), WAIT);
  expect(events("stop").map(({ kind }) => kind)).toEqual(["gateway", "storage"]);
  expect(isShutDown(statePath())).toBe(true);
});

test("a reload starts what is new and leaves the rest alone", async () => {
  const supervisor = open([role("storage-1")]);
  const [first] = await started(1);
  supervisor.reload(config([role("storage-1"), role("storage-2")]));
  await started(2);
  expect(pidOf(supervisor, "storage-1")).toBe(first!.pid);
});

test("shutdown stops gateways, then metadata, then storage, and leaves no state", async () => {
  const ids = ["metadata-1", "storage-1", "storage-2", "gateway-1", "gateway-2"];
  const supervisor = open(ids.map((id) => role(id)));
  const stamps = (await started(5)).map(({ pid }) => stampOf(pid) as ProcessStamp);
  await supervisor.shutdown();
  expect(events("stop").map(({ kind }) => kind)).toEqual([
    "gateway",
    "gateway",
    "metadata",
    "storage",
    "storage",
  ]);
  expect(stamps.some(isAlive)).toBe(false);
  expect(isShutDown(statePath())).toBe(true);
  expect(reports).toEqual([]);
});

test("a log file that cannot be opened is no end: the start is tried again", async () => {
  const spec = { ...role("storage-1"), logPath: join(dir, "missing", "storage-1.log") };
  const supervisor = open([spec]);
  expect(supervisor.status()).toMatchObject([{ state: "waiting", restarts: 1 }]);
});

test("the control interface: status, unknown ids, errors with hints, nobody there", async () => {
  const supervisor = open([role("storage-1")]);
  await started(1);
  const socketPath = join(dir, "control.sock");
  const commands = {
    status: () => ({ pid: process.pid, processes: supervisor.status() }),
    start: (id: string) => supervisor.startProcess(id),
    stop: (id: string, options: { readonly kill: boolean }) => supervisor.stopProcess(id, options),
    reload: async () => {},
    shutdown: () => supervisor.shutdown(),
  };
  const server = new ControlServer({ commands, log: silentLog }, { socketPath });
  await server.start();
  const client = new SupervisorClient({ socketPath });
  expect(await client.status()).toEqual(commands.status());
  await expect(client.startProcess("storage-9")).rejects.toMatchObject({
    code: "process/not-found",
    meta: { hint: "give one of storage-1" },
  });
  const second = new ControlServer({ commands, log: silentLog }, { socketPath });
  await expect(second.start()).rejects.toMatchObject({ code: "lab/running" });
  await client.stopProcess("storage-1", { kill: false });
  expect((await client.status()).processes).toMatchObject([{ state: "down" }]);
  await server.stop();
  await expect(client.status()).rejects.toMatchObject({ code: "lab/not-running" });
});
