// A primary gives damaged units their bytes again (P14): those of its own store from other members, and
// those of other members from its own. Whoever calls holds the range's lock, with no uncommitted entry
// on it, so that all members that are in sync hold the same bytes there up to the commit LSN. A store
// takes only bytes that its own checksum of the unit tells, so nothing of this can do harm, and a learner
// may be asked as well: what it has may be old, or the only good copy there is.
import { CHECKSUM_UNIT, type ScatterList, scatterLength } from "@ashlar/core";
import type { Answers, Question, QuestionFailure } from "./events.ts";
import type { Peer } from "./peer.ts";
import type { PrimaryPeers } from "./primary-peers.ts";
import type { ReplicaCore } from "./replica-core.ts";

/** Whether a chunk has such a unit. */
export const isUnit = (unit: number, chunkSize: number): boolean =>
  Number.isSafeInteger(unit) && unit >= 0 && unit < chunkSize / CHECKSUM_UNIT;

/** Whether bytes can be those of a unit. */
export const isUnitData = (data: ScatterList): boolean => scatterLength(data) === CHECKSUM_UNIT;

/** Units asked of one member. */
interface Repair {
  readonly from: Peer;
  /** Not answered. */
  readonly awaited: Set<number>;
  /** Answered, and not yet durable here. */
  journaling: number;
  readonly done: () => void;
}

export class UnitRepairs {
  private readonly core: ReplicaCore;
  private readonly peers: PrimaryPeers;
  private readonly open = new Set<Repair>();

  constructor(core: ReplicaCore, peers: PrimaryPeers) {
    this.core = core;
    this.peers = peers;
  }

  /**
   * Whom to ask next: who is in sync comes first. A learner whose log does not continue ours yet is not
   * asked: told of our commit LSN, it would commit entries of its own.
   */
  source(asked: ReadonlySet<Peer>): Peer | undefined {
    const { peers } = this;
    const answers = (peer: Peer): boolean => peer.attached && !asked.has(peer);
    return [...peers.members, ...peers.all].find(answers);
  }

  /** `done` when the member has told what it has of them, and that is durable. */
  repairFrom(from: Peer, units: readonly number[], done: () => void): void {
    const repair: Repair = { from, awaited: new Set(units), journaling: 0, done };
    this.open.add(repair);
    const { commit } = this.core.log;
    for (const unit of units) this.peers.send(from, { kind: "unitRequest", commit, unit });
  }

  /** Gives a member a unit that is damaged there. */
  give(peer: Peer, unit: number, data: ScatterList): void {
    if (!peer.attached) return;
    this.peers.send(peer, { kind: "unitRepair", commit: this.core.log.commit, unit, data });
  }

  onUnit(peer: Peer, { unit, data }: { readonly unit: number; readonly data: ScatterList }): void {
    for (const repair of this.open) {
      if (repair.from !== peer || !repair.awaited.delete(unit)) continue;
      if (isUnitData(data)) this.take(repair, unit, data);
      this.settle(repair);
      return;
    }
  }

  /** Its session is over: it answers nothing of that any more. */
  onLost(peer: Peer): void {
    for (const repair of [...this.open]) {
      if (repair.from !== peer) continue;
      repair.awaited.clear();
      this.settle(repair);
    }
  }

  end(): void {
    this.open.clear();
  }

  private take(repair: Repair, unit: number, data: ScatterList): void {
    repair.journaling += 1;
    this.core.journal({ kind: "repairUnit", repair: { unit, data } }, () => {
      repair.journaling -= 1;
      this.settle(repair);
    });
  }

  private settle(repair: Repair): void {
    if (repair.awaited.size + repair.journaling > 0 || !this.open.delete(repair)) return;
    repair.done();
  }
}

/**
 * Asks the own store, under a lock of the range. What is damaged is had from one member after the other
 * and asked for again, until the store has it or nobody is left.
 */
export function askRepairing<K extends "read" | "readExtent">(
  { core, repairs }: { readonly core: ReplicaCore; readonly repairs: UnitRepairs },
  question: Question & { readonly kind: K },
  answered: (answer: Answers[K]) => void,
  failed: (failure: QuestionFailure) => void,
): void {
  const asked = new Set<Peer>();
  const found = new Set<number>();
  const ask = (): void =>
    core.ask<K>(
      question,
      (answer) => {
        if (found.size > 0) core.notice({ what: "repaired", units: [...found] });
        answered(answer);
      },
      (failure, damaged) => {
        const from = damaged.length > 0 ? repairs.source(asked) : undefined;
        if (!from) {
          if (damaged.length > 0) core.notice({ what: "notRepaired", units: damaged });
          failed(failure);
          return;
        }
        for (const unit of damaged) found.add(unit);
        asked.add(from);
        repairs.repairFrom(from, damaged, ask);
      },
    );
  ask();
}
