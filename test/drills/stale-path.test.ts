// The stale path on purpose: a gateway has a write in hand, in its socket or already sent to a storage
// node, and is stopped. The host uses its other path for newer data. Then the gateway goes on: the old
// write must not take effect, whether the host hung up, keeps silent, or was cut off (P9).
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { OPERATION_AGE_MAX_MS } from "@ashlar/replica";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ChunkClient } from "../support/chunk-client.ts";
import { SilentInitiator } from "../support/silent-initiator.ts";
import { StoppedProcesses, unreadAt } from "../support/stopped-process.ts";
import { TestLab, type VolumeDocument } from "../support/test-lab.ts";
import { commandOn, type TestHost, TestNetwork } from "../support/test-network.ts";
import { until } from "../support/tools.ts";

const DEADLINE_MS = 60_000;
const STALE_GATEWAY = "gateway-1";
const VOLUME = "stale";

let network: TestNetwork;
let host: TestHost;
let lab: TestLab;
let chunk: ChunkClient;
let volume: VolumeDocument;
const stopped = new StoppedProcesses();
let host2: SilentInitiator;
let fill = 0;

beforeAll(async () => {
  network = await TestNetwork.make("host");
  [host] = network.hosts as [TestHost];
  lab = await TestLab.make("--metadata", "1", "--listen", network.outside.ip);
  volume = await lab.createVolume(VOLUME, "64MiB");
  chunk = await ChunkClient.open(lab, VOLUME);
  host2 = await SilentInitiator.login(lab.url(volume, 2));
});
afterEach(() => {
  stopped.resumeAll();
});
afterAll(async () => {
  host2?.drop();
  await chunk?.close();
  await lab?.remove();
  await network?.remove();
});

/**
 * A host may use another path only so long after it last answered on this one; a drill that was sooner would
 * judge what nobody promised.
 */
const leavePath = (): Promise<void> => setTimeout(OPERATION_AGE_MAX_MS);

/** To be asked for before anything is stopped: some of what follows must not take long. */
const pidOf = async (id: string): Promise<number> => (await lab.pidOf(id)) ?? 0;

const unread = (): Promise<number> => unreadAt(lab.portals[0]);

const gauge = (name: string): Promise<number> => lab.metric(STALE_GATEWAY, name);
const writesDone = (): Promise<number> =>
  lab.metric(STALE_GATEWAY, "ashlar_volume_operation_seconds_count", 'kind="write"');
const writesFailed = (): Promise<number> =>
  lab.metric(STALE_GATEWAY, "ashlar_volume_failures_total");

/** Waits until the gateway has dealt with the old write: it holds it, gave it up, or has done it. */
async function decided(before: {
  readonly done: number;
  readonly failed: number;
}): Promise<string> {
  const look = async (): Promise<string> => {
    if ((await writesDone()) > before.done) return "done";
    if ((await writesFailed()) > before.failed) return "given up";
    return (await gauge("ashlar_volume_waiting")) > 0 ? "held" : "";
  };
  return until("the old write decided", DEADLINE_MS, look, (what) => what !== "");
}

/** What both gateways read, the stale one in a session of its own. */
async function expectEverywhere(newest: number): Promise<void> {
  const again = await SilentInitiator.login(lab.url(volume, 1));
  expect([await host2.read(), await again.read()]).toEqual([newest, newest]);
  again.drop();
}

test.each(["hung up", "keeps silent"])(
  "a write in the socket of a stopped gateway, whose host %s, never takes effect (P9)",
  async (how) => {
    const host1 = await SilentInitiator.login(lab.url(volume, 1));
    const [first, old, newest] = [++fill, ++fill, ++fill];
    await host1.write(first);
    const before = { done: await writesDone(), failed: await writesFailed() };
    const resume = stopped.stop(await pidOf(STALE_GATEWAY));
    const stale = host1.write(old).catch(() => "failed");
    await until("the write in the socket", DEADLINE_MS, unread, (bytes) => bytes > 0);
    if (how === "hung up") host1.drop();
    else host1.fallSilent();
    await leavePath();
    await host2.write(newest);
    resume();
    const decision = await decided(before);
    await expectEverywhere(newest);
    console.log(`the host ${how}: the old write was ${decision}`);
    expect(decision).not.toBe("done");
    host1.drop();
    await stale;
    await until(
      "nothing held",
      DEADLINE_MS,
      () => gauge("ashlar_volume_waiting"),
      (held) => held === 0,
    );
    await expectEverywhere(newest);
  },
);

test("a write that was sent to a stopped primary is not sent again without a proof (P9)", async () => {
  const host1 = await SilentInitiator.login(lab.url(volume, 1));
  const [first, old, newest] = [++fill, ++fill, ++fill];
  const gateway = await pidOf(STALE_GATEWAY);
  const nodes = new Map((await lab.status()).processes.map(({ id, pid }) => [id, pid ?? 0]));
  const { node } = (await chunk.config()).primary;
  await host1.write(first);
  const before = { done: await writesDone(), failed: await writesFailed() };
  const resumePrimary = stopped.stop(nodes.get(node) ?? 0);
  const stale = host1.write(old).catch(() => "failed");
  await until(
    "the write sent",
    DEADLINE_MS,
    () => gauge("ashlar_volume_in_flight"),
    (n) => n > 0,
  );
  const resume = stopped.stop(gateway);
  host1.fallSilent();
  await leavePath();
  await host2.write(newest);
  expect((await chunk.config()).primary.node).not.toBe(node);
  resume();
  resumePrimary();
  const decision = await decided(before);
  await expectEverywhere(newest);
  console.log(`the old write was ${decision}`);
  expect(decision).not.toBe("done");
  host1.drop();
  await stale;
  const whole = async (): Promise<number> => (await lab.volume(VOLUME)).degradedChunks;
  await until("all copies back", DEADLINE_MS, whole, (degraded) => degraded === 0);
  await expectEverywhere(newest);
});

/** QEMU's own shell on a host of the network; `said` has what it printed. */
function qemuIo(url: string): { readonly shell: ChildProcess; readonly said: () => string } {
  const [command = "", ...args] = commandOn(host, "qemu-io", "-f", "raw", url);
  const shell = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  shell.stdout?.on("data", (text) => {
    said += String(text);
  });
  return { shell, said: () => said };
}

test("a write of a host whose link was cut while its gateway stood still never takes effect (P9)", async () => {
  const [first, old, newest] = [++fill, ++fill, ++fill];
  const { shell, said } = qemuIo(lab.url(volume, 1));
  const exited = once(shell, "exit");
  const { outside } = network;
  try {
    shell.stdin?.write(`write -P ${first} 0 4k\n`);
    await until(
      "the first write",
      DEADLINE_MS,
      async () => said(),
      (text) => text.includes("wrote"),
    );
    const before = { done: await writesDone(), failed: await writesFailed() };
    const resume = stopped.stop(await pidOf(STALE_GATEWAY));
    shell.stdin?.write(`write -P ${old} 0 4k\n`);
    await until("the write in the socket", DEADLINE_MS, unread, (bytes) => bytes > 0);
    await network.cut(host, outside);
    await network.cut(outside, host);
    await leavePath();
    await host2.write(newest);
    resume();
    const decision = await decided(before);
    await expectEverywhere(newest);
    console.log(`the old write was ${decision}`);
    expect(decision).toBe("held");
  } finally {
    shell.kill("SIGKILL");
    await exited;
    await network.heal(outside, host);
    await network.heal(host, outside);
  }
  await until(
    "nothing held",
    DEADLINE_MS,
    () => gauge("ashlar_volume_waiting"),
    (held) => held === 0,
  );
  await expectEverywhere(newest);
});
