// Transitions of one chunk's configuration (ARCHITECTURE.md, rules K1 to K4). Each gives the next
// record or undefined when nothing changes; version and epoch rise here and nowhere else (K1), the
// new primary comes from the ISR (K2), the ISR is never emptied (K4).
import type { NodeId, StoreUuid } from "@ashlar/core";
import { assert } from "@ashlar/core";
import type { ChunkConfig, ChunkMember } from "./records.ts";
import type { Lives } from "./silence.ts";

/** Picks the next primary among the members of an ISR, at least one. */
export type ChoosePrimary = (candidates: readonly ChunkMember[]) => ChunkConfig["primary"];

/** Of very many chunks in one command: no function is made for each. */
export function memberOn({ members }: ChunkConfig, node: NodeId): ChunkMember {
  for (const member of members) if (member.node === node) return member;
  assert(false, "the chunk has a member on this node");
}

/** Whether `store` is all that is left: then it stays in the ISR whatever happens (P16). */
export const isSole = (config: ChunkConfig, store: StoreUuid): boolean =>
  config.isr.length === 1 && config.isr[0] === store;

/** Lists that were made before, since a bulk command makes the same few of very many chunks. */
const SHORTER = new WeakMap<readonly StoreUuid[], Map<StoreUuid, readonly StoreUuid[]>>();

function without(list: readonly StoreUuid[], store: StoreUuid): readonly StoreUuid[] {
  if (!list.includes(store)) return list;
  let known = SHORTER.get(list);
  if (!known) {
    known = new Map();
    SHORTER.set(list, known);
  }
  const made = known.get(store) ?? list.filter((other) => other !== store);
  known.set(store, made);
  return made;
}

/** Whether another member in sync than `store` is on a node that lives: only then is it of use without it. */
export function isHeldWithout(
  { members, isr }: ChunkConfig,
  store: StoreUuid,
  lives: Lives,
): boolean {
  for (const { node, storeUuid } of members) {
    if (storeUuid !== store && isr.includes(storeUuid) && lives(node)) return true;
  }
  return false;
}

interface Among {
  readonly members: readonly ChunkMember[];
  readonly found: readonly ChunkMember[];
}
const AMONG = new WeakMap<readonly StoreUuid[], Among>();

/** The members whose stores are listed. */
function among(
  members: readonly ChunkMember[],
  list: readonly StoreUuid[],
): readonly ChunkMember[] {
  const known = AMONG.get(list);
  if (known?.members === members) return known.found;
  const found = members.filter(({ storeUuid }) => list.includes(storeUuid));
  AMONG.set(list, { members, found });
  return found;
}

/**
 * A store fell silent or failed: it leaves ISR and learners, and whoever led on it is replaced. A
 * sole member stays, but its version rises, so that changes asked for before are refused.
 */
export function withoutStore(
  config: ChunkConfig,
  store: StoreUuid,
  choose: ChoosePrimary,
): ChunkConfig | undefined {
  const wasIn = config.isr.includes(store);
  if (!wasIn && !config.learners.includes(store)) return undefined;
  const version = config.version + 1;
  if (isSole(config, store)) return { ...config, version };
  const { chunk, epoch, members, primary, leaving } = config;
  const isr = without(config.isr, store);
  const learners = without(config.learners, store);
  const led = memberOn(config, primary.node).storeUuid === store;
  const next = led ? choose(among(members, isr)) : primary;
  const shape = { chunk, epoch: led ? epoch + 1 : epoch, version, members, isr, learners };
  return leaving === undefined ? { ...shape, primary: next } : { ...shape, leaving, primary: next };
}

/**
 * The node of a store fell silent. While no other member in sync lives nobody could serve, so to take it out
 * would only lose a copy: it stays until one lives (P16), and the version rises as of a sole member.
 */
export function withSilentStore(
  config: ChunkConfig,
  store: StoreUuid,
  { choose, lives }: { readonly choose: ChoosePrimary; readonly lives: Lives },
): ChunkConfig | undefined {
  if (!config.isr.includes(store) || isHeldWithout(config, store, lives)) {
    return withoutStore(config, store, choose);
  }
  return { ...config, version: config.version + 1 };
}

/** Its primary's process was replaced by `incarnation` on the same node. */
export function withIncarnation(config: ChunkConfig, incarnation: number): ChunkConfig {
  return withPrimary(config, { node: config.primary.node, incarnation });
}

/** Another member in sync leads from now on (K2). */
export function withPrimary(config: ChunkConfig, primary: ChunkConfig["primary"]): ChunkConfig {
  return { ...config, version: config.version + 1, epoch: config.epoch + 1, primary };
}

/** A member that is neither in sync nor learning begins to learn. */
export function withLearner(config: ChunkConfig, store: StoreUuid): ChunkConfig | undefined {
  if (config.isr.includes(store) || config.learners.includes(store)) return undefined;
  return { ...config, version: config.version + 1, learners: [...config.learners, store] };
}

/** `lost`, not in sync any more, is replaced by an empty store, on the same disk or elsewhere. */
export function withReplacedMember(
  config: ChunkConfig,
  lost: StoreUuid,
  fresh: ChunkMember,
): ChunkConfig {
  const members = config.members.map((one) => (one.storeUuid === lost ? fresh : one));
  return leavingOf({ ...config, version: config.version + 1, members }, (one) => one !== lost);
}

/**
 * One more member, which learns. With `instead` a copy moves: that member goes when the volume's replicas are in
 * sync without it.
 */
export function withAddedMember(
  config: ChunkConfig,
  fresh: ChunkMember,
  instead: StoreUuid | undefined,
): ChunkConfig {
  const { version, members, learners, leaving = [] } = config;
  return {
    ...config,
    version: version + 1,
    members: [...members, fresh],
    learners: [...learners, fresh.storeUuid],
    ...(instead !== undefined && { leaving: [...leaving, instead] }),
  };
}

/**
 * A member goes, for others are enough: never the only one in sync (K4). When no more are left than the volume
 * has `replicas`, none is leaving any more.
 */
export function withDroppedMember(
  config: ChunkConfig,
  store: StoreUuid,
  { replicas, choose }: { readonly replicas: number; readonly choose: ChoosePrimary },
): ChunkConfig {
  const { version, epoch, primary } = config;
  assert(!isSole(config, store), "K4: the ISR is never emptied");
  const led = memberOn(config, primary.node).storeUuid === store;
  const stays = (one: StoreUuid): boolean => one !== store;
  const members = config.members.filter(({ storeUuid }) => stays(storeUuid));
  const isr = config.isr.filter(stays);
  const dropped = {
    ...config,
    version: version + 1,
    epoch: led ? epoch + 1 : epoch,
    members,
    isr,
    learners: config.learners.filter(stays),
    primary: led ? choose(among(members, isr)) : primary,
  };
  return leavingOf(dropped, (one) => stays(one) && members.length > replicas);
}

/** Those leave of which it is still true. */
function leavingOf(config: ChunkConfig, isTrue: (store: StoreUuid) => boolean): ChunkConfig {
  const { leaving = [], ...rest } = config;
  const left = leaving.filter(isTrue);
  return left.length === 0 ? rest : { ...rest, leaving: left };
}

/** A learner that its primary reports durable up to the commit LSN joins the ISR (K3). */
export function withIsrMember(config: ChunkConfig, store: StoreUuid): ChunkConfig {
  return {
    ...config,
    version: config.version + 1,
    isr: [...config.isr, store],
    learners: config.learners.filter((other) => other !== store),
  };
}

/**
 * The disk of a member lies in another node now, or has another name in its own, with all that was on it:
 * where it was in sync it is still, else it learns. Undefined where that node has another copy: that one counts.
 */
export function withMovedMember(
  config: ChunkConfig,
  moved: ChunkMember,
  incarnation: number,
): ChunkConfig | undefined {
  const { members, isr, learners, primary } = config;
  const { storeUuid } = moved;
  const from = members.find((member) => member.storeUuid === storeUuid);
  const hasAnother = members.some((one) => one.node === moved.node && one !== from);
  if (!from || hasAnother || (from.node === moved.node && from.disk === moved.disk)) {
    return undefined;
  }
  const version = config.version + 1;
  const next = {
    ...config,
    version,
    members: members.map((member) => (member === from ? moved : member)),
  };
  if (!isr.includes(storeUuid)) {
    return learners.includes(storeUuid) ? next : { ...next, learners: [...learners, storeUuid] };
  }
  if (primary.node !== from.node || from.node === moved.node) return next;
  return { ...next, epoch: config.epoch + 1, primary: { node: moved.node, incarnation } };
}
