// What properties are tried with: drawn anew in every soak, and the same in every test run, so that a run judges a
// change and not its luck. Set up for each file of unit tests.
import { SOAKS, soaked } from "@ashlar/core/testing";
import fc from "fast-check";

/** Of a test run. */
const SEED = 20_261_201;
/** As many as the library tries by itself. */
const RUNS = 100;

fc.configureGlobal({ numRuns: soaked(RUNS), ...(!SOAKS && { seed: SEED }) });
