// What is recommended, as people read it: why, with figures, and what is done or to be done.
import {
  type NodeDemand,
  RELIEF_COPIES_MAX,
  RELIEVED_SHARE,
  type Separation,
} from "@ashlar/catalog";
import { formatSize } from "@ashlar/core";
import type { HotSpot, Recommendation } from "@ashlar/rpc";

export const perSecond = (demand: number): string => `${Math.round(demand)}/s`;
export const percent = (share: number): string => `${Math.round(share * 100)} %`;

const askedOf = ({ id, figure, mean }: HotSpot): string =>
  `${id} is asked ${perSecond(figure)}, nodes on average ${perSecond(mean)}`;

export function moveLeading(
  hot: HotSpot,
  asked: NodeDemand,
  { separation, name }: { readonly separation: Separation; readonly name: string },
): Recommendation {
  const { family, chunks, items, relief, to } = separation;
  const share = perSecond(asked.volumes.get(family) ?? 0);
  const back = items.length - chunks;
  const swapped = back === 0 ? "" : `; ${back} that are asked less come back for them`;
  return {
    id: `lead/${hot.id}/${name}`,
    kind: "move-leading",
    reason: `${askedOf(hot)}; ${share} of it is volume ${name}`,
    action: `${to} leads ${chunks} chunks of ${name} instead, about ${perSecond(relief)}${swapped}; no data moves`,
    applicable: true,
  };
}

export const addCopy = (hot: HotSpot, name: string): Recommendation => ({
  id: `copy/${name}`,
  kind: "add-copy",
  reason: `${askedOf(hot)}, most of it volume ${name}, which has one copy and can be led from nowhere else`,
  action: `ashlar volume set ${name} --replicas 2`,
  applicable: false,
});

export const addDisks = ({ figure }: HotSpot): Recommendation => ({
  id: "disks",
  kind: "add-disks",
  reason: `disks are busy ${percent(figure)} of the time on average, so moving load helps no more`,
  action: "add a storage node, or disks: copies move there by themselves",
  applicable: false,
});

/** @returns the advice, and how full the disk is, 0 to 1. */
export function fullDisk(
  disk: string,
  {
    usedBytes,
    freeBytes,
    isRelieved,
  }: { readonly usedBytes: number; readonly freeBytes: number; readonly isRelieved: boolean },
) {
  const sizeBytes = usedBytes + freeBytes;
  const share = usedBytes / Math.max(1, sizeBytes);
  return {
    id: `full/${disk}`,
    kind: "full-disk",
    reason: `${disk} is ${percent(share)} full: ${formatSize(freeBytes)} of ${formatSize(sizeBytes)} are left`,
    action: isRelieved
      ? `up to ${RELIEF_COPIES_MAX} copies move to disks of other nodes, until this one is ${percent(RELIEVED_SHARE)} full`
      : "add a storage node, or disks to other nodes: copies move there; or delete what nobody needs",
    applicable: isRelieved,
    share,
  } as const;
}

export const hotDisk = (
  { id: disk, figure, mean }: HotSpot,
  {
    ownMs,
    othersMs,
    isSlow,
  }: { readonly ownMs: number; readonly othersMs: number; readonly isSlow: boolean },
) =>
  ({
    id: `hot/${disk}`,
    kind: "hot-disk",
    reason: `${disk} is busy ${percent(figure)} of the time, disks on average ${percent(mean)}; what is asked of it takes ${milliseconds(ownMs)}, of others ${milliseconds(othersMs)}`,
    action: isSlow
      ? `it is slower than the others: \`ashlar disk retire ${disk}\` makes its copies elsewhere, then replace it`
      : "add a disk to its node, or a storage node: copies move there by themselves",
    applicable: false,
  }) as const;

export const roomAfterLoss = ({
  name,
  usedBytes,
  freeBytes,
}: {
  readonly name: string;
  readonly usedBytes: number;
  readonly freeBytes: number;
}) =>
  ({
    id: `room/${name}`,
    kind: "room-after-loss",
    reason: `after the loss of ${name} the rest has not enough room for its copies: ${formatSize(usedBytes)} are on it, ${formatSize(freeBytes)} are left on the others, ${formatSize(usedBytes - freeBytes)} are missing`,
    action:
      "add a storage node, or disks; until then volumes would stay degraded after such a loss",
    applicable: false,
  }) as const;

interface OtherGateway {
  readonly other: string;
  /** Of it. */
  readonly portals: readonly string[];
}

const loginAt = ({ other, portals }: OtherGateway): string =>
  `log in to ${other} as well${portals.length === 0 ? "" : ` (${portals.join(", ")})`}`;

export const addPath = (
  host: string,
  {
    gateway,
    volumes,
    ...other
  }: OtherGateway & { readonly gateway: string; readonly volumes: readonly string[] },
) =>
  ({
    id: `path/${host}`,
    kind: "add-path",
    reason: `host ${host} reaches ${named(volumes)} through ${gateway} alone: when that stops, it has to wait`,
    action: `on the host, ${loginAt(other)} and join the paths by multipath`,
    applicable: false,
  }) as const;

export const spreadSessions = (
  gateway: string,
  { count, average, ...other }: OtherGateway & { readonly count: number; readonly average: number },
) =>
  ({
    id: `sessions/${gateway}`,
    kind: "spread-sessions",
    reason: `${gateway} has ${count} sessions, gateways on average ${Math.round(average)}, and no public portal spreads them`,
    action: `on some of its hosts, ${loginAt(other)}, or give gateways public and private portals`,
    applicable: false,
  }) as const;

/** A line that is read. */
const NAMED_MAX = 4;
const named = (names: readonly string[]): string => {
  const more = names.length - NAMED_MAX;
  const shown = [...names].sort().slice(0, NAMED_MAX).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
};

const milliseconds = (ms: number): string => `${Math.round(ms * 10) / 10} ms`;
