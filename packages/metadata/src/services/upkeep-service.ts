// What people ask of nodes, disks and copies. Whether there is room for what has to move is asked here, by what nodes
// told of their disks; what must hold whatever happens meanwhile is judged by the command itself.
import { DEFAULT_COPY_SPEED, planRetirementInParts, type RetirementPlan } from "@ashlar/catalog";
import { type NodeId, type StoreUuid, SystemError } from "@ashlar/core";
import type { DiskPlace, Release, StorageReport, UpkeepServer, UpkeepService } from "@ashlar/rpc";
import { type Clock, inSlices } from "@ashlar/runtime";
import type { ClusterShutdown } from "../cluster-shutdown.ts";
import { findDisk, findNode, findVolume, slowDisksOf } from "../named-records.ts";
import type { Rebalancer } from "../rebalancer.ts";
import { accepted } from "../refusal.ts";
import type { ReplicatedLog } from "../replicated-log.ts";
import type { SafetyJudge } from "../safety-judge.ts";
import { storeRooms } from "../store-rooms.ts";

/** By then an answer is out. */
const ANSWERED_MS = 100;

export interface UpkeepDeps {
  readonly log: ReplicatedLog;
  readonly clock: Clock;
  /** What a node told with its newest ping. */
  readonly reportOf: (node: DiskPlace["node"]) => StorageReport | undefined;
  readonly rebalancer: Pick<Rebalancer, "cancel" | "preview" | "standing">;
  readonly safety: Pick<SafetyJudge, "judge" | "mayStop">;
  readonly shutdown: Pick<ClusterShutdown, "set" | "status">;
  /** Nodes that are up and were not heard lately. */
  readonly unheard: () => readonly NodeId[];
  /** The program of an incarnation, as it told with its pings. */
  readonly releaseOf: (process: NodeId, incarnation: number) => Release | undefined;
  /** This process ends for good. */
  readonly onShutDown: () => void;
}

export class LogUpkeepService implements UpkeepServer {
  private readonly deps: UpkeepDeps;

  constructor(deps: UpkeepDeps) {
    this.deps = deps;
  }

  setNodeService: UpkeepService["setNodeService"] = async (asked, call) => {
    const { node, service } = asked;
    const { proposal, force = false } = call;
    await this.deps.log.readIndex();
    const record = findNode(this.deps.log.view, node);
    const stores = record.disks.map(({ storeUuid }) => storeUuid);
    if (!force && service === "draining" && record.service !== service) {
      this.requireRoom(node, await this.planWithout(stores));
    }
    if (!force && service === "maintenance" && record.service !== service) {
      const { sole } = await this.planWithout(stores);
      if (sole > 0) {
        throw new SystemError(
          "node/needed",
          `without ${node} ${sole} of its chunks could not be served`,
          { hint: "wait until all copies are in sync (`ashlar volume list`), or give --force" },
        );
      }
    }
    const command = { kind: "setNodeService", node, service } as const;
    accepted((await this.deps.log.propose(command, proposal)).result);
  };

  removeNode: UpkeepService["removeNode"] = async (asked, { proposal }) => {
    const command = { kind: "removeNode", ...asked } as const;
    accepted((await this.deps.log.propose(command, proposal)).result);
  };

  emptyDisk: UpkeepService["emptyDisk"] = async ({ node, disk, leaving }, call) => {
    const { proposal, force = false } = call;
    await this.deps.log.readIndex();
    const { storeUuid: store, state } = findDisk(this.deps.log.view, { node, disk }).disk;
    if (leaving && !force && state !== "leaving") {
      this.requireRoom(`${node}/${disk}`, await this.planWithout([store]), "disk/needed");
    }
    const command = { kind: "leaveStore", store, leaving } as const;
    accepted((await this.deps.log.propose(command, proposal)).result);
  };

  trustDisk: UpkeepService["trustDisk"] = async (place, { proposal }) => {
    await this.deps.log.readIndex();
    const { storeUuid: store } = findDisk(this.deps.log.view, place).disk;
    const command = { kind: "setSlow", store, slow: undefined } as const;
    accepted((await this.deps.log.propose(command, proposal)).result);
  };

  keepSlowDisks: UpkeepService["keepSlowDisks"] = async (keeps, { proposal }) => {
    const command = { kind: "keepSlowDisks", keeps } as const;
    accepted((await this.deps.log.propose(command, proposal)).result);
  };

  slowDisks: UpkeepService["slowDisks"] = async () => {
    await this.deps.log.readIndex();
    const { cluster, nodes, chunks } = this.deps.log.view;
    const disks = slowDisksOf(nodes.values()).map(({ slow, storeUuid, ...place }) => {
      const { primaries, replicas } = chunks.load({ ...place, storeUuid });
      return { ...place, ...slow, primaries, copies: replicas };
    });
    return { keeps: cluster?.keepsSlowDisks === true, disks };
  };

  setReplicas: UpkeepService["setReplicas"] = async ({ name, replicas }, { proposal }) => {
    await this.deps.log.readIndex();
    const { volume } = findVolume(this.deps.log.view, name);
    const command = { kind: "setReplicas", volume, replicas } as const;
    accepted((await this.deps.log.propose(command, proposal)).result);
  };

  setRebalancing: UpkeepService["setRebalancing"] = async ({ rebalancing, cancel }, call) => {
    const command = { kind: "setRebalancing", rebalancing } as const;
    accepted((await this.deps.log.propose(command, call.proposal)).result);
    return cancel ? this.deps.rebalancer.cancel() : 0;
  };

  setCopySpeed: UpkeepService["setCopySpeed"] = async (asked, { proposal }) => {
    await this.deps.log.readIndex();
    const now = this.deps.log.view.cluster?.copySpeed ?? DEFAULT_COPY_SPEED;
    const { latencyTargetMs = now.latencyTargetMs, floorBytesPerSecond = now.floorBytesPerSecond } =
      asked;
    const command = { kind: "setCopySpeed", latencyTargetMs, floorBytesPerSecond } as const;
    accepted((await this.deps.log.propose(command, proposal)).result);
  };

  rebalanceStatus: UpkeepService["rebalanceStatus"] = async () => {
    const { log, rebalancer, reportOf } = this.deps;
    await log.readIndex();
    const { hindrance = "", ...standing } = rebalancer.standing;
    const { rebalancing = "auto", copySpeed = DEFAULT_COPY_SPEED } = log.view.cluster ?? {};
    const records = [...log.view.nodes.values()].sort((a, b) => (a.node < b.node ? -1 : 1));
    const nodes = records.flatMap(({ node, state }) => {
      const { copying } = reportOf(node) ?? {};
      return state === "up" && copying ? [{ id: node, ...copying }] : [];
    });
    return { rebalancing, hindrance, ...standing, copySpeed, nodes };
  };

  previewRebalance: UpkeepService["previewRebalance"] = async () => {
    await this.deps.log.readIndex();
    const { moves, bytes, homeless, nodes } = await this.deps.rebalancer.preview();
    const shares = nodes.map(({ node, ...share }) => ({ id: node, ...share }));
    return { moves: moves.length, bytes, homeless, nodes: shares };
  };

  judgeSafety: UpkeepService["judgeSafety"] = (subject) => this.deps.safety.judge(subject);

  mayStop: UpkeepService["mayStop"] = (subject) => this.deps.safety.mayStop(subject);

  setShutdown: UpkeepService["setShutdown"] = async ({ underWay }) => {
    await this.deps.log.readIndex();
    this.deps.shutdown.set(underWay);
    return this.deps.shutdown.status(this.deps.unheard());
  };

  shutdownStatus: UpkeepService["shutdownStatus"] = async () => {
    await this.deps.log.readIndex();
    return this.deps.shutdown.status(this.deps.unheard());
  };

  listReleases: UpkeepService["listReleases"] = async () => {
    await this.deps.log.readIndex();
    const { nodes, gateways } = this.deps.log.view;
    const processes = [
      ...[...nodes.values()].map((record) => ({ kind: "node" as const, id: record.node, record })),
      ...[...gateways.values()].map((record) => ({
        kind: "gateway" as const,
        id: record.gateway,
        record,
      })),
    ];
    return processes
      .map(({ kind, id, record: { state, incarnation } }) => {
        const { build = "", protocol = 0 } = this.deps.releaseOf(id, incarnation) ?? {};
        return { kind, id, state, incarnation, build, protocol };
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  };

  endMember(): void {
    this.deps.clock.after(ANSWERED_MS, () => this.deps.onShutDown());
  }

  private planWithout(stores: readonly StoreUuid[]): Promise<RetirementPlan> {
    const { log, clock, reportOf } = this.deps;
    const rooms = storeRooms(log.view.nodes.keys(), reportOf);
    const roomOf = (store: StoreUuid) => rooms.get(store);
    return inSlices(clock, planRetirementInParts(log.view, new Set(stores), roomOf));
  }

  private requireRoom(
    name: string,
    { homeless, copies }: RetirementPlan,
    code: "node/needed" | "disk/needed" = "node/needed",
  ): void {
    if (homeless === 0) return;
    throw new SystemError(
      code,
      `no other disk has room, or may hold a copy, for ${homeless} of the ${copies} copies on ${name}`,
      { hint: "add a node or a disk; with --force what can move moves, and the rest stays" },
    );
  }
}
