// A lab whose processes are hosts of their own: it works as any other, beside another one, and leaves no
// network behind, whatever ends it.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { LabNetwork, networkOf, OUTSIDE, readLab } from "@ashlar/lab";
import { nodeRandom } from "@ashlar/runtime";
import { SupervisorClient } from "@ashlar/supervisor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ASHLAR, TestLab } from "../../support/test-lab.ts";
import { isRunning, outcomeOf, run, scratchFolder, until } from "../../support/tools.ts";

const SMALL = ["--isolate", "--nodes", "1", "--metadata", "1", "--gateways", "1"];
const DEADLINE_MS = 30_000;
/** Far longer than a way between two namespaces, even on a busy machine. */
const LOST_AFTER_MS = 1_000;

let lab: TestLab;

beforeAll(async () => {
  lab = await TestLab.make(...SMALL);
});
afterAll(() => lab?.remove());

async function networkIn({ dir }: TestLab): Promise<LabNetwork> {
  const network = networkOf(await readLab(dir));
  if (!network) throw new Error("the lab is not isolated");
  return network;
}

/** Namespaces and interfaces of a lab's network that there are. */
async function traces({ dir }: TestLab): Promise<string[]> {
  const prefix = `ash${(await readLab(dir)).network?.subnet}-`;
  const namespaces = (await run("ip", "netns", "list")).split("\n");
  const links = (await run("ip", "-o", "link"))
    .split("\n")
    .map((line) => line.split(": ")[1] ?? "");
  return [...namespaces, ...links].filter((name) => name.startsWith(prefix));
}

async function pidsOf({ dir }: TestLab): Promise<{ supervisor: number; roles: number[] }> {
  const supervisor = new SupervisorClient({ socketPath: (await readLab(dir)).socketPath });
  const { pid, processes } = await supervisor.status();
  return { supervisor: pid, roles: processes.map((process) => process.pid ?? 0) };
}

async function killAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, "SIGKILL");
  const left = async (): Promise<number[]> => pids.filter(isRunning);
  await until("all of them gone", DEADLINE_MS, left, ({ length }) => length === 0);
}

async function writeAndRead(used: TestLab): Promise<void> {
  const [demo] = (await used.status()).volumes;
  if (!demo) throw new Error("the lab has no volume");
  const commands = ["-c", "write -P 0x5a 1M 64k", "-c", "read -P 0x5a 1M 64k"];
  expect(await run("qemu-io", "-f", "raw", ...commands, used.url(demo, 1))).not.toMatch(/failed/);
}

const networkOfProcess = (pid: number | "self"): string => readlinkSync(`/proc/${pid}/ns/net`);

test("each process has a namespace and an address, and is reached from outside", async () => {
  const { supervisor, roles } = await pidsOf(lab);
  expect(networkOfProcess(supervisor)).toBe(networkOfProcess("self"));
  const namespaces = [supervisor, ...roles].map(networkOfProcess);
  expect(new Set(namespaces).size).toBe(4);
  expect(lab.portals).toEqual([expect.stringMatching(/^10\.213\.\d+\.201:3260$/)]);
  await writeAndRead(lab);
});

/** Whether a datagram from a host arrives here. */
async function isHeard(network: LabNetwork, name: string): Promise<boolean> {
  const socket = createSocket("udp4").bind(0, network.addressOf(OUTSIDE));
  await once(socket, "listening");
  const { address, port } = socket.address();
  const arrived = once(socket, "message", { signal: AbortSignal.timeout(LOST_AFTER_MS) });
  const say = `echo hello > /dev/udp/${address}/${port}`;
  await run("ip", "netns", "exec", network.host(name).namespace, "bash", "-c", say);
  return arrived
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.close());
}

/** Whether an answer comes from a host, which needs both ways. */
const answers = (network: LabNetwork, name: string): Promise<boolean> =>
  fetch(`http://${network.addressOf(name)}:7002/healthz`, {
    signal: AbortSignal.timeout(LOST_AFTER_MS),
    headers: { connection: "close" },
  }).then(
    () => true,
    () => false,
  );

test("what is cut is lost one way only, until it is healed", async () => {
  const network = await networkIn(lab);
  expect(await answers(network, "storage-1")).toBe(true);
  await network.cut(OUTSIDE, "storage-1");
  expect(await answers(network, "storage-1")).toBe(false);
  expect(await isHeard(network, "storage-1")).toBe(true);
  await network.cut("storage-1", OUTSIDE);
  expect(await isHeard(network, "storage-1")).toBe(false);
  for (const again of [1, 2]) {
    await network.heal(OUTSIDE, "storage-1");
    await network.heal("storage-1", OUTSIDE);
    expect(await answers(network, "storage-1"), `healing ${again}`).toBe(true);
  }
});

test("what an interrupted build left half made is made whole, whichever half it is", async () => {
  const owner = nodeRandom.uuid();
  const subnet = await LabNetwork.claim({ random: nodeRandom }, owner);
  const hosts = ["one", "two"].map((name, at) => ({ name, number: at + 1 }));
  const network = new LabNetwork({ subnet, owner, hosts });
  const halves = [
    ["-n", network.host("two").namespace, "link", "set", "eth0", "down"],
    ["netns", "del", network.host("one").namespace],
    ["link", "set", `ash${subnet}-out`, "down"],
    ["netns", "del", `ash${subnet}-switch`],
  ];
  try {
    await network.build();
    for (const half of halves) {
      await run("ip", ...half);
      await network.build();
      for (const { name } of hosts) expect(await isHeard(network, name), name).toBe(true);
    }
  } finally {
    await network.remove();
  }
  expect((await run("ip", "netns", "list")).includes(`ash${subnet}-`)).toBe(false);
});

test("one more process gets a host; two labs stand side by side; down takes the network away", async () => {
  const other = await TestLab.make(...SMALL);
  try {
    await other.command("lab", "add", "gateway");
    await writeAndRead(other);
    expect(await answers(await networkIn(other), "gateway-2")).toBe(true);
    await other.down();
    expect(await traces(other)).toEqual([]);
    await writeAndRead(lab);
  } finally {
    await other.remove();
  }
});

test("a supervisor that died is followed by one that adopts what runs in the namespaces", async () => {
  const before = await pidsOf(lab);
  await killAll([before.supervisor]);
  await lab.up();
  expect((await pidsOf(lab)).roles).toEqual(before.roles);
  await writeAndRead(lab);
});

test("of a lab that was killed as a whole the next down removes the network, and the next up has its own", async () => {
  const portals = lab.portals;
  for (const next of ["down", "up"] as const) {
    const { supervisor, roles } = await pidsOf(lab);
    await killAll([supervisor, ...roles]);
    expect(await traces(lab)).not.toEqual([]);
    if (next === "down") {
      await expect(lab.down()).rejects.toThrow("lab/not-running");
      expect(await traces(lab)).toEqual([]);
    }
    await lab.up();
    expect(lab.portals).toEqual(portals);
    await writeAndRead(lab);
  }
});

test("without root it is refused, and nothing is left", async () => {
  const folder = await scratchFolder();
  await chmod(folder.path, 0o777);
  const options = ["--dir", join(folder.path, "lab"), "--isolate", "--json"];
  const asNobody = ["--reuid", "65534", "--clear-groups", process.execPath, ASHLAR];
  const { exit, stderr, stdout } = await outcomeOf("setpriv", [
    ...asNobody,
    "lab",
    "up",
    ...options,
  ]);
  expect(exit).toBe(1);
  expect(stdout + stderr).toMatch(/config\/no-network.*run as root, with iproute2 installed/s);
  expect(readdirSync(folder.path)).toEqual([]);
  await folder.remove();
});
