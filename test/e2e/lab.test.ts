// The lab and its command line as a user meets them: shapes of the documents, what is kept running
// and what is kept down, errors that leave nothing behind, and what an idle lab costs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LabWatch } from "../support/lab-watch.ts";
import {
  ASHLAR,
  ashlar,
  ashlarOutcome,
  type CheckDocument,
  type LabDocument,
  type NodesDocument,
  supervisorPidOf,
  TestLab,
  type VolumeDocument,
} from "../support/test-lab.ts";
import { isRunning, type Outcome, outcomeOf, run, scratchFolder, until } from "../support/tools.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const RESTART_DEADLINE_MS = 10_000;
const BALANCE_DEADLINE_MS = 30_000;

let lab: TestLab;
let watch: LabWatch;
let folder: Awaited<ReturnType<typeof scratchFolder>>;

beforeAll(async () => {
  folder = await scratchFolder();
  lab = await TestLab.make();
  watch = await LabWatch.open(lab);
});
afterAll(async () => {
  await watch?.close();
  await lab?.remove();
  await folder.remove();
});

const ERROR_SHAPE = { code: expect.any(String), message: expect.any(String) };

/** Runs a command that must fail; gives its exit status and its error. */
async function failure(...args: string[]): Promise<{ exit: number; code: string; hint: unknown }> {
  const { exit, stdout } = await ashlarOutcome(...args, "--json");
  const { error } = JSON.parse(stdout) as { error: { code: string; hint: unknown } };
  expect(error).toMatchObject(ERROR_SHAPE);
  return { exit, code: error.code, hint: error.hint };
}

test("up and status print the documented shape", async () => {
  const status = await lab.status();
  expect(status).toEqual({
    dir: lab.dir,
    console: null,
    admin: Array(3).fill(expect.stringMatching(/^127\.0\.0\.1:\d+$/)),
    portals: lab.portals,
    volumes: [
      {
        name: "demo",
        iqn: expect.stringMatching(/^iqn\.2026-11\.io\.ashlar:[0-9a-f]{8}:demo$/),
        lun: 0,
        sizeBytes: 4 * GIB,
      },
    ],
    processes: [
      ["metadata", "metadata-1"],
      ["metadata", "metadata-2"],
      ["metadata", "metadata-3"],
      ["storage", "storage-1"],
      ["storage", "storage-2"],
      ["storage", "storage-3"],
      ["gateway", "gateway-1"],
      ["gateway", "gateway-2"],
    ].map(([kind, id]) => ({ kind, id, pid: expect.any(Number) })),
  });
  for (const { pid } of status.processes) expect(isRunning(pid ?? 0)).toBe(true);
});

test("lists and errors have their documented shape and exit status", async () => {
  const { nodes } = await lab.command<NodesDocument>("node", "list");
  expect(nodes.map(({ id, state }) => [id, state])).toEqual([
    ["storage-1", "up"],
    ["storage-2", "up"],
    ["storage-3", "up"],
  ]);
  const { volumes } = await lab.command<{ volumes: VolumeDocument[] }>("volume", "list");
  expect(volumes).toMatchObject([{ name: "demo", degradedChunks: 0 }]);
  const [admin] = (await lab.status()).admin;
  const byAdmin = await ashlar<VolumeDocument>("volume", "show", "demo", "--admin", admin ?? "");
  expect(byAdmin).toEqual(await lab.volume("demo"));

  const at = ["--dir", lab.dir];
  expect(await failure("volume", "show", "nope", ...at)).toMatchObject({
    exit: 1,
    code: "volume/not-found",
  });
  expect(await failure("volume", "create", "demo", "--size", "1GiB", ...at)).toMatchObject({
    exit: 3,
    code: "volume/exists",
  });
  expect(await failure("volume", "create", "v", "--size", "10GB", ...at)).toMatchObject({
    exit: 2,
    hint: expect.stringContaining("GiB"),
  });
  expect(await failure("volume", "list", "--nonsense")).toMatchObject({ exit: 2 });
});

test("a killed process of each kind is running again with a new pid", async () => {
  for (const id of ["gateway-1", "storage-1", "metadata-1"]) {
    const before = await lab.pidOf(id);
    await watch.kill(id);
    expect([null, before]).not.toContain(await lab.pidOf(id));
  }
  await watch.untilWhole("demo");
  expect(await lab.volume("demo")).toMatchObject({ degradedChunks: 0 });
});

test("lab stop keeps a node down; started, it copies what it missed", async () => {
  const volume = await lab.createVolume("kept", "128MiB", "--replicas", "3");
  await run("qemu-io", "-f", "raw", "-c", "write -P 0x5a 0 8M", lab.url(volume, 1));
  expect(await failure("lab", "wipe", "storage-3", "--dir", lab.dir)).toMatchObject({
    exit: 3,
    code: "node/busy",
  });
  await lab.command("lab", "stop", "storage-3");
  expect(await lab.pidOf("storage-3")).toBeNull();
  await run("qemu-io", "-f", "raw", "-c", "write -P 0x6b 4M 8M", lab.url(volume, 2));
  expect(await lab.pidOf("storage-3")).toBeNull();
  await lab.command("lab", "start", "storage-3");
  await watch.untilWhole("kept");
  const check = await lab.command<CheckDocument>("volume", "check", "kept");
  expect(check).toMatchObject({ chunks: 2, replicas: 6, different: 0 });
  await watch.untilWhole("demo");
  await until(
    "leading is spread evenly again",
    BALANCE_DEADLINE_MS,
    async () => [...(await watch.chunks("demo")), ...(await watch.chunks("kept"))],
    (chunks) => spreadOf(chunks.map(({ primary }) => primary.node)) <= 1,
  );
  const { nodes } = await lab.command<NodesDocument>("node", "list");
  expect(nodes.map(({ primaries }) => primaries).sort()).toEqual([22, 22, 22]);
});

/** By how many chunks the node that leads most differs from the one that leads least. */
function spreadOf(leaders: readonly string[]): number {
  const led = ["storage-1", "storage-2", "storage-3"].map(
    (node) => leaders.filter((leader) => leader === node).length,
  );
  return Math.max(...led) - Math.min(...led);
}

test("a wiped node comes back empty and is filled again", async () => {
  await lab.command("lab", "stop", "storage-3", "--kill");
  await lab.command("lab", "wipe", "storage-3");
  expect(await readdir(join(lab.dir, "storage-3"))).toEqual([]);
  await lab.command("lab", "start", "storage-3");
  await watch.untilWhole("kept");
  const check = await lab.command<CheckDocument>("volume", "check", "kept");
  expect(check).toMatchObject({ chunks: 2, replicas: 6, different: 0 });
  const volume = await lab.volume("kept");
  await run("qemu-io", "-f", "raw", "-c", "read -P 0x6b 4M 8M", lab.url(volume, 1));
});

test("after a blackout the lab comes up without one node's data: all is served and filled again", async () => {
  const volume = await lab.volume("kept");
  await run("qemu-io", "-f", "raw", "-c", "write -P 0x7c 0 16M", lab.url(volume, 1));
  const { processes } = await lab.status();
  // The supervisor first, which would start the others again.
  for (const pid of [supervisorPidOf(lab.dir), ...processes.map((process) => process.pid)]) {
    process.kill(pid ?? 0, "SIGKILL");
  }
  await rename(join(lab.dir, "storage-2"), join(folder.path, "storage-2"));
  await lab.up();
  await watch.close();
  watch = await LabWatch.open(lab);
  await rm(join(folder.path, "storage-2"), { recursive: true });
  await run("qemu-io", "-f", "raw", "-c", "read -P 0x7c 0 16M", lab.url(volume, 2));
  await watch.untilWhole("kept");
  const check = await lab.command<CheckDocument>("volume", "check", "kept");
  expect(check).toMatchObject({ chunks: 2, replicas: 6, different: 0 });
});

test("a node and a gateway can be added", async () => {
  expect(await lab.command("lab", "add", "node")).toEqual({
    added: { kind: "storage", id: "storage-4" },
  });
  await lab.command("lab", "add", "gateway");
  const { processes, portals } = await lab.status();
  expect(processes.map(({ id }) => id)).toContain("gateway-3");
  expect(portals).toHaveLength(3);
  expect(await run("iscsi-ls", `iscsi://${portals[2]}`)).toContain(":demo");
});

test("two labs run side by side, and the same lab does not start twice", async () => {
  const other = await TestLab.make("--nodes", "1", "--gateways", "1", "--metadata", "1");
  try {
    expect(lab.portals).not.toContain(other.portals[0]);
    const [own, others] = await Promise.all([lab.status(), other.status()]);
    expect(own.volumes[0]?.iqn).not.toBe(others.volumes[0]?.iqn);
    const twoCopies = ["--size", "1GiB", "--replicas", "2", "--dir", other.dir];
    expect(await failure("volume", "create", "v", ...twoCopies)).toMatchObject({
      exit: 3,
      code: "volume/too-few-nodes",
    });
    expect(await failure("lab", "up", "--detach", "--dir", other.dir)).toMatchObject({
      exit: 3,
      code: "lab/running",
    });
  } finally {
    await other.remove();
  }
});

test("in the foreground Ctrl-C stops all, and a dead supervisor is replaced", async () => {
  const dir = join(folder.path, "foreground");
  const options = ["--dir", dir, "--nodes", "1", "--gateways", "1", "--metadata", "1", "--json"];
  const child = spawn(process.execPath, [ASHLAR, "lab", "up", ...options]);
  try {
    const exited = once(child, "exit");
    const [first] = (await once(child.stdout, "data")) as [Buffer];
    const { processes } = JSON.parse(first.toString()) as LabDocument;
    await replaceSupervisor(dir);
    const { stdout } = await ashlarOutcome("lab", "status", "--dir", dir, "--json");
    expect((JSON.parse(stdout) as LabDocument).processes).toEqual(processes);

    child.kill("SIGINT");
    expect(await exited).toEqual([0, null]);
    expect(processes.filter(({ pid }) => isRunning(pid ?? 0))).toEqual([]);
  } finally {
    child.kill("SIGKILL");
    await ashlarOutcome("lab", "down", "--dir", dir);
    await rm(dir, { recursive: true });
  }
});

/** Kills the supervisor of a lab in the foreground and waits for the next one. */
async function replaceSupervisor(dir: string): Promise<void> {
  const supervisor = supervisorPidOf(dir);
  process.kill(supervisor, "SIGKILL");
  const replaced = (pid: number): boolean => pid !== supervisor;
  const ask = async (): Promise<number> => supervisorPidOf(dir);
  await until("supervisor replaced", RESTART_DEADLINE_MS, ask, replaced);
  const status = (): Promise<Outcome> => ashlarOutcome("lab", "status", "--dir", dir);
  await until("lab answers", RESTART_DEADLINE_MS, status, ({ exit }) => exit === 0);
}

test("a given port that is in use, and a bad size, are errors that leave nothing behind", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const up = ["lab", "up", "--detach", "--dir", join(folder.path, "none")];
  expect(await failure(...up, "--listen", `127.0.0.1:${port}`)).toMatchObject({
    exit: 1,
    code: "config/port-in-use",
  });
  expect(await failure(...up, "--disk-size", "12 parsecs")).toMatchObject({ exit: 2 });
  expect(await failure(...up, "--disk-size", "1MiB")).toMatchObject({ exit: 2 });
  server.close();
  expect(await readdir(folder.path)).toEqual([]);
});

test("a full disk is an error that leaves nothing behind", async () => {
  const mount = join(folder.path, "small");
  await mkdir(mount);
  // A mount of its own in a namespace of its own: goes away by itself, and needs no root where users
  // may make namespaces (root needs no such permission).
  const own = process.getuid?.() === 0 ? ["--mount"] : ["--map-root-user", "--mount"];
  const script = `mount -t tmpfs -o size=64m none "$1" && "$2" "$3" lab up --detach --json \
    --dir "$1/lab"; status=$?; ls -A "$1" >&2; exit $status`;
  const args = [...own, "sh", "-c", script, "sh"];
  const small = await outcomeOf("unshare", [...args, mount, process.execPath, ASHLAR]);
  expect(small.exit).toBe(1);
  expect(JSON.parse(small.stdout)).toMatchObject({ error: { code: "config/no-space" } });
  expect(small.stderr).toBe("");
});
