// How fast a node copies, and how fast it may: message <-> domain.
import { type CopySpeed, DEFAULT_COPY_SPEED } from "@ashlar/catalog";
import type { CopyReport__Output, CopyReport as Message } from "../gen/ashlar/v1/CopyReport.ts";
import { oneOf, safeNumber } from "./scalars.ts";

const COPY_STATES = ["unlimited", "limited", "floor"] as const;

export interface CopyReport {
  /** Nothing holds copies back, hosts do, or they do so far that only the floor is left. */
  readonly state: (typeof COPY_STATES)[number];
  /** Null: none. */
  readonly limitBytesPerSecond: number | null;
  /** Copied lately, sent and received. */
  readonly bytesPerSecond: number;
  /** What hosts waited for lately, 99 of 100 of their operations less; 0 before the first. */
  readonly p99Ms: number;
}

export const toCopyReport = ({ limitBytesPerSecond, ...report }: CopyReport): Message => ({
  ...report,
  bytesPerSecond: Math.round(report.bytesPerSecond),
  limitBytesPerSecond: Math.round(limitBytesPerSecond ?? 0),
});

export function fromCopyReport(message: CopyReport__Output): CopyReport {
  const limit = safeNumber(message.limitBytesPerSecond);
  return {
    state: oneOf(COPY_STATES, message.state),
    limitBytesPerSecond: limit === 0 ? null : limit,
    bytesPerSecond: safeNumber(message.bytesPerSecond),
    p99Ms: message.p99Ms,
  };
}

/** A member that does not know of it tells zeros. */
export const fromCopySpeed = (message: {
  readonly latencyTargetMs: number;
  readonly floorBytesPerSecond: number;
}): CopySpeed => ({
  latencyTargetMs: message.latencyTargetMs || DEFAULT_COPY_SPEED.latencyTargetMs,
  floorBytesPerSecond:
    safeNumber(message.floorBytesPerSecond) || DEFAULT_COPY_SPEED.floorBytesPerSecond,
});
