// What is recommended about disks that are full or hot for long, about room for the copies of what may be lost, and
// about the paths of hosts: advice alone, since people have to buy, plug or configure something. What is found has to
// stand for a while before it is said. Pure: time, figures and sessions are told.
import {
  type CatalogView,
  type GatewaySessions,
  judgeGateway,
  type NodeRecord,
  RELIEVED_SHARE,
  type StoreRoom,
} from "@ashlar/catalog";
import type { StoreUuid } from "@ashlar/core";
import type { HotSpot, LoadReport, Recommendation } from "@ashlar/rpc";
import { addPath, fullDisk, hotDisk, roomAfterLoss, spreadSessions } from "./advice-text.ts";

export interface Surroundings {
  readonly view: Pick<CatalogView, "nodes" | "volumes" | "gateways" | "hostOf">;
  /** Stores that are not in it did not tell. */
  readonly rooms: ReadonlyMap<StoreUuid, StoreRoom>;
  readonly gateways: readonly GatewaySessions[];
  readonly hotSpots: readonly HotSpot[];
  readonly loads: readonly LoadReport[];
  /** Nothing is under way that copies which move now would come between. */
  readonly atRest: boolean;
}

export interface Advised {
  readonly recommendation: Recommendation;
  /** A disk that can be relieved of copies. */
  readonly relief?: StoreUuid;
}

/** A disk this full soon refuses writes; it is said until it is clearly below. */
const FULL_SHARE = 0.9;
const FULL_KEPT_SHARE = 0.85;
/** An operation takes so many times what it takes on the others. */
const SLOW_FACTOR = 3;
/** Times the mean; fewer sessions make no difference to a gateway. */
const SESSIONS_FACTOR = 1.6;
const SESSIONS_MIN = 8;
/** Hosts that are named: of more the network is at fault, or the way all of them are set up. */
const HOSTS_NAMED_MAX = 16;

type Kind = "full-disk" | "hot-disk" | "room-after-loss" | "add-path" | "spread-sessions";

/** How long it has to be found: sessions come and go for a moment, and disks are busy with a backup for minutes. */
export const STANDS_AFTER_MS: Readonly<Record<Kind, number>> = {
  "full-disk": 0,
  "hot-disk": 5 * 60_000,
  "room-after-loss": 60_000,
  "add-path": 60_000,
  "spread-sessions": 60_000,
};

type Found = Recommendation & { readonly kind: Kind; readonly relief?: StoreUuid };

export class StandingAdvice {
  /** By id. */
  private sinceMs = new Map<string, number>();

  /** @returns what has stood long enough now. */
  look(nowMs: number, seen: Surroundings): readonly Advised[] {
    const isGiven = (id: string): boolean => this.sinceMs.has(id);
    const found: readonly Found[] = [
      ...fullDisks(seen, isGiven),
      ...hotDisks(seen),
      ...roomsAfterLoss(seen),
      ...soleGateways(seen),
      ...unevenGateways(seen),
    ];
    this.sinceMs = new Map(found.map(({ id }) => [id, this.sinceMs.get(id) ?? nowMs]));
    return found
      .filter(({ id, kind }) => nowMs - (this.sinceMs.get(id) ?? nowMs) >= STANDS_AFTER_MS[kind])
      .map(({ relief, ...recommendation }) =>
        relief === undefined ? { recommendation } : { recommendation, relief },
      );
  }
}

/** All disks that serve and told what is on them. */
function disksOf({ view, rooms }: Surroundings) {
  return [...view.nodes.values()].flatMap((record) =>
    record.disks.flatMap(({ disk, storeUuid, state }) => {
      const room = rooms.get(storeUuid);
      if (record.state !== "up" || state !== "up" || !room) return [];
      return [{ record, id: `${record.node}/${disk}`, storeUuid, ...room }];
    }),
  );
}

function fullDisks(seen: Surroundings, isGiven: (id: string) => boolean): readonly Found[] {
  const disks = disksOf(seen);
  return disks.flatMap(({ id, record, storeUuid, usedBytes, freeBytes }) => {
    const hasSpare = disks.some(
      (other) =>
        other.record.service === "in" &&
        zoneNameOf(other.record) !== zoneNameOf(record) &&
        other.usedBytes < RELIEVED_SHARE * (other.usedBytes + other.freeBytes),
    );
    const isRelieved = seen.atRest && hasSpare;
    const { share, ...advice } = fullDisk(id, { usedBytes, freeBytes, isRelieved });
    if (share < (isGiven(advice.id) ? FULL_KEPT_SHARE : FULL_SHARE)) return [];
    return [isRelieved ? { ...advice, relief: storeUuid } : advice];
  });
}

const zoneNameOf = ({ node, zone }: Pick<NodeRecord, "node" | "zone">): string =>
  zone === "" ? node : `zone ${zone}`;

function hotDisks(seen: Surroundings): readonly Found[] {
  const meanMs = new Map(
    seen.loads.flatMap(({ stores }) =>
      stores.map((store): [StoreUuid, number] => [store.storeUuid, store.meanMs]),
    ),
  );
  const disks = disksOf(seen);
  return seen.hotSpots.flatMap((spot) => {
    const own = spot.kind === "disk" && disks.find(({ id }) => id === spot.id);
    if (!own) return [];
    const others = disks.filter((one) => one !== own).map((one) => meanMs.get(one.storeUuid) ?? 0);
    const othersMs = mean(others);
    const ownMs = meanMs.get(own.storeUuid) ?? 0;
    return [hotDisk(spot, { ownMs, othersMs, isSlow: ownMs > SLOW_FACTOR * othersMs })];
  });
}

/** What fails together, and whether what was on it has room on the rest; the worst of them. */
function roomsAfterLoss(seen: Surroundings): readonly Found[] {
  const { view, rooms } = seen;
  const records = [...view.nodes.values()].filter(({ service }) => service === "in");
  const isTold = records.every(
    ({ state, disks }) =>
      state === "up" && disks.every((one) => one.state !== "up" || rooms.has(one.storeUuid)),
  );
  if (!isTold) return [];
  const zones = new Map<string, { usedBytes: number; freeBytes: number }>();
  for (const { record, usedBytes, freeBytes } of disksOf(seen)) {
    if (record.service !== "in") continue;
    const name = zoneNameOf(record);
    const zone = zones.get(name) ?? { usedBytes: 0, freeBytes: 0 };
    zone.usedBytes += usedBytes;
    zone.freeBytes += freeBytes;
    zones.set(name, zone);
  }
  // Where copies would have to be in one zone none is made, however much room there is.
  const replicas = Math.max(0, ...[...view.volumes.values()].map((volume) => volume.replicas));
  if (replicas < 2 || zones.size - 1 < replicas) return [];
  const freeBytes = [...zones.values()].reduce((sum, zone) => sum + zone.freeBytes, 0);
  const [worst] = [...zones]
    .map(([name, zone]) => ({
      name,
      usedBytes: zone.usedBytes,
      freeBytes: freeBytes - zone.freeBytes,
    }))
    .sort((a, b) => b.usedBytes - b.freeBytes - (a.usedBytes - a.freeBytes));
  return worst && worst.usedBytes > worst.freeBytes ? [roomAfterLoss(worst)] : [];
}

const isTold = ({ gateways }: Surroundings): boolean =>
  gateways.every(({ sessions }) => sessions !== undefined);

/** Hosts all of whose paths to a volume are on one gateway, though others are open. */
function soleGateways(seen: Surroundings): readonly Found[] {
  const { view, gateways } = seen;
  const open = gateways.filter((one) => one.open);
  if (open.length < 2 || !isTold(seen)) return [];
  const byHost = new Map<string, { readonly gateway: string; readonly volumes: Set<string> }>();
  for (const { gateway } of open) {
    for (const { kind, host, volume } of judgeGateway(view, gateways, gateway).hazards) {
      if (kind !== "last-path") continue;
      const sole = byHost.get(host) ?? { gateway, volumes: new Set() };
      sole.volumes.add(volume);
      byHost.set(host, sole);
    }
  }
  return [...byHost]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, HOSTS_NAMED_MAX)
    .map(([host, { gateway, volumes }]) => {
      const other = open.find((one) => one.gateway !== gateway)?.gateway ?? "";
      return addPath(host, {
        gateway,
        volumes: [...volumes],
        other,
        portals: portalsOf(view, other),
      });
    });
}

/** Where hosts can log in. */
const portalsOf = ({ gateways }: Surroundings["view"], name: string): readonly string[] =>
  [...gateways.values()]
    .filter(({ gateway }) => gateway === name)
    .flatMap(({ portals }) => portals.filter(({ role }) => role !== "private"))
    .map(({ address }) => address);

/** Of gateways that no public portal spreads the sessions of: one that has far more than the others. */
function unevenGateways(seen: Surroundings): readonly Found[] {
  const { view, gateways } = seen;
  const open = gateways.filter((one) => one.open);
  const portals = [...view.gateways.values()].flatMap((record) => record.portals);
  if (open.length < 2 || !isTold(seen) || portals.some(({ role }) => role === "public")) return [];
  const counts = open.map(({ gateway, sessions = [] }) => ({ gateway, count: sessions.length }));
  const average = mean(counts.map(({ count }) => count));
  return counts
    .filter(({ count }) => count >= Math.max(SESSIONS_MIN, SESSIONS_FACTOR * average))
    .map(({ gateway, count }) => {
      const [least] = [...counts].sort((a, b) => a.count - b.count);
      const other = least?.gateway ?? gateway;
      return spreadSessions(gateway, { count, average, other, portals: portalsOf(view, other) });
    });
}

const mean = (figures: readonly number[]): number =>
  figures.reduce((sum, figure) => sum + figure, 0) / Math.max(1, figures.length);
