// A storage process is killed in the middle of its work, 200 times at random moments, some while it still starts:
// what its store had acknowledged is there each time, and its copies are those of the others now and then.
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, test } from "vitest";
import { Drills } from "../../support/drills.ts";

const NODE = "storage-2";
const ROUNDS = 4;
const KILLS = 50;
/** A process that has just been started replays its journal, copies what it missed, and serves. */
const MOMENT_MAX_MS = 500;
/** Its supervisor waits a second before it starts what ends at once. */
const TIMEOUT_MS = 1_800_000;

let drills: Drills;
beforeAll(async () => {
  drills = await Drills.make();
});
afterAll(() => drills?.end());

test(
  `kill -9 of one storage process, ${ROUNDS} times ${KILLS} at random moments`,
  () =>
    drills.run({
      name: `${KILLS} kills -9 at random moments`,
      rounds: ROUNDS,
      goalMs: 500,
      fault: async () => {
        for (let kill = 0; kill < KILLS; kill += 1) {
          await setTimeout(Math.random() * MOMENT_MAX_MS);
          await drills.watch.kill(NODE);
        }
      },
    }),
  TIMEOUT_MS,
);
