// The course of a drill with faults: what the receipt has, what is refused, and that what a drill broke and made is
// mended and gone, however it ended.
import type { DeviceFaults } from "@ashlar/initiator/testing";
import { seededRandom } from "@ashlar/runtime";
import { expect, test } from "vitest";
import { findingsOf, once, PATIENCE, runInMemory as run } from "../testing/memory-drill.ts";
import { MemorySite, someVolume } from "../testing/memory-site.ts";
import type { PlanContext } from "./fault.ts";
import { FAULT_DRILLS, findFaultDrill } from "./fault-drills.ts";
import { runFaultDrill } from "./run-fault-drill.ts";

test("a cluster that keeps its word passes, and the receipt has all figures", async () => {
  const site = new MemorySite();
  const receipt = await run(site, { rounds: 2 });
  expect(findingsOf(receipt)).toEqual([]);
  expect(receipt).toMatchObject({ version: 1, drill: "kill-node", verdict: "PASS" });
  expect(receipt.steps.map(({ name }) => name)).toEqual([
    "prepare",
    "warm-up",
    "round-1",
    "round-2",
    "data",
    "check",
    "timers",
  ]);
  const { impact } = receipt;
  expect(impact).toMatchObject({ seed: 7, site: "a cluster in memory" });
  expect(impact?.rounds.map(({ trace }) => trace)).toEqual([
    "the cluster saw storage-1 down",
    "the cluster saw storage-2 down",
  ]);
  expect(impact?.volumes.map(({ replicas }) => replicas)).toEqual([2, 3]);
  expect(impact?.volumes.every(({ operations, errors }) => operations > 80 && errors === 0)).toBe(
    true,
  );
  expect(impact?.series.map(({ path }) => path)).toEqual([
    ...["all paths", "gateway-1 memory:1", "gateway-2 memory:2"],
    ...["all paths", "gateway-1 memory:1", "gateway-2 memory:2"],
  ]);
  expect(impact?.copied.bytes).toBe(4096);
  expect(site.deeds).toEqual([
    "kill storage-1",
    "start storage-1",
    "kill storage-2",
    "start storage-2",
  ]);
  expect(site.volumes.size).toBe(0);
});

test("a gateway that dies is seen as a path without a session, and as no error", async () => {
  const receipt = await run(new MemorySite(), { drill: "kill-gateway" });
  expect(findingsOf(receipt)).toEqual([]);
  const lost = receipt.impact?.series.filter(({ down }) => down.length > 0);
  expect(lost?.map(({ path }) => path)).toEqual(["gateway-1 memory:1", "gateway-1 memory:1"]);
  expect(lost?.every(({ down }) => (down[0]?.ms ?? 0) >= 200)).toBe(true);
});

test("an interrupt mends what was broken, takes away what was made, and leaves no receipt", async () => {
  const site = new MemorySite();
  const interrupt = new AbortController();
  const tell = (line: string): void => {
    if (line.startsWith("round")) queueMicrotask(() => interrupt.abort(new Error("enough")));
  };
  const drill = run(site, { seconds: 60, signal: interrupt.signal, tell });
  await expect(drill).rejects.toThrow("enough");
  expect(site.isBroken).toBe(false);
  expect(site.deeds).toContain("start storage-1");
  expect(site.volumes.size).toBe(0);
});

test("of a cluster that misses something nothing is taken, unless that is forced", async () => {
  const site = new MemorySite();
  await site.kill("storage-3");
  await expect(run(site)).rejects.toMatchObject({
    code: "drill/unsafe",
    message:
      "kill-node is not safe now: storage-3 is down; 1 chunks with fewer copies in sync than wanted",
  });
  expect(site.volumes.size).toBe(0);
  expect(site.deeds).toEqual(["kill storage-3"]);
  const forced = await run(site, { force: true });
  expect(forced.steps.map(({ name }) => name)).toContain("round-1");
});

test("a volume with one copy is not put at risk", async () => {
  const site = new MemorySite();
  site.volumes.set("theirs", someVolume(1));
  await expect(run(site)).rejects.toThrow("of theirs there is one copy only");
  await expect(run(site, { drill: "kill-gateway" })).resolves.toMatchObject({ verdict: "PASS" });
});

test("what a site cannot do is refused with its reason, before anything is touched", async () => {
  const why = { reason: "its network is everybody's", hint: "isolate it" };
  const site = new MemorySite({ cannot: { isolate: why } });
  await expect(run(site, { drill: "partition" })).rejects.toMatchObject({
    code: "drill/impossible",
    message: "a cluster in memory cannot do this drill: its network is everybody's",
    meta: { hint: "isolate it" },
  });
  expect(site.deeds).toEqual([]);
});

test.each([
  ["blackout", 1, /^SIGKILL of all 8 processes/],
  ["kill-leader", 1, /^SIGKILL of metadata-1 \(leads/],
  ["pause", 3, /stands still/],
  ["partition", 3, /is cut/],
  ["swap-node", 1, /an empty machine/],
  ["rolling-restart", 8, /is stopped in order/],
] as const)("%s: %i rounds", async (drill, rounds, text) => {
  const receipt = await run(new MemorySite(), { drill });
  expect(findingsOf(receipt)).toEqual([]);
  expect(receipt.impact?.rounds).toHaveLength(rounds);
  for (const { fault } of receipt.impact?.rounds ?? []) expect(fault).toMatch(text);
});

test("a disk that is pulled is retired, and an empty one takes its place", async () => {
  const site = new MemorySite();
  const receipt = await run(site, { drill: "pull-disk" });
  expect(findingsOf(receipt)).toEqual([]);
  expect(receipt.impact?.rounds[0]?.trace).toBe("the cluster saw storage-1/disk-1 failed");
  expect(site.deeds).toEqual([
    "fail storage-1/disk-1",
    "retire storage-1/disk-1",
    "kill storage-1",
    "mend storage-1/disk-1",
    "empty storage-1/disk-1",
    "start storage-1",
  ]);
});

test.each([
  [12, "PASS"],
  [0, "FAIL"],
])("a slow disk that held up %i operations is a %s", async (slowed, verdict) => {
  const site = new MemorySite({ slowed });
  const receipt = await run(site, { drill: "slow-disk" });
  expect(receipt.verdict).toBe(verdict);
  expect(site.deeds).toEqual(["slow storage-1/disk-1", "mend storage-1/disk-1"]);
});

test("after a blackout one storage node is missing until the others serve without it", async () => {
  const site = new MemorySite();
  const receipt = await run(site, { drill: "blackout" });
  const text = receipt.impact?.rounds[0]?.fault ?? "";
  const [, order, missing] =
    /in the order (.*), and (storage-\d) when all is served without it$/.exec(text) ?? [];
  const started = site.deeds.filter((deed) => deed.startsWith("start "));
  expect(started).toEqual([...(order ?? "").split(", "), missing].map((id) => `start ${id}`));
  expect(order?.split(", ")).toHaveLength(7);
});

test("what came back is seen, also when nobody answered meanwhile", async () => {
  const receipt = await run(new MemorySite({ silentWhileBroken: true }), { drill: "kill-node" });
  expect(findingsOf(receipt)).toEqual([]);
  expect(receipt.impact?.rounds[0]?.trace).toMatch(/registered again, with another incarnation$/);
});

test("a machine that has the only copy of something is not emptied", async () => {
  const site = new MemorySite({ alone: 3 });
  const receipt = await run(site, { drill: "swap-node" });
  expect(receipt.verdict).toBe("FAIL");
  expect(findingsOf(receipt)[0]).toMatchObject({
    step: "round-1",
    found: "storage-1 has the only copy of 3 chunks: it is not emptied (drill/unsafe)",
  });
  expect(site.deeds).not.toContain("wipe storage-1");
  expect(site.isBroken).toBe(false);
});

test("what fails by itself before the fault keeps the fault from being made", async () => {
  const device = (site: MemorySite): DeviceFaults => {
    const die = once(() => void site.kill("storage-3"));
    return { before: () => die() };
  };
  const site = new MemorySite({ device });
  const receipt = await run(site);
  expect(findingsOf(receipt)[0]).toMatchObject({
    step: "round-1",
    expected: "nothing is missing before the fault",
    found: expect.stringContaining("storage-3 is down"),
  });
  expect(site.deeds).toEqual(["kill storage-3"]);
});

test("a soak draws its faults and how long they last from its seed", async () => {
  const site = new MemorySite();
  const admin = site.openAdmin();
  const { signal } = new AbortController();
  const status = await admin.clusterStatus({ signal });
  const state = { status, nodes: await admin.listNodes({ signal }) };
  const processes = await site.processes();
  const look = async () => state;
  const until = async (): Promise<void> => {};
  const drawn = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 20 }, (_, at) => {
      const context = {
        site,
        admin,
        look,
        until,
        state,
        processes,
        random,
        round: at + 1,
        holdMs: 1,
      };
      const { text, holdMs } = findFaultDrill("soak").plan(context);
      return `${text} ${holdMs}`;
    });
  };
  expect(drawn(1)).toEqual(drawn(1));
  expect(drawn(1)).not.toEqual(drawn(2));
  expect(new Set(drawn(1)).size).toBeGreaterThan(10);
});

test("a soak goes on until its time is over", async () => {
  const site = new MemorySite();
  const { clock, dial } = site;
  const hour = 3_600_000;
  const kill = findFaultDrill("kill-node").plan;
  const soak = {
    ...findFaultDrill("soak"),
    plan: (context: PlanContext) => {
      // No machine is so busy that the test itself takes an hour: the fourth round is the last one, always.
      if (context.round === 4) clock.pass(hour);
      return { ...kill(context), holdMs: 10 };
    },
  };
  const options = { seconds: hour / 1_000, seed: 7, patience: PATIENCE };
  const { signal } = new AbortController();
  const { impact } = await runFaultDrill(soak, { site, clock, dial }, options, { signal });
  expect(impact?.rounds.map(({ round }) => round)).toEqual([1, 2, 3, 4]);
});

test("every drill has a name of its own", () => {
  expect(new Set(FAULT_DRILLS.map(({ name }) => name)).size).toBe(FAULT_DRILLS.length);
});
