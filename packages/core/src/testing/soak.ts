// How much a searching test does. Every change is tried a little, in the minutes that a test run has; `npm run soak`
// takes the same tests many times further, and what takes minutes and gigabytes by itself.
const { ASHLAR_SOAK = "1", ASHLAR_FIRST_SEED = "1" } = process.env;

/** How many times further than in a test run searches go; 1 in a test run. */
export const SOAK = Number(ASHLAR_SOAK);

/** The first seed of a soak, so that the next one can begin where the last one ended. */
export const FIRST_SEED = Number(ASHLAR_FIRST_SEED);

/** Searches of minutes are made only when someone asks for them. */
export const SOAKS = SOAK > 1;

if (!(SOAK >= 1)) throw new Error(`ASHLAR_SOAK=${ASHLAR_SOAK}: a number from 1 on is expected`);
if (!Number.isSafeInteger(FIRST_SEED)) {
  throw new Error(`ASHLAR_FIRST_SEED=${ASHLAR_FIRST_SEED}: a whole number is expected`);
}

/** `count` of a test run, as many times as this run goes further. */
export const soaked = (count: number): number => Math.ceil(count * SOAK);
