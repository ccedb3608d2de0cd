// What hosts ask of this node and what that is to its disks, over a window that ends with the last whole slot: the
// leader of the metadata group compares nodes by it, so it is told with pings, seldom anew, and stays small. Copying is
// not in it: that gives way to hosts anyway. Pure: time is told.
import { type FamilyId, present, type StoreUuid } from "@ashlar/core";
import { type LoadReport, VOLUMES_TOLD_MAX } from "@ashlar/rpc";
import type { DiskWork } from "./replica-driver.ts";

/** Figures are new so often. */
export const LOAD_SLOT_MS = 5_000;
/** With these the window is half a minute: longer than a burst, shorter than people's patience. */
export const LOAD_SLOTS = 6;
const MS_PER_S = 1_000;

class Work {
  operations = 0;
  bytes = 0;
}

class StoreWork extends Work {
  busyMs = 0;
  waitedMs = 0;
}

class Slot {
  readonly volumes = new Map<FamilyId, Work>();
  readonly stores = new Map<StoreUuid, StoreWork>();
}

interface InFlight {
  count: number;
  /** Since when there is something, as far as that is not counted yet. */
  sinceMs: number;
}

export class LoadMeter {
  private slot = new Slot();
  private slotEndMs: number;
  private readonly past: Slot[] = [];
  private readonly inFlight = new Map<StoreUuid, InFlight>();
  private told: LoadReport | undefined;

  constructor(nowMs: number) {
    this.slotEndMs = nowMs + LOAD_SLOT_MS;
  }

  /** An operation on a chunk that is led here was answered. */
  onAnswered(nowMs: number, family: FamilyId, bytes: number): void {
    this.turn(nowMs);
    add(
      entryOf(this.slot.volumes, family, () => new Work()),
      bytes,
    );
  }

  /** A disk has a read or an append to do. */
  onDiskBegun({ store, beganMs }: DiskWork): void {
    this.turn(beganMs);
    const inFlight = entryOf(this.inFlight, store, () => ({ count: 0, sinceMs: beganMs }));
    if (inFlight.count === 0) inFlight.sinceMs = beganMs;
    inFlight.count += 1;
  }

  /** What {@link onDiskBegun} was told of, once. */
  onDiskEnded(nowMs: number, { store, bytes, beganMs }: DiskWork): void {
    this.turn(nowMs);
    const work = this.storeWork(store);
    add(work, bytes);
    work.waitedMs += nowMs - beganMs;
    const inFlight = present(this.inFlight.get(store), "what ends has begun");
    inFlight.count -= 1;
    if (inFlight.count === 0) work.busyMs += nowMs - inFlight.sinceMs;
  }

  /** The same object until there are other figures; undefined before there are any. */
  report(nowMs: number): LoadReport | undefined {
    this.turn(nowMs);
    if (this.past.length > 0) this.told ??= summary(this.past);
    return this.told;
  }

  private storeWork(store: StoreUuid): StoreWork {
    return entryOf(this.slot.stores, store, () => new StoreWork());
  }

  /** Ends the slots that are over. */
  private turn(nowMs: number): void {
    if (nowMs < this.slotEndMs) return;
    const over = 1 + Math.floor((nowMs - this.slotEndMs) / LOAD_SLOT_MS);
    const lastEndMs = this.slotEndMs + (over - 1) * LOAD_SLOT_MS;
    // Those further back than the window are told of no more.
    const skipped = Math.max(0, over - LOAD_SLOTS - 1);
    this.endSlot(this.slotEndMs);
    for (let slot = skipped + 1; slot < over; slot += 1) {
      this.endSlot(this.slotEndMs + slot * LOAD_SLOT_MS);
    }
    this.slotEndMs = lastEndMs + LOAD_SLOT_MS;
    this.told = undefined;
  }

  private endSlot(endMs: number): void {
    for (const [store, inFlight] of this.inFlight) {
      if (inFlight.count === 0) continue;
      const busyMs = Math.min(LOAD_SLOT_MS, endMs - inFlight.sinceMs);
      this.storeWork(store).busyMs += busyMs;
      inFlight.sinceMs = endMs;
    }
    this.past.push(this.slot);
    if (this.past.length > LOAD_SLOTS) this.past.shift();
    this.slot = new Slot();
  }
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let entry = map.get(key);
  if (entry === undefined) {
    entry = make();
    map.set(key, entry);
  }
  return entry;
}

function add(work: Work, bytes: number): void {
  work.operations += 1;
  work.bytes += bytes;
}

function summary(slots: readonly Slot[]): LoadReport {
  const windowMs = slots.length * LOAD_SLOT_MS;
  const volumes = new Map<FamilyId, Work>();
  const stores = new Map<StoreUuid, StoreWork>();
  for (const slot of slots) {
    for (const [family, work] of slot.volumes) {
      sum(
        entryOf(volumes, family, () => new Work()),
        work,
      );
    }
    for (const [store, work] of slot.stores) {
      const all = entryOf(stores, store, () => new StoreWork());
      sum(all, work);
      all.busyMs += work.busyMs;
      all.waitedMs += work.waitedMs;
    }
  }
  const rate = ({ operations, bytes }: Work) => ({
    operationsPerSecond: (operations / windowMs) * MS_PER_S,
    bytesPerSecond: (bytes / windowMs) * MS_PER_S,
  });
  const all = new Work();
  for (const work of volumes.values()) sum(all, work);
  const busiest = [...volumes].sort(
    ([a, one], [b, other]) => other.operations - one.operations || other.bytes - one.bytes || a - b,
  );
  return {
    windowMs,
    ...rate(all),
    volumes: busiest
      .slice(0, VOLUMES_TOLD_MAX)
      .map(([family, work]) => ({ family, ...rate(work) })),
    stores: [...stores].map(([storeUuid, work]) => ({
      storeUuid,
      ...rate(work),
      busyShare: Math.min(1, work.busyMs / windowMs),
      meanMs: work.operations === 0 ? 0 : work.waitedMs / work.operations,
    })),
  };
}

function sum(all: Work, { operations, bytes }: Work): void {
  all.operations += operations;
  all.bytes += bytes;
}
