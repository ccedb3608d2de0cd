// Says what would break if something were stopped now, and lets processes stop that ask: at the leader, with what the
// catalog holds and what the leader hears of nodes, gateways and members. Who was told that it may stop counts as
// gone from then on, so that of two that ask at the same time the second is told what the first does not break.
import {
  breaksNow,
  judgeGateway,
  judgeMember,
  judgeStoresInParts,
  type Safety,
} from "@ashlar/catalog";
import { type NodeId, type StoreUuid, SystemError } from "@ashlar/core";
import type { MemberStatus, SafetyAnswer, SafetySubject, StorageReport } from "@ashlar/rpc";
import { type Clock, inSlices } from "@ashlar/runtime";
import type { CopyPace } from "./copy-pace.ts";
import { findDisk, findNode } from "./named-records.ts";
import type { ReplicatedLog } from "./replicated-log.ts";
import type { SessionPlacement } from "./session-placement.ts";
import { storeRooms } from "./store-rooms.ts";

/** Enough to stop in order and to be started again; a process that is back sooner counts again at once. */
const LEAVING_MS = 15_000;
/** A member is back within seconds, and nothing tells its lives apart. */
const MEMBER_LEAVING_MS = 5_000;

export interface SafetyJudgeDeps {
  readonly replicatedLog: ReplicatedLog;
  readonly clock: Clock;
  /** What a node told of its disks last. */
  readonly reportOf: (node: NodeId) => StorageReport | undefined;
  /** Nodes that are up and were not heard lately. */
  readonly unheard: () => readonly NodeId[];
  readonly placement: Pick<SessionPlacement, "gatewaySessions">;
  readonly members: () => readonly MemberStatus[];
  readonly pace: Pick<CopyPace, "etaMs">;
  /** Everything is to stop: nobody is missed. */
  readonly isShuttingDown: () => boolean;
}

interface Leaving {
  /** 0 of a metadata member. */
  readonly incarnation: number;
  readonly untilMs: number;
}

const VOTING: ReadonlySet<MemberStatus["role"]> = new Set(["leader", "follower", "candidate"]);

export class SafetyJudge {
  private readonly deps: SafetyJudgeDeps;
  private readonly leaving = new Map<NodeId, Leaving>();
  /** Who asks to stop is judged when the one before has its answer. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(deps: SafetyJudgeDeps) {
    this.deps = deps;
  }

  /** @throws SystemError raft/not-leader, node/not-found, disk/not-found, gateway/not-found, member/unknown. */
  async judge(subject: SafetySubject): Promise<SafetyAnswer> {
    await this.deps.replicatedLog.readIndex();
    const safety = await this.safetyOf(subject);
    const etaMs = safety.copies > 0 ? this.deps.pace.etaMs() : undefined;
    return { ...safety, etaMs: etaMs ?? null };
  }

  /** As {@link judge}, asked by a process that stops if nothing breaks. */
  mayStop(subject: SafetySubject): Promise<SafetyAnswer> {
    const answer = this.turn.then(async () => {
      if (this.deps.isShuttingDown()) return { hazards: [], copies: 0, bytes: 0, etaMs: null };
      const safety = await this.judge(subject);
      if (!breaksNow(safety)) this.noteLeaving(subject.id);
      return safety;
    });
    this.turn = answer.catch(() => {});
    return answer;
  }

  private safetyOf(subject: SafetySubject): Promise<Safety> | Safety {
    const { view } = this.deps.replicatedLog;
    const { kind, id } = subject;
    if (kind === "node") {
      const { disks } = findNode(view, id);
      return this.ofStores(new Set(disks.map(({ storeUuid }) => storeUuid)), id);
    }
    if (kind === "disk") {
      const { disk } = findDisk(view, { node: id, disk: subject.disk });
      return this.ofStores(new Set([disk.storeUuid]), undefined);
    }
    return kind === "gateway" ? this.ofGateway(id) : this.ofMember(id);
  }

  /** @param own whose stores they are: that it is about to stop itself is no news. */
  private ofStores(stores: ReadonlySet<StoreUuid>, own: NodeId | undefined): Promise<Safety> {
    const { replicatedLog, clock, reportOf, unheard } = this.deps;
    const { view } = replicatedLog;
    const rooms = storeRooms(view.nodes.keys(), reportOf);
    const leaving = this.leavingNow(own);
    const roomOf = (store: StoreUuid) => rooms.get(store);
    const seen = { unheard: unheard(), leaving, roomOf };
    return inSlices(clock, judgeStoresInParts(view, stores, seen));
  }

  private ofGateway(id: NodeId): Safety {
    const { replicatedLog, placement } = this.deps;
    const { view } = replicatedLog;
    if (!view.gateways.has(id)) {
      throw new SystemError("gateway/not-found", `no gateway is called "${id}"`, {
        hint: "see `ashlar gateway list`",
      });
    }
    const leaving = this.leavingNow(id);
    const gateways = placement
      .gatewaySessions()
      .map((one) => ({ ...one, open: one.open && !leaving.has(one.gateway) }));
    return judgeGateway(view, gateways, id);
  }

  private ofMember(id: NodeId): Safety {
    const members = this.deps.members();
    if (!members.some((one) => one.id === id)) {
      throw new SystemError("member/unknown", `no metadata member is called "${id}"`, {
        hint: "see `ashlar cluster status`",
      });
    }
    const leaving = this.leavingNow(id);
    return judgeMember(
      members.map(({ id: name, role, state, lag }) => ({
        id: name,
        votes: VOTING.has(role),
        lives: state === "up" && !leaving.has(name),
        lag,
      })),
      id,
    );
  }

  private noteLeaving(id: NodeId): void {
    const incarnation = this.incarnationOf(id);
    const forMs = incarnation === 0 ? MEMBER_LEAVING_MS : LEAVING_MS;
    this.leaving.set(id, { incarnation, untilMs: this.deps.clock.nowMs() + forMs });
  }

  private leavingNow(except: NodeId | undefined): ReadonlySet<NodeId> {
    const nowMs = this.deps.clock.nowMs();
    for (const [id, { incarnation, untilMs }] of this.leaving) {
      if (nowMs >= untilMs || incarnation !== this.incarnationOf(id)) this.leaving.delete(id);
    }
    const names = new Set(this.leaving.keys());
    if (except !== undefined) names.delete(except);
    return names;
  }

  private incarnationOf(id: NodeId): number {
    const { nodes, gateways } = this.deps.replicatedLog.view;
    return (nodes.get(id) ?? gateways.get(id))?.incarnation ?? 0;
  }
}
