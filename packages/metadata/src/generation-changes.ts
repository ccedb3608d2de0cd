// Changes of what a volume's gateways share, one after the other for each volume. A change in one phase
// begins the next generation and waits until the one before is closed. One in two phases is prepared,
// which closes the generation in force; when everybody has closed it, it is committed, else given up.
// What the catalog says is under way is taken up again by whoever leads, so nothing is kept here that a
// lost leader would take along.
import {
  decideReservation,
  outcomeName,
  type ProposalId,
  type ReservationOutcome,
  type VolumeChange,
  type VolumeRecord,
} from "@ashlar/catalog";
import { hasCode, SystemError, toSystemError, type VolumeId } from "@ashlar/core";
import { type Holding, onlyWidens, type ReservationAction } from "@ashlar/reservations";
import type { Clock, Log, Startable, Timer } from "@ashlar/runtime";
import { type ChangeOutcome, ChangeOutcomes } from "./change-outcomes.ts";
import type { GenerationCloser } from "./generation-closer.ts";
import { accepted } from "./refusal.ts";
import type { ReplicatedLog } from "./replicated-log.ts";
import { ReservationProofs } from "./reservation-proofs.ts";

/** Of a change in one phase. I/O goes on meanwhile; hosts wait for the answer of a reset for 15 s or more. */
export const FENCE_LIMIT_MS = 10_000;
/** Before anything is prepared: a failover under way may end, a silent node is found. */
export const PROBE_LIMIT_MS = 2_000;
/** A prepared change stops the volume's I/O, which waits for 20 s at most; a failover takes two. */
export const CHANGE_LIMIT_MS = 5_000;
/**
 * Changes waiting for one volume: each ends within seconds, and most within milliseconds; as many hosts as can be
 * registered may all register at once.
 */
const WAITING_MAX = 256;
/** What could not be given up, because of a full disk for example, is tried again. */
const RESUME_INTERVAL_MS = 1_000;

/** Resets and fences that wait for the change under way share the next generation. */
interface Gathering {
  reset: boolean;
  readonly done: Promise<{ readonly index: number }>;
}

/** The changes of one volume, in order. */
interface Line {
  tail: Promise<void>;
  length: number;
  gathering: Gathering | undefined;
}

interface Prepared {
  readonly volume: VolumeId;
  readonly generation: number;
}

interface ChangeOptions {
  readonly signal: AbortSignal;
  readonly proposal?: ProposalId | undefined;
}

export interface GenerationChangesDeps {
  readonly replicatedLog: ReplicatedLog;
  readonly closer: Pick<GenerationCloser, "close">;
  readonly clock: Clock;
  readonly log: Log;
}

export class GenerationChanges implements Startable {
  private readonly deps: GenerationChangesDeps;
  private readonly outcomes: ChangeOutcomes;
  private readonly proofs: ReservationProofs;
  private readonly lines = new Map<VolumeId, Line>();
  private leading = new AbortController();
  private timer: Timer | undefined;
  private stopListening = (): void => {};

  constructor(deps: GenerationChangesDeps) {
    this.deps = deps;
    this.proofs = new ReservationProofs(deps.closer);
    this.outcomes = new ChangeOutcomes(deps.replicatedLog.view.volumes.values());
  }

  async start(): Promise<void> {
    const { replicatedLog } = this.deps;
    const unlead = replicatedLog.onLead((leads) => (leads ? this.begin() : this.end()));
    const unsubscribe = replicatedLog.subscribe(({ restored, changes }) => {
      if (restored) this.outcomes.restore(replicatedLog.view.volumes.values());
      else this.outcomes.onChanges(changes);
    });
    this.stopListening = () => {
      unlead();
      unsubscribe();
    };
    if (replicatedLog.leads) this.begin();
  }

  async stop(): Promise<void> {
    this.stopListening();
    this.end();
  }

  /**
   * Begins the next generation; resolves with its entry when nothing admitted before can take effect
   * any more. @throws SystemError volume/not-found, volume/not-fenced, volume/changing, raft/not-leader,
   * the signal's reason.
   */
  async fence(
    { volume, reset }: { readonly volume: VolumeId; readonly reset: boolean },
    { signal }: { readonly signal: AbortSignal },
  ): Promise<{ readonly index: number }> {
    await this.deps.replicatedLog.readIndex();
    const gathering = this.line(volume).gathering ?? this.gather(volume);
    gathering.reset ||= reset;
    return waited(gathering.done, signal);
  }

  /**
   * Makes a change in two phases; asked again under the same name it goes on where it stood.
   * @throws SystemError as of {@link fence}: then nothing was changed, or it is not known.
   */
  async change(
    { volume, change }: { readonly volume: VolumeId; readonly change: VolumeChange },
    { signal, proposal }: ChangeOptions,
  ): Promise<void> {
    const done = this.enqueue(volume, async () => {
      signal.throwIfAborted();
      // The same request, sent twice, was ahead in the line: the volume may be gone by now.
      const made = this.deps.replicatedLog.answered(proposal, "prepareChange");
      if (made) return accepted(made);
      const { family, generation } = this.recordOf(volume);
      // One that is silent from the beginning would stop the volume's I/O for nothing.
      const before = { family, generation: generation - 1 };
      await this.deps.closer.close(before, { signal: this.leads, limitMs: PROBE_LIMIT_MS });
      const command = { kind: "prepareChange", volume, change } as const;
      const { result } = await this.deps.replicatedLog.propose(command, proposal);
      await this.finish(accepted(result));
      return undefined;
    });
    const made = await waited(done, signal);
    if (made) await this.outcome(made, { signal });
  }

  /**
   * Changes who has reserved the volume's logical unit; resolves with what came of it and the entry that a mirror
   * must have. Asked again under the same name it goes on where it stood.
   * @throws SystemError as of {@link fence}: then nothing was changed, or it is not known.
   */
  async changeReservation(
    { volume, action }: { readonly volume: VolumeId; readonly action: ReservationAction },
    { signal, proposal }: ChangeOptions,
  ): Promise<{ readonly index: number; readonly outcome: ReservationOutcome }> {
    const done = this.enqueue(volume, async () => {
      signal.throwIfAborted();
      await this.deps.replicatedLog.readIndex();
      const made = this.deps.replicatedLog.answered(proposal, "prepareReservation");
      return made
        ? { made: accepted(made) }
        : this.makeReservation({ volume, action }, { signal, proposal });
    });
    const answer = await waited(done, signal);
    if (!("made" in answer)) return answer;
    const { made } = answer;
    if (!made.inForce && made.generation > 0) await this.outcome(made, { signal });
    else
      await waited(
        this.enqueue(volume, () => this.known(made)),
        signal,
      );
    return this.answerOf(made, action);
  }

  /**
   * The newest state of a volume's reservations, as the entry that a mirror must have and how many changes it counts:
   * no older one is told from now on. Waits for no change under way.
   * @throws SystemError volume/not-found, volume/not-fenced, raft/not-leader, the signal's reason.
   */
  async proveReservations(
    volume: VolumeId,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<{ readonly index: number; readonly changes: number }> {
    const index = await this.deps.replicatedLog.readIndex();
    const record = this.recordOf(volume);
    await this.proofs.prove(record, { signal, limitMs: FENCE_LIMIT_MS });
    return { index, changes: record.reservations.changes };
  }

  /** The end of a change that was prepared before, by this leader or another. */
  async outcome(prepared: Prepared, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const done = this.enqueue(prepared.volume, async () => {
      if (this.isPrepared(prepared)) await this.finish(prepared);
    });
    await waited(done, signal);
    if (this.outcomeOf(prepared) === "givenUp") {
      throw new SystemError("volume/not-fenced", "the change was given up", {
        hint: "try again when `ashlar node list` shows all nodes up",
      });
    }
  }

  private outcomeOf(prepared: Prepared): ChangeOutcome {
    const seen = this.outcomes.of(prepared);
    if (seen) return seen;
    // It ended before this member took in a snapshot: a volume that is gone, or as prepared, tells.
    const { view } = this.deps.replicatedLog;
    const generation = view.volumes.get(prepared.volume)?.generation ?? prepared.generation;
    return generation === prepared.generation ? "done" : "givenUp";
  }

  private get leads(): AbortSignal {
    return this.leading.signal;
  }

  private begin(): void {
    this.end();
    this.leading = new AbortController();
    this.resume();
    this.timer = this.deps.clock.every(RESUME_INTERVAL_MS, () => this.resume());
  }

  private end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.leading.abort(new SystemError("raft/not-leader", "this member leads no more"));
  }

  /** Takes up what is prepared and in nobody's hands. */
  private resume(): void {
    for (const record of this.deps.replicatedLog.view.volumes.values()) {
      if (record.change === undefined || this.lines.has(record.volume)) continue;
      const { volume, name, change } = record;
      const generation = record.generation + 1;
      this.deps.log.info({ volume: name, generation, change: change.kind }, "change is resumed");
      this.enqueue(volume, async () => {
        const prepared = { volume, generation };
        if (this.isPrepared(prepared)) await this.finish(prepared);
      }).catch((thrown: unknown) => {
        const error = toSystemError(thrown);
        this.deps.log.warn({ volume: name, code: error.code, error }, "change is not done");
      });
    }
  }

  private gather(volume: VolumeId): Gathering {
    const line = this.line(volume);
    const done = this.enqueue(volume, () => {
      line.gathering = undefined;
      return this.advance(volume, made.reset);
    });
    const made: Gathering = { reset: false, done };
    line.gathering = made;
    // Those who asked may all have given up; and one that was not let in must not gather.
    done.catch(() => {
      if (line.gathering === made) line.gathering = undefined;
    });
    return made;
  }

  private async advance(volume: VolumeId, reset: boolean): Promise<{ readonly index: number }> {
    const { replicatedLog, log } = this.deps;
    const { name } = this.recordOf(volume);
    const command = { kind: "advanceGeneration", volume, reset } as const;
    const { index, result } = await replicatedLog.propose(command);
    const { generation } = accepted(result);
    await this.closed({ volume, generation });
    log.info({ volume: name, generation, reset }, "volume is fenced");
    return { index };
  }

  /** In its turn, and for the first time. */
  private async makeReservation(
    { volume, action }: { readonly volume: VolumeId; readonly action: ReservationAction },
    { signal, proposal }: ChangeOptions,
  ): Promise<{ readonly index: number; readonly outcome: ReservationOutcome }> {
    const { replicatedLog, closer } = this.deps;
    const record = this.recordOf(volume);
    // Whoever asks for nothing new, or for what another one has, stops nobody's I/O.
    const foreseen = outcomeName(decideReservation(replicatedLog.view, record, action));
    if (foreseen !== "changed") {
      const { appliedIndex: index } = replicatedLog.view;
      await this.proofs.prove(record, { signal: this.leads, limitMs: PROBE_LIMIT_MS });
      return { index, outcome: foreseen };
    }
    if (!onlyWidens(action)) {
      const before = { family: record.family, generation: record.generation - 1 };
      await closer.close(before, { signal: this.leads, limitMs: PROBE_LIMIT_MS });
    }
    // Who has given up by now must not be surprised by it later.
    signal.throwIfAborted();
    const command = { kind: "prepareReservation", volume, action } as const;
    const made = accepted((await replicatedLog.propose(command, proposal)).result);
    if (!made.inForce && made.generation > 0) await this.finish(made);
    else await this.known(made);
    return this.answerOf(made, action);
  }

  private answerOf(
    { volume, outcome }: { readonly volume: VolumeId; readonly outcome: ReservationOutcome },
    action: ReservationAction,
  ): { readonly index: number; readonly outcome: ReservationOutcome } {
    const { replicatedLog } = this.deps;
    const { reserved } = this.recordOf(volume).reservations;
    const isLost = action.kind === "take" && outcome === "changed" && !isHeldAs(reserved, action);
    return { index: replicatedLog.view.appliedIndex, outcome: isLost ? "gone" : outcome };
  }

  /** Of what is in force since it was asked for, or changed nothing: resolves when it may be told. */
  private async known(made: Prepared & { readonly inForce: boolean }): Promise<void> {
    if (made.inForce) return this.closed(made);
    const record = this.recordOf(made.volume);
    await this.proofs.prove(record, { signal: this.leads, limitMs: PROBE_LIMIT_MS });
  }

  /** Resolves when nobody admits operations of the generation before this one. */
  private async closed({ volume, generation }: Prepared): Promise<void> {
    const record = this.recordOf(volume);
    const old = { family: record.family, generation: generation - 1 };
    await this.deps.closer.close(old, { signal: this.leads, limitMs: FENCE_LIMIT_MS });
    if (record.generation === generation) this.proofs.add(record);
  }

  /** From the prepared change to its end. */
  private async finish({ volume, generation }: Prepared): Promise<void> {
    const { replicatedLog, closer, log } = this.deps;
    const { family, name, change } = this.recordOf(volume);
    const old = { family, generation: generation - 1 };
    try {
      await closer.close(old, { signal: this.leads, limitMs: CHANGE_LIMIT_MS });
    } catch (thrown) {
      // Without the leadership it is the next leader's.
      if (!hasCode(thrown, "volume/not-fenced")) throw thrown;
      log.warn({ volume: name, generation, error: thrown }, "change is given up");
      await replicatedLog.propose({ kind: "abortChange", volume, generation });
      throw thrown;
    }
    accepted((await replicatedLog.propose({ kind: "commitChange", volume, generation })).result);
    const after = replicatedLog.view.volumes.get(volume);
    if (after?.generation === generation) this.proofs.add(after);
    log.info({ volume: name, generation, change: change?.kind }, "change is done");
  }

  private isPrepared({ volume, generation }: Prepared): boolean {
    const record = this.deps.replicatedLog.view.volumes.get(volume);
    return record?.change !== undefined && record.generation + 1 === generation;
  }

  private recordOf(volume: VolumeId): VolumeRecord {
    const record = this.deps.replicatedLog.view.volumes.get(volume);
    if (record) return record;
    throw new SystemError("volume/not-found", "the volume is deleted");
  }

  private line(volume: VolumeId): Line {
    const known = this.lines.get(volume);
    if (known) return known;
    const made: Line = { tail: Promise.resolve(), length: 0, gathering: undefined };
    this.lines.set(volume, made);
    return made;
  }

  /** Runs when all changes of the volume before it have ended. */
  private enqueue<T>(volume: VolumeId, run: () => Promise<T>): Promise<T> {
    const line = this.line(volume);
    if (line.length >= WAITING_MAX) {
      const message = `${line.length} changes of the volume are under way`;
      return Promise.reject(new SystemError("volume/changing", message));
    }
    line.length += 1;
    const done = line.tail.then(run);
    const settled = (): void => {
      line.length -= 1;
      if (line.length === 0 && this.lines.get(volume) === line) this.lines.delete(volume);
    };
    line.tail = done.then(settled, settled);
    return done;
  }
}

/** A gateway that is lost between preparation and commit takes along what was to be reserved through it. */
const isHeldAs = (reserved: Holding | undefined, { gateway, serial }: Holding): boolean =>
  reserved?.gateway === gateway && reserved.serial === serial;

/** The outcome, unless the signal ends the waiting: what was begun goes on. */
function waited<T>(done: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    done.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
