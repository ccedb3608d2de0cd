// Disks that keep hosts waiting without failing: who measures says so (the leader of the metadata group), and here it is
// bounded how many may be taken out of the way at a time, whatever anybody measured.
import type { NodeId, StoreUuid } from "@ashlar/core";
import { type CommandOf, done, type Result, refused } from "../command.ts";
import { disksForCopies, zoneOf } from "../placement.ts";
import { type DiskRecord, type NodeRecord, SLOW_REASON_MAX, type SlowMark } from "../records.ts";
import type { Step } from "../state.ts";

/** Nodes that may have slow disks at the same time: a cluster of which more is slow has another trouble. */
export const slowNodesMax = (nodes: number): number => Math.max(1, Math.floor(nodes / 4));

/** With one zone less no two copies would have a place, so nothing could move away. */
const ZONES_LEFT_MIN = 2;

/** The disk as it is with this mark, or without one. */
export function withSlow({ slow: _, ...disk }: DiskRecord, slow: SlowMark | undefined): DiskRecord {
  return slow ? { ...disk, slow } : disk;
}

export function setSlow(step: Step, { store, slow }: CommandOf<"setSlow">): Result<"setSlow"> {
  const { state } = step;
  const { view, retired } = state;
  if (retired.has(store)) return refused("disk/failed", "the disk is out of use already");
  if (!holdersOf(step, store).length)
    return refused("catalog/refused", `no node has store ${store}`);
  if (!slow) {
    mark(step, store, undefined);
    return done(null);
  }
  if (slow.reason.length > SLOW_REASON_MAX) {
    return refused("argument/invalid", "the reason is too long");
  }
  if (view.cluster?.keepsSlowDisks) {
    return refused("disk/needed", "slow disks are kept", "see `ashlar disk slow --help`");
  }
  if (!state.slow.has(store)) {
    const others = slowNodes(view.nodes.values(), store);
    const max = slowNodesMax(view.nodes.size);
    if (others.size >= max && !holdersOf(step, store).some(({ node }) => others.has(node))) {
      return refused("disk/needed", `disks of ${max} other nodes are slow already`);
    }
    if (zonesWithout(view.nodes.values(), store).size < ZONES_LEFT_MIN) {
      return refused("disk/needed", "too few other nodes are left that take copies");
    }
  }
  mark(step, store, slow);
  return done(null);
}

export function keepSlowDisks(
  step: Step,
  { keeps }: CommandOf<"keepSlowDisks">,
): Result<"keepSlowDisks"> {
  const { state } = step;
  const { cluster } = state.view;
  if (!cluster || (cluster.keepsSlowDisks === true) === keeps) return done(null);
  const { keepsSlowDisks: _, ...rest } = cluster;
  step.put({ kind: "cluster", record: keeps ? { ...rest, keepsSlowDisks: true } : rest });
  if (keeps) for (const store of [...state.slow.keys()].sort()) mark(step, store, undefined);
  return done(null);
}

/** In order of their names: a member that read a snapshot holds them in another one. */
const holdersOf = ({ state: { view } }: Step, store: StoreUuid): readonly NodeRecord[] =>
  [...view.nodes.values()]
    .filter(({ disks }) => disks.some(({ storeUuid }) => storeUuid === store))
    .sort((a, b) => (a.node < b.node ? -1 : 1));

function mark(step: Step, store: StoreUuid, slow: SlowMark | undefined): void {
  const before = step.state.slow.get(store);
  if (before === slow) return;
  if (slow) step.state.slow.set(store, slow);
  else step.state.slow.delete(store);
  for (const holder of holdersOf(step, store)) {
    const disks = holder.disks.map((disk) =>
      disk.storeUuid === store ? withSlow(disk, slow) : disk,
    );
    step.put({ kind: "node", record: { ...holder, disks } });
  }
}

/** Nodes that have a slow disk beside this store. */
export function slowNodes(
  nodes: Iterable<NodeRecord>,
  except: StoreUuid | undefined = undefined,
): ReadonlySet<NodeId> {
  const found = [...nodes].filter(({ disks }) =>
    disks.some(({ slow, storeUuid }) => slow !== undefined && storeUuid !== except),
  );
  return new Set(found.map(({ node }) => node));
}

function zonesWithout(nodes: Iterable<NodeRecord>, store: StoreUuid): ReadonlySet<string> {
  const left = [...nodes].filter((node) =>
    disksForCopies(node).some(({ storeUuid }) => storeUuid !== store),
  );
  return new Set(left.map(zoneOf));
}
