// Runs one drill with faults on a site: refuses before anything is touched, and leaves nothing behind.
import { SystemError, toSystemError } from "@ashlar/core";
import type { Dial } from "@ashlar/initiator";
import { type Clock, nodeClock, nodeRandom, type Random, seededRandom } from "@ashlar/runtime";
import { type DrillOptions, runDrill } from "../drill.ts";
import { type Receipt, verdictOf } from "../receipt.ts";
import { type DrillSite, requireAbilities } from "../site/drill-site.ts";
import { Course, type CourseDependencies, PATIENCE, type Patience } from "./course.ts";
import type { FaultDrill } from "./fault.ts";
import { requireSafe } from "./safety.ts";

export interface FaultDrillOptions {
  /** How long a fault lasts, of a soak the whole of it; the drill's own if absent. */
  readonly seconds?: number | undefined;
  /** How often; the drill's own if absent. */
  readonly rounds?: number | undefined;
  /** Any if absent; the receipt tells. */
  readonly seed?: number | undefined;
  /** Also when something is missing already. */
  readonly force?: boolean | undefined;
  readonly patience?: Patience;
}

export interface FaultDrillDependencies {
  readonly site: DrillSite;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly dial?: Dial;
}

type Watched = Omit<DrillOptions, "clock"> & { readonly tell?: (line: string) => void };

const INITIATOR =
  "Ashlar's own initiator (packages/initiator): a host for each volume, round robin over all portals, default timers";
const SEEDS = 2 ** 31;
/** A soak ends by its time. */
const ROUNDS_OF_SOAK = 1_000_000;

function roundsOf(drill: FaultDrill, asked: number | undefined, processes: number): number {
  switch (drill.rounds.kind) {
    case "fixed":
      return asked ?? drill.rounds.rounds;
    case "each-process":
      return processes * (asked ?? 1);
    case "until-time":
      return asked ?? ROUNDS_OF_SOAK;
  }
}

/**
 * @throws SystemError drill/impossible, drill/unsafe before anything is changed; the signal's reason when everything
 * is as before again.
 */
export async function runFaultDrill(
  drill: FaultDrill,
  { site, clock = nodeClock, random = nodeRandom, dial }: FaultDrillDependencies,
  options: FaultDrillOptions,
  watched: Watched,
): Promise<Receipt> {
  requireAbilities(site, drill.needs);
  const { signal, onStep, tell = () => {} } = watched;
  const admin = site.openAdmin();
  try {
    const status = await admin.clusterStatus({ signal });
    const state = { status, nodes: await admin.listNodes({ signal }) };
    const volumes = await admin.listVolumes({ signal });
    requireSafe(drill, { state, volumes }, { force: options.force ?? false });
    const seed = options.seed ?? random.below(SEEDS);
    const holdMs = 1_000 * (options.seconds ?? drill.seconds);
    const processes = (await site.processes({ signal })).length;
    const untilTime = drill.rounds.kind === "until-time";
    const course = new Course(
      { site, admin, clock, random, choices: seededRandom(seed), ...(dial && { dial }) },
      {
        drill,
        seed,
        holdMs,
        rounds: roundsOf(drill, options.rounds, processes),
        untilMs: untilTime ? holdMs : undefined,
        chunkSize: status.chunkSize,
        storageUp: status.storage.filter((node) => node.state === "up").length,
        force: options.force ?? false,
        patience: options.patience ?? PATIENCE,
        signal,
        tell,
      },
    );
    const setting = settingOf(site, status, { seed, seconds: holdMs / 1_000 });
    return await thenCleaned(course, async () => {
      const named = { name: drill.name, initiator: INITIATOR, setting, steps: course.steps() };
      const receipt = await runDrill(named, { clock, signal, ...(onStep && { onStep }) });
      return { ...receipt, impact: course.impact() };
    });
  } finally {
    admin.close();
  }
}

const settingOf = (
  site: DrillSite,
  {
    storage,
    gateways,
    metadata,
  }: Awaited<ReturnType<CourseDependencies["admin"]["clusterStatus"]>>,
  numbers: { readonly seed: number; readonly seconds: number },
): Receipt["setting"] => ({
  site: site.name,
  killed: site.killNote,
  metadata: metadata.map(({ id }) => id),
  storage: storage.map(({ id }) => id),
  gateways: gateways.map(({ id }) => id),
  ...numbers,
});

/** Cleans up in any case. What is left behind is a FAIL: nobody would look for it after a PASS. */
async function thenCleaned(course: Course, run: () => Promise<Receipt>): Promise<Receipt> {
  let receipt: Receipt;
  try {
    receipt = await run();
  } catch (thrown) {
    await course.cleanUp().catch((failed) => {
      const { code, message, meta } = toSystemError(thrown);
      const left = `${message}; not cleaned up: ${toSystemError(failed).message}`;
      throw new SystemError(code, left, meta, thrown);
    });
    throw thrown;
  }
  try {
    await course.cleanUp();
    return receipt;
  } catch (thrown) {
    const { message, code } = toSystemError(thrown);
    const place = { disk: course.volumes.join(", "), host: "all hosts", path: "all paths" };
    const finding = {
      step: "clean-up",
      ...place,
      command: "clean-up",
      expected: "nothing is left",
    };
    const steps = [
      ...receipt.steps,
      {
        name: "clean-up",
        title: "What was made for the drill is taken away",
        verdict: "fail" as const,
        ms: 0,
        commands: [],
        findings: [{ ...finding, found: `${message} (${code})` }],
        findingsTotal: 1,
      },
    ];
    return { ...receipt, steps, verdict: verdictOf(steps) };
  }
}
