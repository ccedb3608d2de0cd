// The data path under a host at work while its processes are killed and stopped: no error at the
// initiator, nothing lost or wrong, all copies equal afterwards. The initiator is QEMU's, by itself at
// each portal, and where a path must be lost, our own with multipath. Each drill prints how long the
// host was kept waiting, beside the goal of its kind of event.
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Drills, STALL_MAX_MS } from "../support/drills.ts";
import type { LabWatch } from "../support/lab-watch.ts";
import { MetadataGroup } from "../support/metadata-group.ts";
import type { VerifiedLoad } from "../support/verified-load.ts";

/** A short run by default; `npm run drills` does all. */
const { ASHLAR_DRILLS } = process.env;
const whole = ASHLAR_DRILLS === "all";
const KILLS = whole ? 20 : 2;
const STOPS_MS = whole ? [500, 2_000, 10_000] : [2_000];
/** The patience of hosts when nothing is left: Linux takes a disk for dead after so long. */
const BLACKOUT_MAX_MS = 30_000;
/** A node resumed after a stop is back in the ISR within this. */
const RETURN_MAX_MS = 8_000;

let drills: Drills;
let watch: LabWatch;
let group: MetadataGroup;

beforeAll(async () => {
  drills = await Drills.make();
  watch = drills.watch;
  group = await MetadataGroup.of(drills.lab);
});
afterAll(async () => {
  group?.close();
  await drills?.end();
});

test(`kill -9 of a primary, ${KILLS} times`, () =>
  drills.run({
    name: "kill -9 of a primary",
    rounds: KILLS,
    goalMs: 500,
    fault: async ({ volume }) => watch.kill((await watch.rolesOf(volume.name)).primary),
  }));

test(`kill -9 of a backup, ${KILLS} times`, () =>
  drills.run({
    name: "kill -9 of a backup",
    rounds: KILLS,
    goalMs: 500,
    fault: async ({ volume }) => watch.kill((await watch.rolesOf(volume.name)).backup),
  }));

/** SIGSTOP, time that passes on purpose, SIGCONT. */
async function stopFor(id: string, ms: number): Promise<void> {
  const pid = await watch.pidOf(id);
  process.kill(pid, "SIGSTOP");
  try {
    await setTimeout(ms);
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

async function stopNode(load: VerifiedLoad, role: "primary" | "backup", ms: number): Promise<void> {
  await stopFor((await watch.rolesOf(load.volume.name))[role], ms);
  const resumedMs = performance.now();
  await watch.untilWhole(load.volume.name);
  expect(performance.now() - resumedMs).toBeLessThan(RETURN_MAX_MS);
}

for (const ms of STOPS_MS) {
  const seconds = ms / 1000;
  const one = { rounds: 1, goalMs: 1_500 };

  test(`SIGSTOP of a primary for ${seconds} s`, () =>
    drills.run({
      ...one,
      name: `SIGSTOP ${seconds} s of a primary`,
      fault: (load) => stopNode(load, "primary", ms),
    }));

  test(`SIGSTOP of a backup for ${seconds} s`, () =>
    drills.run({
      ...one,
      name: `SIGSTOP ${seconds} s of a backup`,
      fault: (load) => stopNode(load, "backup", ms),
    }));

  test(`SIGSTOP of the metadata leader for ${seconds} s`, () =>
    drills.run({
      ...one,
      name: `SIGSTOP ${seconds} s of the metadata leader`,
      goalMs: 0,
      fault: async () => stopFor(await group.leader(), ms),
    }));

  // A path stands still for as long as its gateway does, and longer is not the gateway's fault.
  test(`SIGSTOP of a gateway for ${seconds} s`, () =>
    drills.run({
      ...one,
      name: `SIGSTOP ${seconds} s of a gateway`,
      initiator: "own",
      goalMs: ms,
      fault: () => stopFor("gateway-1", ms),
    }));
}

test("everything killed at once and started in another order", () =>
  drills.run({
    name: "power cut of the whole cluster",
    rounds: whole ? 3 : 1,
    goalMs: STALL_MAX_MS,
    stallMaxMs: BLACKOUT_MAX_MS,
    fault: async () => {
      const all = await watch.processes();
      await Promise.all(all.map((id) => watch.stop(id)));
      const order = all
        .map((id) => ({ id, lot: Math.random() }))
        .sort((a, b) => a.lot - b.lot)
        .map(({ id }) => id);
      drills.table.push(`started again: ${order.join(", ")}`);
      for (const id of order) await watch.start(id);
    },
  }));
