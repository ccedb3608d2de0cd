// The metadata group loses members for a while under a host at work: what a host sees of it is nothing, and a change
// of the cluster waits at the most.
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MetadataGroup } from "../../support/metadata-group.ts";
import { TestLab, type VolumeDocument } from "../../support/test-lab.ts";
import { until } from "../../support/tools.ts";
import { type LoadReport, underLoad, type VerifiedLoad } from "../../support/verified-load.ts";

const MEMBERS = ["metadata-1", "metadata-2", "metadata-3"];
const KILLS = 10;
const GAP_MAX_MS = 1_000;
const ELECTION_DEADLINE_MS = 10_000;
/** QEMU's (libiscsi), a path at each portal; the other drills use our own, with multipath. */
const REAL_INITIATOR = { initiator: "qemu" } as const;

let lab: TestLab;
let group: MetadataGroup;

beforeAll(async () => {
  lab = await TestLab.make("--nodes", "2");
  group = await MetadataGroup.of(lab);
  await group.untilInStep(...MEMBERS);
});
afterAll(async () => {
  group?.close();
  await lab?.remove();
});

function expectUnnoticed(drill: string, report: LoadReport): void {
  console.log(`${drill}: ${report.text}`);
  expect(report).toMatchObject({ errors: 0, incidents: 0, clean: true });
  expect(report.operations).toBeGreaterThan(0);
  expect(report.gapMs).toBeLessThan(GAP_MAX_MS);
}

test(`kill -9 of the leader ${KILLS} times: no initiator error, no gap of a second`, async () => {
  const killed: string[] = [];
  const killLeaders = async (): Promise<void> => {
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const leader = await group.leader();
      const pid = await group.pidOf(leader);
      process.kill(pid, "SIGKILL");
      killed.push(leader);
      await group.untilRestarted(leader, pid);
      await group.untilInStep(...MEMBERS);
    }
  };
  const report = await underLoad(lab, "killed-leaders", killLeaders, REAL_INITIATOR);
  console.log(`leaders killed: ${killed.join(", ")}`);
  expect(killed).toHaveLength(KILLS);
  expectUnnoticed(`${KILLS} leaders killed`, report);
});

/** Longer than an election takes, shorter than a command's patience without a leader. */
const WAITING_MS = 3_000;

test("two of three killed: I/O goes on, a change waits, and goes through when one returns", async () => {
  const killTwo = async (load: VerifiedLoad): Promise<void> => {
    const leader = await group.leader();
    const [other = ""] = MEMBERS.filter((id) => id !== leader);
    for (const id of [leader, other]) await lab.command("lab", "stop", id, "--kill");

    const before = load.operations;
    const creation = lab.createVolume("patient", "64MiB");
    const first = await Promise.race([
      creation.then(() => "created"),
      setTimeout(WAITING_MS, "waiting"),
    ]);
    expect(first).toBe("waiting");
    expect(load.operations).toBeGreaterThan(before);

    await lab.command("lab", "start", other);
    await creation;
    const { volumes } = await lab.command<{ volumes: VolumeDocument[] }>("volume", "list");
    expect(volumes.filter(({ name }) => name === "patient")).toHaveLength(1);
    await lab.command("lab", "start", leader);
    await group.untilInStep(...MEMBERS);
  };
  const report = await underLoad(lab, "two-killed", killTwo, REAL_INITIATOR);
  expectUnnoticed("two of three killed", report);
});

const STOPPED_MS = 5_000;

test("a leader stopped for 5 s is replaced, and nobody else is taken for dead", async () => {
  const report = await underLoad(lab, "stopped-leader", async () => {
    const before = await group.status();
    const leader = await group.leader();
    const pid = await group.pidOf(leader);
    process.kill(pid, "SIGSTOP");
    // Time passes on purpose: a member that hangs is not one that died.
    const over = setTimeout(STOPPED_MS);
    try {
      const replaced = (next: string): boolean => next !== leader;
      const ask = (): Promise<string> => group.leader();
      const next = await until("another leader", ELECTION_DEADLINE_MS, ask, replaced);
      await over;
      console.log(`${leader} stopped, ${next} leads`);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await group.untilInStep(...MEMBERS);
    expect(await group.leader()).not.toBe(leader);
    const after = await group.status();
    // A process that was declared down is up again as the next incarnation only.
    expect(after.storage).toEqual(before.storage);
    expect(after.gateways).toEqual(before.gateways);
  });
  expectUnnoticed("leader stopped for 5 s", report);
});

test("a wiped member comes back as another one, the founder too", async () => {
  const before = await group.numberOf("metadata-1");
  const report = await underLoad(lab, "wiped-member", async () => {
    await lab.command("lab", "stop", "metadata-1", "--kill");
    await lab.command("lab", "wipe", "metadata-1");
    await lab.command("lab", "start", "metadata-1");
    await group.untilInStep(...MEMBERS);
  });
  const { metadata } = await group.status();
  const numbers = metadata.map(({ member }) => member);
  expect(new Set(numbers).size).toBe(MEMBERS.length);
  expect(numbers).not.toContain(before);
  expectUnnoticed("member wiped", report);
});
