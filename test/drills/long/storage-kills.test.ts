// A storage process is killed in the middle of its work, 200 times at random moments: what its store had
// acknowledged is there each time, and its copies are those of the others at the end.
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, test } from "vitest";
import { Drills } from "../../support/drills.ts";

const NODE = "storage-2";
const KILLS = 200;
/** Longer than a batch of the journal, and than a checkpoint of a store that is so busy. */
const MOMENT_MAX_MS = 300;

let drills: Drills;
beforeAll(async () => {
  drills = await Drills.make();
});
afterAll(() => drills?.end());

test(`kill -9 of one storage process, ${KILLS} times at random moments`, () =>
  drills.run({
    name: "kill -9 at a random moment",
    rounds: KILLS,
    goalMs: 500,
    fault: async () => {
      await setTimeout(Math.random() * MOMENT_MAX_MS);
      await drills.watch.kill(NODE);
    },
  }));
