// Every write of a history is written down, and for every moment of it the disk is made as a power cut may
// leave it, with what was not synced lost, torn by sectors or reordered. Each such image must open as what
// a beginning of the history says, with all that was acknowledged by then (P1, P13), and no extent leaked or
// owned twice (P20).
import { FIRST_SEED, SOAKS, soaked } from "@ashlar/core/testing";
import { seededRandom } from "@ashlar/runtime";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RecordingDisk, SURVIVALS } from "./testing/recording-disk.ts";
import { PATH } from "./testing/small-store.ts";
import type { StoreEvent } from "./testing/store-model.ts";
import { type Step, stepArbitrary } from "./testing/store-steps.ts";
import { StoreTrial } from "./testing/store-trial.ts";

/** A soak is due before a change of the format or of the order of a checkpoint's steps. */
const HISTORIES = soaked(1);
const STEPS = SOAKS ? 24 : 14;

/** Ends of the process are what the images are about. */
const isRecorded = ({ kind }: Step): boolean =>
  kind !== "crash" && kind !== "storm" && kind !== "reopen";

interface Acknowledgement {
  readonly event: StoreEvent;
  /** Writes and syncs that had been made by then. */
  readonly at: number;
}

async function imagesOf(seed: number): Promise<number> {
  const disk = new RecordingDisk(PATH);
  const answered: Acknowledgement[] = [];
  const acknowledged = (event: StoreEvent): void => {
    answered.push({ event, at: disk.length });
  };
  const trial = new StoreTrial({ disk, crash: () => {}, acknowledged });
  await trial.start();
  disk.record();
  const steps = fc.sample(stepArbitrary.filter(isRecorded), { numRuns: STEPS, seed });
  for (const step of steps) await trial.step(step);
  await trial.settle();
  await trial.close();
  const { events } = trial;
  const random = seededRandom(seed);
  let images = 0;
  await disk.eachMoment(async (at, image) => {
    const known = answered.filter((one) => one.at <= at).map(({ event }) => events.indexOf(event));
    for (const survival of SURVIVALS) {
      const heir = new StoreTrial({ disk: await image(survival, random), crash: () => {} });
      try {
        await heir.inherit(events, 1 + Math.max(-1, ...known));
        await heir.close();
      } catch (thrown) {
        const cause = { cause: thrown };
        throw new Error(`seed ${seed}, a cut after ${at} writes and syncs, ${survival}`, cause);
      }
      images += 1;
    }
  });
  return images;
}

test("P1, P13, P20: whatever a power cut leaves opens as what was acknowledged", async () => {
  let images = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed += 1)
    images += await imagesOf(seed);
  console.log(`${HISTORIES} histories, ${images} images of the disk`);
  expect(images).toBeGreaterThan(HISTORIES * 100);
}, 3_600_000);
