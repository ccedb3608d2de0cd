// Looks for hot spots as long as this member leads, and keeps what it recommends about them: in memory, since figures of
// half a minute make it anew. One move of leading at a time: what the next one should be depends on what came of it.
// Where people want it, what moves no data is also done by itself (advice-pace.ts says when).
import {
  type AdviceMode,
  type GatewaySessions,
  planReliefInParts,
  planSeparationInParts,
  type Separation,
} from "@ashlar/catalog";
import {
  type FamilyId,
  familyOf,
  type NodeId,
  type StoreUuid,
  SystemError,
  toSystemError,
} from "@ashlar/core";
import type {
  AskedPair,
  HotSpot,
  Recommendation,
  RecommendationList,
  StorageReport,
} from "@ashlar/rpc";
import { type Clock, inSlices, type Log, type Startable, type Timer } from "@ashlar/runtime";
import { AdviceHistory } from "./advice-history.ts";
import { AdvicePace, type Candidate } from "./advice-pace.ts";
import { addCopy, addDisks, moveLeading } from "./advice-text.ts";
import { demandOf, demandsOf, measuresOf, NOTHING, nameOf, type Told } from "./demand.ts";
import { HotSpots } from "./hot-spots.ts";
import { followLeadership } from "./leadership.ts";
import type { AdviceMetrics } from "./metrics.ts";
import { accepted } from "./refusal.ts";
import type { ReplicatedLog } from "./replicated-log.ts";
import { StandingAdvice } from "./standing-advice.ts";
import { storeRooms } from "./store-rooms.ts";
import { unrestOf } from "./unrest.ts";

/** As often as nodes tell anything new. */
export const ADVICE_INTERVAL_MS = 5_000;
/** After a move figures that are half of before and half of after would mislead: they are over half a minute. */
export const ADVICE_PAUSE_MS = 60_000;

export interface AdvisorDeps {
  readonly replicatedLog: ReplicatedLog;
  readonly clock: Clock;
  readonly log: Log;
  /** What a node told last. */
  readonly reportOf: (node: NodeId) => StorageReport | undefined;
  /** Copies that are still to move so that they are spread evenly. */
  readonly plannedMoves: () => number;
  /** Whether all who live hear each other: what is given to a node that is not reached makes hosts wait. */
  readonly pathsAreWhole: () => boolean;
  readonly gatewaySessions: () => readonly GatewaySessions[];
  readonly metrics: AdviceMetrics;
}

interface Standing {
  readonly recommendation: Recommendation;
  /** Of one that can be applied: either chunks change hands, or copies leave a disk. */
  readonly separation?: Separation | undefined;
  readonly relief?: StoreUuid | undefined;
}

interface Applicable {
  readonly recommendation: Recommendation;
  readonly separation: Separation;
}

const isApplicable = (standing: Standing): standing is Applicable =>
  standing.separation !== undefined;

const candidateOf = ({ recommendation, separation }: Applicable): Candidate => ({
  id: recommendation.id,
  families: familiesOf(separation),
});

/** All whose chunks change hands. */
const familiesOf = ({ items }: Separation): readonly FamilyId[] => [
  ...new Set(items.map(({ chunk }) => familyOf(chunk))),
];

export class Advisor implements Startable {
  private readonly deps: AdvisorDeps;
  private timer: Timer | undefined;
  private hotSpots = new HotSpots();
  private spots: readonly HotSpot[] = [];
  private standing: readonly Standing[] = [];
  private pausedUntilMs = 0;
  private looking = false;
  private readonly pace = new AdvicePace();
  private readonly history = new AdviceHistory();
  private surroundings = new StandingAdvice();
  private unsubscribe = (): void => {};

  constructor(deps: AdvisorDeps) {
    this.deps = deps;
  }

  async start(): Promise<void> {
    this.unsubscribe = followLeadership(this.deps.replicatedLog, {
      onApplied: () => {},
      begin: () => this.begin(),
      end: () => this.end(),
    });
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    this.end();
  }

  get list(): RecommendationList {
    return {
      hotSpots: this.spots,
      recommendations: this.standing.map(({ recommendation }) => recommendation),
      waiting: this.told().waiting,
      advice: this.mode,
      hindrance: this.mode === "auto" ? (this.unrest() ?? "") : "",
      applied: this.history.list(this.deps.clock.nowMs()),
    };
  }

  /** @throws SystemError recommendation/not-found, argument/invalid. */
  async apply(
    ids: readonly string[],
  ): Promise<{ readonly applied: readonly string[]; readonly chunks: number }> {
    const wanted = ids.length > 0 ? ids.map((id) => this.find(id)) : this.standing;
    const applied: string[] = [];
    let chunks = 0;
    for (const { recommendation, separation, relief } of new Set(wanted)) {
      if (separation) chunks += await this.carryOut({ recommendation, separation }, "people");
      else if (relief !== undefined) chunks += await this.relieve(recommendation, relief);
      else if (ids.length === 0) continue;
      else {
        const message = `${recommendation.id} is advice: nothing of it can be applied`;
        throw new SystemError("argument/invalid", message, { hint: recommendation.action });
      }
      applied.push(recommendation.id);
    }
    return { applied, chunks };
  }

  private get mode(): AdviceMode {
    return this.deps.replicatedLog.view.cluster?.advice ?? "manual";
  }

  private begin(): void {
    this.end();
    this.pace.begin(this.deps.clock.nowMs(), this.mode);
    this.timer = this.deps.clock.every(ADVICE_INTERVAL_MS, () => void this.look());
  }

  private end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.hotSpots = new HotSpots();
    this.surroundings = new StandingAdvice();
    this.spots = [];
    this.standing = [];
    this.history.clear();
  }

  private find(id: string): Standing {
    const found = this.standing.find(({ recommendation }) => recommendation.id === id);
    if (found) return found;
    throw new SystemError("recommendation/not-found", `there is no recommendation ${id} now`, {
      hint: "see `ashlar recommend list`",
    });
  }

  private async carryOut(
    { recommendation: { id, action }, separation }: Applicable,
    by: "people" | "itself",
  ): Promise<number> {
    const { replicatedLog, clock, log, metrics } = this.deps;
    const { items, from, to } = separation;
    const before = this.askedOf(from, to);
    const atMs = clock.nowMs();
    const judgedMs = atMs + ADVICE_PAUSE_MS;
    this.standing = this.standing.filter((one) => !one.separation);
    this.pausedUntilMs = judgedMs;
    this.pace.moved(familiesOf(separation), atMs);
    const { result } = await replicatedLog.propose({ kind: "movePrimaries", items });
    const chunks = items.length - accepted(result).skipped.length;
    metrics.applied.inc({ by });
    log.info(
      { id, action, by, chunks, from, to, before },
      "chunks of a busy volume are led elsewhere",
    );
    const byItself = by === "itself";
    this.history.add({ id, action, byItself, from, to, chunks, before, atMs, judgedMs });
    return chunks;
  }

  /** Copies leave a disk for others that have room. */
  private async relieve({ id, action }: Recommendation, store: StoreUuid): Promise<number> {
    const { replicatedLog, clock, reportOf, log, metrics } = this.deps;
    const { view } = replicatedLog;
    this.standing = this.standing.filter((one) => one.relief !== store);
    const rooms = storeRooms(view.nodes.keys(), reportOf);
    const work = planReliefInParts(view, store, (one) => rooms.get(one));
    const { moves, bytes } = await inSlices(clock, work);
    const { result } = await replicatedLog.propose({ kind: "addMembers", items: moves });
    const chunks = moves.length - accepted(result).skipped.length;
    metrics.applied.inc({ by: "people" });
    log.info({ id, action, chunks, bytes }, "copies leave a disk that is nearly full");
    return chunks;
  }

  private askedOf(from: NodeId, to: NodeId): AskedPair {
    const asked = (node: NodeId): number => {
      const load = this.deps.reportOf(node)?.load;
      return load ? demandOf(load) : 0;
    };
    return { from: asked(from), to: asked(to) };
  }

  private unrest(): string | undefined {
    const { replicatedLog, plannedMoves, pathsAreWhole } = this.deps;
    const { waiting } = this.told();
    if (waiting.length > 0) return `${waiting.join(", ")} did not tell what hosts ask`;
    const seen = { plannedMoves: plannedMoves(), pathsAreWhole: pathsAreWhole() };
    return unrestOf(replicatedLog.view, seen);
  }

  /** The first of what stands that may be done by itself now, if people want that. */
  private async actByItself(): Promise<void> {
    const { clock, log } = this.deps;
    const nowMs = clock.nowMs();
    const applicable = this.standing.filter(isApplicable);
    this.pace.stands(applicable.map(candidateOf), nowMs);
    if (this.mode !== "auto" || this.unrest() !== undefined) return;
    const due = applicable.find((one) => this.pace.waitMs(candidateOf(one), nowMs) === 0);
    if (!due) return;
    await this.carryOut(due, "itself").catch((thrown: unknown) => {
      const error = toSystemError(thrown);
      log.warn({ code: error.code, error }, "what is recommended cannot be done");
    });
  }

  private judgeApplied(told: readonly Told[]): void {
    const demands = new Map<string, number>(told.map(({ node, load }) => [node, demandOf(load)]));
    const judged = this.history.judge(this.deps.clock.nowMs(), (node) => demands.get(node));
    for (const { id, byItself, from, to, before, after } of judged) {
      const by = byItself ? "itself" : "people";
      this.deps.log.info({ id, by, from, to, before, after }, "what came of it");
    }
  }

  /** What the nodes that are up told, and who of them did not. */
  private told(): { readonly told: readonly Told[]; readonly waiting: readonly NodeId[] } {
    const up = [...this.deps.replicatedLog.view.nodes.values()]
      .filter(({ state }) => state === "up")
      .map(({ node }) => ({ node, load: this.deps.reportOf(node)?.load }))
      .sort((a, b) => (a.node < b.node ? -1 : 1));
    return {
      told: up.flatMap(({ node, load }) => (load ? [{ node, load }] : [])),
      waiting: up.filter(({ load }) => !load).map(({ node }) => node),
    };
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    const { hotSpots, pausedUntilMs } = this;
    try {
      const { clock, replicatedLog, log } = this.deps;
      const { told, waiting } = this.told();
      // Who is not known counts for nothing, and would make the others look hot.
      const measures = waiting.length > 0 ? NOTHING : measuresOf(replicatedLog.view, told);
      this.spots = hotSpots.look(clock.nowMs(), measures);
      const standing = await this.advice(told);
      // This leader was another one meanwhile and has seen nothing yet, or what was looked at has been moved.
      if (hotSpots !== this.hotSpots || pausedUntilMs !== this.pausedUntilMs) return;
      for (const { recommendation } of standing) {
        if (this.standing.some((one) => one.recommendation.id === recommendation.id)) continue;
        log.info({ ...recommendation }, "something is recommended");
      }
      this.standing = standing;
      if (waiting.length === 0) this.judgeApplied(told);
      await this.actByItself();
    } catch (thrown) {
      const error = toSystemError(thrown);
      this.deps.log.warn({ code: error.code, error }, "nothing can be recommended");
    } finally {
      this.looking = false;
    }
  }

  private async advice(told: readonly Told[]): Promise<readonly Standing[]> {
    const hot = this.spots.find(({ kind }) => kind === "node");
    const busy = this.spots.find(({ kind }) => kind === "cluster");
    const standing: Standing[] = [];
    if (hot && this.deps.clock.nowMs() >= this.pausedUntilMs) {
      standing.push(...(await this.adviceOnNode(hot, told)));
    }
    if (busy) standing.push({ recommendation: addDisks(busy) });
    return [...standing, ...this.adviceOnSurroundings(told)];
  }

  private adviceOnSurroundings(told: readonly Told[]): readonly Standing[] {
    const { replicatedLog, clock, reportOf, gatewaySessions } = this.deps;
    const { view } = replicatedLog;
    return this.surroundings.look(clock.nowMs(), {
      view,
      rooms: storeRooms(view.nodes.keys(), reportOf),
      gateways: gatewaySessions(),
      hotSpots: this.spots,
      loads: told.map(({ load }) => load),
      atRest: this.unrest() === undefined,
    });
  }

  private async adviceOnNode(hot: HotSpot, told: readonly Told[]): Promise<readonly Standing[]> {
    const { replicatedLog, clock } = this.deps;
    const { view } = replicatedLog;
    const demands = told.map(demandsOf);
    const asked = demands.find(({ node }) => node === hot.id);
    if (!asked) return [];
    // What moves while copies are made, or a node is away, may have to move again.
    const isWhole = [...view.nodes.values()].every(({ state }) => state === "up");
    if (isWhole && view.chunks.learning === 0) {
      const preferred = this.standing.find(({ separation }) => separation?.from === asked.node);
      const asking = { from: asked.node, demands, preferred: preferred?.separation?.family };
      const separation = await inSlices(clock, planSeparationInParts(view, asking));
      const name = separation && nameOf(view, separation.family);
      if (separation && name !== undefined) {
        return [{ recommendation: moveLeading(hot, asked, { separation, name }), separation }];
      }
    }
    const [busiest] = [...asked.volumes].sort(([, a], [, b]) => b - a);
    const volume = [...view.volumes.values()].find(({ family }) => family === busiest?.[0]);
    return volume?.replicas === 1 ? [{ recommendation: addCopy(hot, volume.name) }] : [];
  }
}
