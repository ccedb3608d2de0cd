// What the users of a metadata group see while its members are killed, stopped and cut off is what one
// machine that never fails could have shown them: the history of their calls is linearizable (R7, R10).
import { randomInt } from "node:crypto";
import { seededRandom } from "@ashlar/runtime";
import { checkLinearizable, explainVerdict, VOLUME_NAMES } from "@ashlar/sim";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FAULT_NAMES, FaultSchedule } from "../../support/metadata-faults.ts";
import { MetadataHosts } from "../../support/metadata-hosts.ts";
import { startPlaceholderNode } from "../../support/placeholder-node.ts";
import { VOLUME_CALLS, VolumeHistory } from "../../support/volume-history.ts";
import {
  type Habit,
  readAll,
  restlessUser,
  settledUser,
  useVolumes,
  VolumeNames,
} from "../../support/volume-users.ts";

const { ASHLAR_HISTORY_SEED, ASHLAR_HISTORY_SECONDS } = process.env;
/** The same seed gives the same faults and calls; when they meet is left to the machine. */
const SEED = Number(ASHLAR_HISTORY_SEED ?? randomInt(2 ** 31));
/** Longer runs, made by hand, find more. */
const SECONDS = Number(ASHLAR_HISTORY_SECONDS ?? 20);

const MEMBERS = 3;
const NAMES = 4;
/**
 * Beside one settled user per member, who was told of no other. While a leader is cut off and does not know
 * it yet, who waits for it neither writes elsewhere nor reads what is old: so some are hasty.
 */
const HABITS_OF_RESTLESS: readonly Habit[] = [
  { calls: ["create", "delete"], hasty: true },
  { calls: VOLUME_CALLS, hasty: false },
  { calls: ["get"], hasty: true },
  { calls: ["get"], hasty: true },
];
const HABIT_OF_SETTLED: Habit = { calls: VOLUME_CALLS, hasty: false };

/** What a run must have seen to say anything; the first is of each kind of call. */
const COMPLETED_MIN = 30;
const UNKNOWN_MIN = 3;
const LEADER_CHANGES_MIN = 2;

let hosts: MetadataHosts;
/** To be undone before the members end, the last first. */
const undo: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  hosts = await MetadataHosts.make(MEMBERS);
});
afterAll(async () => {
  for (const step of undo.reverse()) await step();
  await hosts?.remove();
});

test("a history of calls under kill -9, SIGSTOP and partitions is linearizable", async () => {
  console.log(`ASHLAR_HISTORY_SEED=${SEED} ASHLAR_HISTORY_SECONDS=${SECONDS}`);
  const random = seededRandom(SEED);
  const history = new VolumeHistory();
  const names = new VolumeNames(NAMES);
  undo.push(await startPlaceholderNode(hosts));
  const { clusterId, addresses } = hosts;
  const settled = addresses.map((address) =>
    settledUser(`settled with ${address}`, { clusterId, addresses: [address] }),
  );
  for (const user of settled) undo.push(() => user.close());
  const users = [
    ...settled.map((user) => ({ user, habit: HABIT_OF_SETTLED })),
    ...HABITS_OF_RESTLESS.map((habit, at) => {
      const lots = seededRandom(random.below(2 ** 31));
      return { user: restlessUser(`restless ${at + 1}`, { clusterId, addresses }, lots), habit };
    }),
  ];

  const faults = new FaultSchedule(hosts, seededRandom(random.below(2 ** 31)));
  const ending = new AbortController();
  const work = users.map(({ user, habit }) => {
    const lots = seededRandom(random.below(2 ** 31));
    return useVolumes(user, habit, { history, names, random: lots, until: ending.signal });
  });
  const isEnough = (): boolean => history.completed > COMPLETED_MIN;
  await faults.run({ durationMs: SECONDS * 1_000, isEnough }).finally(() => ending.abort());
  await Promise.all(work);
  await hosts.untilInStep();
  await readAll(settled, { history, names });

  const leaderChanges = (await hosts.logged("this member leads")) - 1;
  const startedAtMs = performance.now();
  const verdict = checkLinearizable(VOLUME_NAMES, history.operations);
  const checkMs = Math.round(performance.now() - startedAtMs);

  const created = history.count("create", "created");
  const exists = history.count("create", "exists");
  const deleted = history.count("delete", "deleted");
  const absent = history.count("delete", "not-found");
  const found = history.count("get", "found");
  const notFound = history.count("get", "not-found");
  const unknown = history.operations.filter(({ output }) => output === undefined).length;
  console.log(faults.text);
  console.log(
    [
      `${history.operations.length} calls on ${names.used.length} names:`,
      `created ${created}, exists ${exists}, deleted ${deleted}, nothing to delete ${absent},`,
      `found ${found}, not found ${notFound}, unknown ${unknown}; ${history.noEffect} without effect;`,
      `${faults.inflicted.length} faults, ${leaderChanges} leader changes, checked in ${checkMs} ms`,
    ].join("\n"),
  );

  expect(await hosts.crashes()).toEqual([]);
  expect(history.surprises).toEqual([]);
  expect(explainVerdict(verdict)).toBe("linearizable");
  expect(history.completed).toBeGreaterThan(COMPLETED_MIN);
  expect(unknown).toBeGreaterThan(UNKNOWN_MIN);
  expect(leaderChanges).toBeGreaterThanOrEqual(LEADER_CHANGES_MIN);
  expect(new Set(faults.inflicted.map(({ fault }) => fault))).toEqual(new Set(FAULT_NAMES));
});
