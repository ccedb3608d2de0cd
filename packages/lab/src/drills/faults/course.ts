// The course of a drill with faults: its own volumes and hosts, everybody at work, then round by round a fault, its
// end, and the wait until no copy is missing; at last everything is read back through every path, every copy is
// compared, and the figures are held beside the timers of hosts. Whatever happens, faults are undone and what was
// made for the drill is taken away.
import { SystemError } from "@ashlar/core";
import { type Dial, parsePortal } from "@ashlar/initiator";
import { type Clock, type Random, sleep } from "@ashlar/runtime";
import type { Step } from "../drill.ts";
import type { Place } from "../receipt.ts";
import type { DrillAdmin, DrillSite } from "../site/drill-site.ts";
import type { StepJudge } from "../step-judge.ts";
import { ClusterWatch } from "./cluster-watch.ts";
import { CopiedBytes } from "./copied-bytes.ts";
import { judgeData } from "./data-judge.ts";
import { DrillLoad } from "./drill-load.ts";
import { DrillVolumes } from "./drill-volumes.ts";
import type { Fault, FaultDrill, PlanContext } from "./fault.ts";
import { judgeGoals, judgeTimers } from "./host-timers.ts";
import type { Impact, ImpactEvent, ImpactRound } from "./impact.ts";
import { type ClusterState, untilWhole, type Wholeness } from "./redundancy.ts";

export interface CourseDependencies {
  readonly site: DrillSite;
  readonly admin: DrillAdmin;
  readonly clock: Clock;
  /** Names of what is made; the drill's own choices come from its seed. */
  readonly random: Random;
  /** The drill's choices. */
  readonly choices: Random;
  readonly dial?: Dial;
}

/** How long a drill waits for what, and how often it asks. */
export interface Patience {
  readonly pollMs: number;
  /** See untilWhole. */
  readonly steadyMs: number;
  readonly wholeMs: number;
  readonly pathsMs: number;
  /** For what a fault's end brings. */
  readonly seenMs: number;
  readonly busyMs: number;
  /** Operations of each host before the first fault and after each. */
  readonly operations: number;
}

export const PATIENCE: Patience = {
  pollMs: 250,
  steadyMs: 1_000,
  wholeMs: 600_000,
  pathsMs: 60_000,
  seenMs: 120_000,
  busyMs: 180_000,
  operations: 50,
};
/** Undoing a fault and deleting volumes must end too. */
const CLEAN_UP_TIMEOUT_MS = 120_000;
const COPIED_POLL_MS = 1_000;

export interface CourseOptions {
  readonly drill: FaultDrill;
  readonly seed: number;
  /** How long each fault lasts; of a soak, the whole of it. */
  readonly holdMs: number;
  readonly rounds: number;
  /** How long faults go on, from the first one; absent: until there were as many rounds. */
  readonly untilMs: number | undefined;
  readonly chunkSize: number;
  readonly storageUp: number;
  /** Also when something is missing. */
  readonly force: boolean;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

const EVERYWHERE: Place = { disk: "all volumes", host: "all hosts", path: "all paths" };

export class Course {
  private readonly deps: CourseDependencies;
  private readonly options: CourseOptions;
  private readonly originMs: number;
  private readonly originWallMs: number;
  private readonly watch: ClusterWatch;
  private readonly copied: CopiedBytes;
  private readonly made: DrillVolumes;
  private readonly undo = new Set<Fault>();
  private readonly rounds: ImpactRound[] = [];
  private readonly events: ImpactEvent[] = [];
  private load: DrillLoad | undefined;
  private copiedBytes: Impact["copied"] = { bytes: null, source: "the drill ended before" };
  private isWell = true;
  private roundsFromMs: number | undefined;

  constructor(deps: CourseDependencies, options: CourseOptions) {
    this.deps = deps;
    this.options = options;
    const { clock } = deps;
    this.originMs = clock.nowMs();
    this.originWallMs = clock.wallMs();
    this.made = new DrillVolumes(deps);
    this.watch = new ClusterWatch(deps, { pollMs: options.patience.pollMs });
    this.copied = new CopiedBytes(deps, { pollMs: COPIED_POLL_MS });
  }

  /** In order; how many rounds there are turns out on the way. */
  *steps(): Generator<Step> {
    const { drill, rounds, untilMs } = this.options;
    const step = (name: string, title: string, run: Step["run"]): Step => ({ name, title, run });
    yield {
      ...step("prepare", "Volumes are made, and hosts log in", () => this.prepare()),
      isNeeded: true,
    };
    yield step("warm-up", "Hosts are at work", (judge) => this.warmUp(judge));
    // Without hosts all that is left is not run, and a fault would be for nothing.
    for (let round = 1; this.load && this.isWell && round <= rounds; round += 1) {
      this.roundsFromMs ??= this.nowMs;
      if (untilMs !== undefined && this.nowMs - this.roundsFromMs >= untilMs && round > 1) break;
      const title = `${drill.name}, a fault and its end`;
      yield step(`round-${round}`, title, (judge) => this.round(judge, round));
    }
    yield step("data", "Everything is read back through every path", (judge) => this.data(judge));
    yield step("check", "Every copy is compared", (judge) => this.check(judge));
    yield step("timers", "No default timer of a host ran out", (judge) => this.timers(judge));
  }

  get volumes(): readonly string[] {
    return this.made.volumes.map(({ name }) => name);
  }

  impact(): Impact {
    const { load, rounds, events } = this;
    const { site } = this.deps;
    const redundancy = rounds.map(({ redundancyMs }) => redundancyMs);
    return {
      site: site.name,
      seed: this.options.seed,
      beganAt: this.timeAt(0),
      endedMs: Math.round(this.nowMs),
      rounds,
      events,
      volumes: load?.impactVolumes() ?? [],
      series: load?.impactSeries() ?? [],
      timers: load ? judgeTimers(load.measured(), this.options.drill.servedThroughout) : [],
      goals: judgeGoals(rounds.map(({ stallMs }) => stallMs)),
      redundancyMs: redundancy.includes(null) ? null : Math.max(0, ...redundancy.map(Number)),
      copied: this.copiedBytes,
    };
  }

  /** Undoes what is not undone, and takes away what was made. @throws SystemError what could not be. */
  async cleanUp(): Promise<void> {
    const signal = AbortSignal.timeout(CLEAN_UP_TIMEOUT_MS);
    const failures: unknown[] = [];
    await this.undoFaults({ signal }).catch((thrown) => failures.push(thrown));
    await this.load?.drop();
    await this.watch.stop();
    await this.copied.end();
    await this.made.remove({ signal }).catch((thrown) => failures.push(thrown));
    if (failures.length > 0) throw failures[0];
  }

  /** Those of rounds that came to no end. */
  private async undoFaults(call: { readonly signal: AbortSignal }): Promise<void> {
    for (const fault of this.undo) {
      this.options.tell(`undoing: ${fault.text}`);
      await fault.end(call);
      this.undo.delete(fault);
    }
  }

  private get nowMs(): number {
    return this.deps.clock.nowMs() - this.originMs;
  }

  private timeAt(atMs: number): string {
    return new Date(this.originWallMs + atMs).toISOString();
  }

  private get hosts(): DrillLoad {
    if (this.load) return this.load;
    throw new SystemError("drill/impossible", "no host is at work");
  }

  private async prepare(): Promise<void> {
    const { site, clock, random, dial } = this.deps;
    const { signal, chunkSize, seed, storageUp } = this.options;
    const portals = (await site.portals({ signal })).map(({ gateway, address }) => {
      return { gateway, portal: parsePortal(address) };
    });
    await this.made.make({ chunkSize, storageUp }, { signal });
    const { originMs } = this;
    const runId = random.bytes(6).readUIntBE(0, 6);
    this.load = await DrillLoad.open(
      { clock, random, ...(dial && { dial }) },
      this.made.volumes.map((volume, index) => {
        const identity = { host: `host-${index + 1}`, seed: seed + 100 * index, runId };
        return { ...identity, volume, portals, chunkSize, originMs };
      }),
    );
    await this.copied.begin();
  }

  private async warmUp(judge: StepJudge): Promise<void> {
    this.hosts.work();
    await this.busy(judge, "before the fault");
  }

  /** Hosts must be seen at work: a drill in which nothing was asked shows nothing. */
  private async busy(judge: StepJudge, when: string): Promise<void> {
    const { signal, patience } = this.options;
    const { operations, busyMs: timeoutMs } = patience;
    for (const { volume, host } of await this.hosts.untilBusy(operations, { signal, timeoutMs })) {
      judge.note(
        { disk: volume.name, host, path: "all paths" },
        {
          command: `operations ${when}`,
          expected: `${operations} of them within ${timeoutMs} ms`,
          found: "fewer",
          at: this.timeAt(this.nowMs),
        },
      );
    }
  }

  private async round(judge: StepJudge, round: number): Promise<void> {
    const { signal, tell, drill } = this.options;
    const { clock } = this.deps;
    this.isWell = false;
    if (!(await this.isSafe(judge))) return;
    const state = await this.watch.begin();
    const { holdMs } = this.options;
    const fault = drill.plan(await this.planContext(state, round));
    tell(`round ${round}: ${fault.text}`);
    this.hosts.beginRound();
    const faultAtMs = this.event(round, "fault", fault.text);
    this.undo.add(fault);
    await fault.begin({ signal });
    await this.noteEnded();
    await sleep(clock, fault.holdMs ?? holdMs, { signal });
    const repairAtMs = this.event(round, "repair", "the fault ends");
    await fault.end({ signal });
    this.undo.delete(fault);
    const whole = await this.untilWhole();
    if (whole.atMs !== undefined) {
      this.event(round, "whole", "no copy is missing", whole.atMs - this.originMs);
    }
    await this.pathsUp(judge);
    await this.busy(judge, "after the fault");
    await this.watch.note(signal);
    const trace = fault.trace(this.watch.traces) ?? null;
    const redundancyMs =
      whole.atMs === undefined ? null : Math.round(whole.atMs - this.originMs - repairAtMs);
    const stallMs = Math.round(this.hosts.endRound());
    const times = { faultAtMs, repairAtMs, stallMs, redundancyMs };
    this.rounds.push({ round, fault: fault.text, trace, ...times });
    this.judgeRound(judge, { fault, trace, missing: whole.missing });
    this.isWell = trace !== null && whole.missing.length === 0;
  }

  /** The gate before each fault: something else may have failed since the last one. */
  private async isSafe(judge: StepJudge): Promise<boolean> {
    if (this.options.force) return true;
    const { missing } = await this.untilWhole();
    if (missing.length === 0) return true;
    judge.note(EVERYWHERE, {
      command: this.options.drill.name,
      expected: "nothing is missing before the fault",
      found: missing.join(", "),
      at: this.timeAt(this.nowMs),
    });
    return false;
  }

  private untilWhole(): Promise<Wholeness> {
    const { signal, tell, patience } = this.options;
    const { wholeMs: timeoutMs, pollMs, steadyMs } = patience;
    return untilWhole(this.deps, { signal, tell, timeoutMs, pollMs, steadyMs });
  }

  private async planContext(state: ClusterState, round: number): Promise<PlanContext> {
    const { site, admin, choices: random } = this.deps;
    const { signal, holdMs, patience } = this.options;
    const processes = await site.processes({ signal });
    const look: PlanContext["look"] = (call) => this.watch.state(call.signal);
    const until: PlanContext["until"] = (what, good, call) =>
      this.watch.until(what, good, { ...call, timeoutMs: patience.seenMs });
    return { site, admin, look, until, state, processes, random, round, holdMs };
  }

  private judgeRound(
    judge: StepJudge,
    found: {
      readonly fault: Fault;
      readonly trace: string | null;
      readonly missing: readonly string[];
    },
  ): void {
    const at = this.timeAt(this.nowMs);
    if (found.trace === null) {
      judge.note(EVERYWHERE, {
        command: found.fault.text,
        expected: "a trace of it in the cluster",
        found: "none: nothing was done, or nobody noticed",
        at,
      });
    }
    if (found.missing.length === 0) return;
    judge.note(EVERYWHERE, {
      command: "the way back to full redundancy",
      expected: `nothing is missing within ${this.options.patience.wholeMs} ms`,
      found: found.missing.join(", "),
      at,
    });
  }

  private async pathsUp(judge: StepJudge): Promise<void> {
    const { signal, patience } = this.options;
    const timeoutMs = patience.pathsMs;
    for (const { volume, host } of await this.hosts.untilPathsUp({ signal, timeoutMs })) {
      judge.note(
        { disk: volume.name, host, path: "all paths" },
        {
          command: "paths after the fault",
          expected: `all of them up within ${timeoutMs} ms`,
          found: "one is down",
          at: this.timeAt(this.nowMs),
        },
      );
    }
  }

  private async noteEnded(): Promise<void> {
    const { signal } = this.options;
    for (const { id, running } of await this.deps.site.processes({ signal })) {
      if (!running) this.watch.traces.ended.add(id);
    }
  }

  private event(
    round: number,
    kind: ImpactEvent["kind"],
    text: string,
    atMs: number = this.nowMs,
  ): number {
    this.events.push({ atMs: Math.round(atMs), kind, round, text });
    return Math.round(atMs);
  }

  private async data(judge: StepJudge): Promise<void> {
    const { signal } = this.options;
    await this.undoFaults({ signal });
    await this.hosts.rest();
    this.copiedBytes = await this.copied.end();
    await this.pathsUp(judge);
    for (const host of this.hosts.hosts) await host.readBack({ signal });
    for (const host of this.hosts.hosts) judgeData(judge, host, (atMs) => this.timeAt(atMs));
    await this.hosts.logout();
  }

  private async check(judge: StepJudge): Promise<void> {
    const { signal } = this.options;
    for (const { name } of this.made.volumes) {
      const check = await this.deps.admin.checkVolume(name, { signal });
      const place = { ...EVERYWHERE, disk: name };
      judge.equal(place, "volume check", {
        expected: "0 copies different, 0 units damaged",
        found: `${check.different} copies different, ${check.damaged} units damaged`,
      });
    }
  }

  private async timers(judge: StepJudge): Promise<void> {
    const measured = this.hosts.measured();
    for (const timer of judgeTimers(measured, this.options.drill.servedThroughout)) {
      if (timer.within || !timer.decides) continue;
      const { place, atMs } = measured[timer.of];
      judge.note(
        { disk: place.volume, host: place.host, path: place.path },
        {
          command: `${timer.host}, ${timer.setting}`,
          expected: `${timer.measured} below ${timer.limitMs} ms`,
          found: `${timer.measuredMs} ms`,
          at: this.timeAt(atMs),
        },
      );
    }
    if (this.rounds.length > 0) return;
    const expected = "a fault and its end at least once";
    judge.note(EVERYWHERE, { command: this.options.drill.name, expected, found: "no whole round" });
  }
}
