// What hosts ask of a node and its disks do for it: message <-> domain.
import { type FamilyId, familyId, type StoreUuid, storeUuid } from "@ashlar/core";
import type { LoadReport__Output, LoadReport as Message } from "../gen/ashlar/v1/LoadReport.ts";
import { safeNumber } from "./scalars.ts";

/** Of the volumes a node tells of, the busiest: a ping stays small. */
export const VOLUMES_TOLD_MAX = 32;

interface Rate {
  readonly operationsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Operations on chunks that a node leads, and what its disks do for those it leads and those it follows. */
export interface LoadReport extends Rate {
  /** Milliseconds that the figures are over. */
  readonly windowMs: number;
  readonly stores: readonly (Rate & {
    readonly storeUuid: StoreUuid;
    /** 0 to 1: how much of the time it had something to do. */
    readonly busyShare: number;
    /** Milliseconds that a read or an append took. */
    readonly meanMs: number;
  })[];
  /** The busiest, at most {@link VOLUMES_TOLD_MAX}. */
  readonly volumes: readonly (Rate & { readonly family: FamilyId })[];
}

export const toLoadReport = (report: LoadReport): Message => ({
  ...report,
  stores: [...report.stores],
  volumes: report.volumes.slice(0, VOLUMES_TOLD_MAX),
});

export function fromLoadReport(message: LoadReport__Output): LoadReport {
  return {
    ...rate(message),
    windowMs: message.windowMs,
    stores: message.stores.map((store) => ({
      ...rate(store),
      storeUuid: storeUuid(store.storeUuid),
      busyShare: Math.min(1, figure(store.busyShare)),
      meanMs: figure(store.meanMs),
    })),
    volumes: message.volumes.slice(0, VOLUMES_TOLD_MAX).map((volume) => ({
      ...rate(volume),
      family: familyId(safeNumber(volume.family)),
    })),
  };
}

const rate = ({ operationsPerSecond, bytesPerSecond }: Rate): Rate => ({
  operationsPerSecond: figure(operationsPerSecond),
  bytesPerSecond: figure(bytesPerSecond),
});

/** Plans are made of these: what is no figure counts for nothing. */
const figure = (value: number): number => (Number.isFinite(value) ? Math.max(0, value) : 0);
