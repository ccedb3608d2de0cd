// The drills with faults as a table: what each does to the cluster, whom it takes, and how one can tell that it did.
// Whom a round takes follows from how the cluster stands: of storage nodes those that lead most, one after another.
import { diskId, nodeId, present, SystemError } from "@ashlar/core";
import type { DiskStatus } from "@ashlar/rpc";
import type { Random } from "@ashlar/runtime";
import type { SiteProcess, SiteProcessKind } from "../site/drill-site.ts";
import type { ClusterTraces } from "./cluster-watch.ts";
import { type Fault, type FaultCall, type FaultDrill, type PlanContext, restart } from "./fault.ts";
import type { ClusterState } from "./redundancy.ts";

const one = { kind: "fixed", rounds: 1 } as const;
/** What an operation of a slow disk takes longer: a disk that retries does not answer sooner. */
const SLOW_DISK_MS = 50;
/** How long the faults of a soak last. */
const SOAK_HOLD_MS = [2_000, 8_000] as const;

const inTurn = <T>(candidates: readonly T[], round: number, what: string): T => {
  if (candidates.length > 0)
    return present(candidates[(round - 1) % candidates.length], "in range");
  throw new SystemError("drill/unsafe", `there is no ${what} that runs`, {
    hint: "see `ashlar cluster status`",
  });
};

/** Storage nodes that are up, those that lead most chunks first. */
function storageVictim({ state, round }: PlanContext): { id: string; leads: number } {
  const up = state.nodes.filter((node) => node.state === "up");
  const most = [...up].sort((a, b) => b.primaries - a.primaries);
  const { id, primaries: leads } = inTurn(most, round, "storage node");
  return { id, leads };
}

const gatewayVictim = ({ state, round }: PlanContext): string =>
  inTurn(
    state.status.gateways.filter((gateway) => gateway.state === "up"),
    round,
    "gateway",
  ).id;

const leaderOf = ({ state, round }: PlanContext): string =>
  inTurn(
    state.status.metadata.filter(({ role }) => role === "leader"),
    round,
    "metadata leader",
  ).id;

interface Victim {
  readonly kind: SiteProcessKind;
  readonly id: string;
  /** `storage-2 (leads 3 chunks)` */
  readonly text: string;
}

const VICTIMS: Readonly<Record<SiteProcessKind, (context: PlanContext) => Victim>> = {
  storage: (context) => {
    const { id, leads } = storageVictim(context);
    return { kind: "storage", id, text: `${id} (leads ${leads} chunks)` };
  },
  gateway: (context) => {
    const id = gatewayVictim(context);
    return { kind: "gateway", id, text: id };
  },
  metadata: (context) => {
    const id = leaderOf(context);
    return { kind: "metadata", id, text: `${id} (leads the metadata members)` };
  },
};

/** A storage node first, then a gateway, then the metadata leader, and again. */
const KINDS_IN_TURN: readonly SiteProcessKind[] = ["storage", "gateway", "metadata"];

function victimInTurn(context: PlanContext): Victim {
  const { round } = context;
  const kind = inTurn(KINDS_IN_TURN, round, "kind");
  return VICTIMS[kind]({ ...context, round: Math.ceil(round / KINDS_IN_TURN.length) });
}

/** What tells that a process ended or could not be reached. */
function tracesOf({ kind, id }: Pick<Victim, "kind" | "id">, traces: ClusterTraces) {
  const { down, leaders, ended } = traces;
  const another = [...leaders].find((leader) => leader !== id);
  if (kind === "metadata" && leaders.has(id) && another) return `${another} leads in its place`;
  if (down.has(id)) return `the cluster saw ${id} down`;
  if (traces.livedTwice(id)) return `${id} registered again, with another incarnation`;
  if (kind === "metadata" && ended.has(id)) return `${id} did not run`;
  return undefined;
}

/** The same where a process stands still or cannot be reached, and may not be gone for the cluster. */
function tracesOfSilence(victim: Victim, traces: ClusterTraces): string | undefined {
  const seen = tracesOf(victim, traces);
  if (seen !== undefined || victim.kind !== "storage" || traces.degradedMax === 0) return seen;
  return `${traces.degradedMax} chunks went on without its copies`;
}

const killing =
  (victim: (context: PlanContext) => Victim) =>
  (context: PlanContext): Fault => {
    const { site } = context;
    const { kind, id, text } = victim(context);
    return {
      text: `SIGKILL of ${text}`,
      begin: (call) => site.kill(id, call),
      end: (call) => site.start(id, call),
      trace: (traces) => tracesOf({ kind, id }, traces),
    };
  };

function pausing(context: PlanContext): Fault {
  const { site } = context;
  const victim = victimInTurn(context);
  return {
    text: `${victim.text} stands still (SIGSTOP)`,
    begin: (call) => site.pause(victim.id, call),
    end: (call) => site.resume(victim.id, call),
    trace: (traces) => tracesOfSilence(victim, traces),
  };
}

function partitioning(context: PlanContext): Fault {
  const { site, processes } = context;
  const victim = victimInTurn(context);
  const machine = processes.find(({ id }) => id === victim.id)?.machine ?? victim.id;
  return {
    text: `the network of ${victim.text} is cut, both ways, hosts included`,
    begin: (call) => site.isolate(machine, call),
    end: (call) => site.heal(machine, call),
    trace: (traces) => tracesOfSilence(victim, traces),
  };
}

const servedWithout =
  (missing: string) =>
  ({ status, nodes }: ClusterState): boolean =>
    status.unavailableChunks === 0 &&
    nodes.some(({ id, state }) => id === missing && state === "down");

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.map(() => present(left.splice(random.below(left.length), 1)[0], "one is left"));
}

/** Storage nodes of a cluster that serves without one of them. */
const STORAGE_TO_SPARE = 3;

/** What is drawn last of the storage nodes is missing until the others serve everything without it. */
function blackout({ site, processes, random, until }: PlanContext): Fault {
  const ids = processes.map(({ id }) => id);
  const drawn = shuffled(ids, random);
  const storage = processes.filter(({ kind }) => kind === "storage").map(({ id }) => id);
  const missing = drawn.findLast((id) => storage.includes(id));
  const isSpared = storage.length >= STORAGE_TO_SPARE && missing !== undefined;
  const order = isSpared ? drawn.filter((id) => id !== missing) : drawn;
  const last = isSpared ? `, and ${missing} when all is served without it` : "";
  return {
    text: `SIGKILL of all ${ids.length} processes at once; started again in the order ${order.join(", ")}${last}`,
    // Members first: they would be told of each death, and take out a copy that is needed when another node is missing.
    begin: async (call) => {
      const members = processes.filter(({ kind }) => kind === "metadata").map(({ id }) => id);
      const others = ids.filter((id) => !members.includes(id));
      for (const some of [members, others]) {
        await Promise.all(some.map((id) => site.kill(id, call)));
      }
    },
    end: async (call) => {
      await restart({ site }, order, call);
      if (!isSpared) return;
      try {
        await until(`all chunks served without ${missing}`, servedWithout(missing), call);
      } finally {
        await site.start(missing, call);
      }
    },
    trace: (traces) =>
      storage.every((id) => traces.livedTwice(id))
        ? "every storage node registered again, with another incarnation"
        : undefined,
  };
}

const notSwapped = (id: string, chunks: number): SystemError =>
  new SystemError("drill/unsafe", `${id} has the only copy of ${chunks} chunks: it is not emptied`);

function swapping(context: PlanContext): Fault {
  const { site } = context;
  const { id, text } = VICTIMS.storage(context);
  let wiped = false;
  return {
    text: `SIGKILL of ${text}; an empty machine takes its place`,
    begin: (call) => site.kill(id, call),
    end: async (call) => {
      // Whatever only this machine has would be lost: another copy may have failed meanwhile.
      const alone = wiped ? 0 : (await context.look(call)).status.unavailableChunks;
      if (!wiped && alone === 0) await site.wipe(id, call);
      wiped = true;
      await site.start(id, call);
      if (alone > 0) throw notSwapped(id, alone);
    },
    trace: (traces) => tracesOf({ kind: "storage", id }, traces),
  };
}

/** The disk with most chunks of the storage node whose turn it is. */
function diskVictim(context: PlanContext): { node: string; disk: string; text: string } {
  const { id } = storageVictim(context);
  const disks = context.state.nodes.find((node) => node.id === id)?.disks ?? [];
  const up = disks.filter(({ state }) => state === "up").sort((a, b) => b.chunks - a.chunks);
  const { id: disk, chunks } = inTurn(up, 1, "disk");
  return { node: id, disk, text: `${id}/${disk} (${chunks} copies)` };
}

/** Copies of a disk that failed are made elsewhere; retired, its place takes another one. */
async function replaceDisk(
  { site, admin, until }: PlanContext,
  place: { readonly node: string; readonly disk: string },
  endFault: () => Promise<void>,
  call: FaultCall,
): Promise<void> {
  const { node, disk } = place;
  await admin.retireDisk({ node: nodeId(node), disk: diskId(disk) }, call);
  await site.stop(node, call);
  await endFault();
  await site.emptyDisk(place, call);
  await site.start(node, call);
  const isNew = ({ id, state }: DiskStatus): boolean => id === disk && state === "up";
  const isUp = ({ nodes }: ClusterState): boolean =>
    nodes.some(({ id, disks }) => id === node && disks.some(isNew));
  await until(`a new ${node}/${disk} in use`, isUp, call);
}

function pulling(context: PlanContext): Fault {
  const { site } = context;
  const { text, ...place } = diskVictim(context);
  const name = `${place.node}/${place.disk}`;
  let endFault: (() => Promise<void>) | undefined;
  let isReplaced = false;
  return {
    text: `every operation of ${text} fails; an empty disk takes its place`,
    begin: async (call) => {
      const fault = await site.failDisk(place, call);
      endFault = () => fault.end();
    },
    end: async (call) => {
      if (isReplaced || !endFault) return;
      await replaceDisk(context, place, endFault, call);
      isReplaced = true;
    },
    trace: ({ failedDisks }) =>
      failedDisks.has(name) ? `the cluster saw ${name} failed` : undefined,
  };
}

function slowing(context: PlanContext): Fault {
  const { site } = context;
  const { text, ...place } = diskVictim(context);
  let calls: () => number | undefined = () => undefined;
  let endFault: (() => Promise<void>) | undefined;
  return {
    text: `every operation of ${text} takes ${SLOW_DISK_MS} ms longer`,
    begin: async (call) => {
      const fault = await site.slowDisk(place, SLOW_DISK_MS, call);
      calls = () => fault.calls();
      endFault = () => fault.end();
    },
    end: async () => endFault?.(),
    trace: () => {
      const count = calls() ?? 0;
      return count > 0 ? `${count} operations of the disk were held up` : undefined;
    },
  };
}

function restarting({ site, processes, round }: PlanContext): Fault {
  const { kind, id }: SiteProcess = inTurn(processes, round, "process");
  return {
    text: `${id} is stopped in order and started again`,
    holdMs: 0,
    begin: (call) => site.stop(id, call),
    end: (call) => site.start(id, call),
    trace: (traces) => tracesOf({ kind, id }, traces),
  };
}

const KILL_NODE: FaultDrill = {
  name: "kill-node",
  description: "a storage node dies at work and comes back",
  needs: ["kill"],
  touches: ["storage"],
  servedThroughout: true,
  seconds: 10,
  rounds: one,
  plan: killing(VICTIMS.storage),
};
const KILL_GATEWAY: FaultDrill = {
  ...KILL_NODE,
  name: "kill-gateway",
  description: "a gateway dies at work, and with it one path of every host",
  touches: ["gateway"],
  plan: killing(VICTIMS.gateway),
};
const KILL_LEADER: FaultDrill = {
  ...KILL_NODE,
  name: "kill-leader",
  description: "the leader of the metadata members dies",
  touches: ["metadata"],
  plan: killing(VICTIMS.metadata),
};
const PAUSE: FaultDrill = {
  ...KILL_NODE,
  name: "pause",
  description: "a process stands still and goes on: a storage node, a gateway, the metadata leader",
  needs: ["pause"],
  touches: ["storage", "gateway", "metadata"],
  seconds: 5,
  rounds: { kind: "fixed", rounds: 3 },
  plan: pausing,
};
const PARTITION: FaultDrill = {
  ...PAUSE,
  name: "partition",
  description: "a machine is cut off: a storage node's, a gateway's, the metadata leader's",
  needs: ["isolate"],
  seconds: 10,
  plan: partitioning,
};
/** What a soak draws from, of what the site can do. */
const OF_A_SOAK = [KILL_NODE, KILL_GATEWAY, KILL_LEADER, PAUSE, PARTITION];

function soaking(context: PlanContext): Fault {
  const { site, random } = context;
  const possible = OF_A_SOAK.filter(({ needs }) => needs.every((need) => !site.cannot[need]));
  const drawn = inTurn(possible, 1 + random.below(possible.length), "fault");
  const [min, max] = SOAK_HOLD_MS;
  const round = 1 + random.below(context.processes.length);
  return { ...drawn.plan({ ...context, round }), holdMs: min + random.below(max - min) };
}

export const FAULT_DRILLS: readonly FaultDrill[] = [
  KILL_NODE,
  KILL_GATEWAY,
  KILL_LEADER,
  {
    ...KILL_NODE,
    name: "blackout",
    description: "everything dies at once and is started in any order, one storage node late",
    touches: [],
    servedThroughout: false,
    seconds: 3,
    plan: blackout,
  },
  {
    ...KILL_NODE,
    name: "pull-disk",
    description: "a disk fails under its node, and an empty one takes its place",
    needs: ["stop", "fail-disk", "empty-disk"],
    plan: pulling,
  },
  PARTITION,
  PAUSE,
  {
    ...KILL_NODE,
    name: "slow-disk",
    description: `every operation of a disk takes ${SLOW_DISK_MS} ms longer`,
    needs: ["slow-disk"],
    plan: slowing,
  },
  {
    ...KILL_NODE,
    name: "swap-node",
    description: "a storage node dies, and an empty machine takes its place",
    needs: ["kill", "wipe"],
    seconds: 5,
    plan: swapping,
  },
  {
    ...KILL_NODE,
    name: "rolling-restart",
    description: "every process is restarted, the next one when nothing is missing",
    needs: ["stop"],
    touches: ["storage", "gateway", "metadata"],
    rounds: { kind: "each-process" },
    plan: restarting,
  },
  {
    ...PAUSE,
    name: "soak",
    description: "faults drawn at random, one after another",
    needs: ["kill", "pause"],
    seconds: 300,
    rounds: { kind: "until-time" },
    plan: soaking,
  },
];

export const findFaultDrill = (name: string): FaultDrill =>
  present(
    FAULT_DRILLS.find((drill) => drill.name === name),
    "the drill is in the table",
  );
