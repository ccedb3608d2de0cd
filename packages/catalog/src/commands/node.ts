// Storage nodes and their stores come and go: one command, one log entry, however many chunks.
//
// A node that is up again keeps its places in ISRs, for its stores kept all they acknowledged; where
// it led it gets a new epoch, so that an incarnation appends only in epochs that name it. Where it
// had been removed it learns. A disk that lies in another node now takes its places along.
import { type DiskId, FAMILY_ID_MAX, type NodeId, type StoreUuid } from "@ashlar/core";
import {
  isHeldWithout,
  isSole,
  memberOn,
  withIncarnation,
  withLearner,
  withMovedMember,
  withoutStore,
  withReplacedMember,
  withSilentStore,
} from "../chunk-config.ts";
import { type CommandOf, done, type Result, refused } from "../command.ts";
import { evenPrimaries, openDisks } from "../placement.ts";
import type { ChunkConfig, DiskRecord, NodeRecord } from "../records.ts";
import { livingNodes } from "../silence.ts";
import type { Step } from "../state.ts";
import { INCARNATION_MAX, seeIncarnation } from "./incarnations.ts";
import { nameRefusal } from "./names.ts";
import { withSlow } from "./slow.ts";

/** A repeated registration of the same running process changes nothing. */
export function nodeUp(
  step: Step,
  { node, bootId, address, disks, familySeen, incarnationSeen, zone }: CommandOf<"nodeUp">,
): Result<"nodeUp"> {
  if (familySeen > FAMILY_ID_MAX || incarnationSeen > INCARNATION_MAX) {
    return refused("argument/invalid", `${node} has seen numbers that were never given`);
  }
  const refusal = nameRefusal(step, node, "nodes");
  if (refusal) return refusal;
  const { view, retired, leaving, slow } = step.state;
  skipFamilies(step, familySeen);
  seeIncarnation(step, incarnationSeen);
  const known = view.nodes.get(node);
  if (known?.state === "up" && known.bootId === bootId) {
    return done({ incarnation: known.incarnation });
  }
  const incarnation = step.nextIncarnation();
  const elsewhere = storesOfOthers(step, node);
  const record: NodeRecord = {
    node,
    state: "up",
    incarnation,
    bootId,
    address,
    disks: disks
      .map((disk): DiskRecord => {
        if (retired.has(disk.storeUuid)) return { ...disk, state: "down" };
        if (elsewhere.has(disk.storeUuid)) return { ...disk, state: "missing" };
        return leaving.has(disk.storeUuid) ? { ...disk, state: "leaving" } : { ...disk };
      })
      .map((disk) => withSlow(disk, slow.get(disk.storeUuid))),
    service: known?.service ?? "in",
    zone,
  };
  step.put({ kind: "node", record });
  const choose = evenPrimaries(step.state);
  view.chunks.eachOn(node, (config) => {
    const next = chunkOfReturned(config, record, choose);
    if (next !== config) step.put({ kind: "chunk", record: next });
  });
  for (const [home, disks] of disksMovedTo(step, record)) {
    view.chunks.eachOn(home, (config) => {
      const { storeUuid } = memberOn(config, home);
      const disk = disks.get(storeUuid);
      const moved = disk && { node, disk, storeUuid };
      const next = moved && withMovedMember(config, moved, incarnation);
      if (next) step.put({ kind: "chunk", record: next });
    });
  }
  return done({ incarnation });
}

/** What other nodes have in use: a second one of these is a copy of it. */
function storesOfOthers({ state: { view } }: Step, node: NodeId): ReadonlySet<StoreUuid> {
  const stores = new Set<StoreUuid>();
  for (const other of view.nodes.values()) {
    if (other.node === node) continue;
    for (const { storeUuid } of openDisks(other)) stores.add(storeUuid);
  }
  return stores;
}

/** Stores that this node has now elsewhere than the catalog says, by the node they were in. */
function disksMovedTo(
  { state: { view } }: Step,
  record: NodeRecord,
): (readonly [home: NodeId, disks: ReadonlyMap<StoreUuid, DiskId>])[] {
  const here = new Map(openDisks(record).map(({ storeUuid, disk }) => [storeUuid, disk]));
  const moved = new Map<NodeId, Map<StoreUuid, DiskId>>();
  for (const { member } of view.chunks.loads()) {
    const { node: home, storeUuid } = member;
    const disk = here.get(storeUuid);
    if (disk === undefined || (home === record.node && disk === member.disk)) continue;
    moved.set(home, (moved.get(home) ?? new Map()).set(storeUuid, disk));
  }
  // Two of one chunk may have moved here: the same one counts on every member.
  return [...moved].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Numbers beyond the newest one are of volumes that this catalog never heard of: see familiesSkipped. */
function skipFamilies(step: Step, last: number): void {
  const { state } = step;
  const { cluster } = state.view;
  if (!cluster || last <= state.lastFamily) return;
  const skipped = { first: state.lastFamily + 1, last };
  state.lastFamily = last;
  const familiesSkipped = [...cluster.familiesSkipped, skipped];
  step.put({ kind: "cluster", record: { ...cluster, familiesSkipped } });
}

function chunkOfReturned(
  config: ChunkConfig,
  record: NodeRecord,
  choose: ReturnType<typeof evenPrimaries>,
): ChunkConfig {
  const member = memberOn(config, record.node);
  const open = openDisks(record);
  if (open.some(({ storeUuid }) => storeUuid === member.storeUuid)) {
    const learning = withLearner(config, member.storeUuid);
    if (learning) return learning;
    return config.primary.node === record.node
      ? withIncarnation(config, record.incarnation)
      : config;
  }
  // Unavailable, never wrong: nobody else has the data, so the chunk waits for this store.
  if (isSole(config, member.storeUuid)) return config;
  const left = withoutStore(config, member.storeUuid, choose) ?? config;
  const fresh = open.find(({ disk }) => disk === member.disk);
  // It may be another member's, which lies in this node now and is not needed here.
  if (!fresh || config.members.some(({ storeUuid }) => storeUuid === fresh.storeUuid)) return left;
  const { storeUuid } = fresh;
  const replaced = withReplacedMember(left, member.storeUuid, { ...member, storeUuid });
  return withLearner(replaced, storeUuid) ?? replaced;
}

/**
 * Speed, not safety: another incarnation than the registered one is left alone. Where nobody else in sync lives
 * the node's members stay in sync. Of a node that is down already those leave that are not needed any more.
 */
export function nodeDown(
  step: Step,
  { node, incarnation, unheard }: CommandOf<"nodeDown">,
): Result<"nodeDown"> {
  const { view } = step.state;
  const known = view.nodes.get(node);
  if (known?.incarnation !== incarnation) return done({ effective: false });
  const effective = known.state === "up";
  if (effective) step.put({ kind: "node", record: { ...known, state: "down" } });
  const lives = livingNodes(view, unheard);
  const choose = evenPrimaries(step.state, lives);
  view.chunks.eachOn(node, (config) => {
    const store = memberOn(config, node).storeUuid;
    if (!effective && !isHeldWithout(config, store, lives)) return;
    const record = withSilentStore(config, store, { choose, lives });
    if (record) step.put({ kind: "chunk", record });
  });
  return done({ effective });
}

/** A store failed for good: its uuid never returns, not even as a learner. */
export function storeDown(step: Step, { store }: CommandOf<"storeDown">): Result<"storeDown"> {
  const { view, retired } = step.state;
  if (retired.has(store)) return done(null);
  // A disk that moved is in two records; a member that read a snapshot holds them in another order.
  const holders = [...view.nodes.values()]
    .filter((node) => hasDisk(node, store))
    .sort((a, b) => (a.node < b.node ? -1 : 1));
  if (holders.length === 0) return refused("catalog/refused", `no node has store ${store}`);
  retired.add(store);
  step.state.leaving.delete(store);
  step.state.slow.delete(store);
  for (const holder of holders) {
    const disks = holder.disks.map((disk) =>
      disk.storeUuid === store ? withSlow({ ...disk, state: "down" }, undefined) : disk,
    );
    step.put({ kind: "node", record: { ...holder, disks } });
  }
  const choose = evenPrimaries(step.state);
  for (const { node } of holders) {
    view.chunks.eachOn(node, (config) => {
      if (memberOn(config, node).storeUuid !== store) return;
      const record = withoutStore(config, store, choose);
      if (record) step.put({ kind: "chunk", record });
    });
  }
  return done(null);
}

/** By what the catalog knows when it is applied: two that are asked for at once never take the last copies of a chunk. */
export function retireStore(
  step: Step,
  { store }: CommandOf<"retireStore">,
): Result<"retireStore"> {
  const { view, retired } = step.state;
  if (retired.has(store)) return done(null);
  const lives = livingNodes(view, []);
  let sole = 0;
  for (const { node } of view.nodes.values()) {
    view.chunks.eachOn(node, (config) => {
      if (memberOn(config, node).storeUuid !== store || !config.isr.includes(store)) return;
      if (!isHeldWithout(config, store, lives)) sole += 1;
    });
  }
  if (sole === 0) return storeDown(step, { kind: "storeDown", store });
  const hint = "see `ashlar volume list`: delete volumes of one copy, or wait for the others";
  return refused("disk/needed", `the disk has the only copy in sync of ${sole} chunks`, hint);
}

const hasDisk = (node: NodeRecord, store: StoreUuid): boolean =>
  node.disks.some(({ storeUuid }) => storeUuid === store);
