// The speed of copies as people write and read it.
import { formatSize, parseSize, SystemError } from "@ashlar/core";
import type { CopySpeedChange, RebalanceStatus } from "@ashlar/rpc";
import { table } from "./output.ts";

export interface CopySpeedOptions {
  readonly latencyTarget?: string;
  readonly floor?: string;
}

const MS_PER_UNIT: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1_000 };
const SHOWN_DIGITS = 3;

/** @throws SystemError argument/invalid also when neither is given. */
export function copySpeedAsked({ latencyTarget, floor }: CopySpeedOptions): CopySpeedChange {
  if (latencyTarget === undefined && floor === undefined) {
    throw new SystemError("argument/invalid", "nothing is to be set", {
      hint: "give --latency-target, --floor, or both",
    });
  }
  return {
    latencyTargetMs: latencyTarget === undefined ? undefined : milliseconds(latencyTarget),
    floorBytesPerSecond: floor === undefined ? undefined : parseSize(floor.replace(/\/s$/, "")),
  };
}

/** Above 0: of a request 0 means what is set already. */
function milliseconds(text: string): number {
  const match = /^(\d{1,6})\s*(ms|s|)$/.exec(text);
  const value = match ? Number(match[1]) * (MS_PER_UNIT[match[2] ?? ""] ?? 0) : 0;
  if (value > 0) return value;
  throw new SystemError("argument/invalid", `--latency-target ${text} is not possible`, {
    hint: "give whole milliseconds above 0, for example 20ms",
  });
}

const speed = (bytesPerSecond: number): string => `${formatSize(Math.round(bytesPerSecond))}/s`;

/** What copies heed, and how fast each node copies now. */
export function copySpeedLines({
  copySpeed: { latencyTargetMs, floorBytesPerSecond },
  nodes,
}: Pick<RebalanceStatus, "copySpeed" | "nodes">): string[] {
  const rows = nodes.map(({ id, bytesPerSecond, limitBytesPerSecond, p99Ms, state }) => [
    id,
    speed(bytesPerSecond),
    limitBytesPerSecond === null ? "-" : speed(limitBytesPerSecond),
    p99Ms === 0 ? "-" : `${Number(p99Ms.toPrecision(SHOWN_DIGITS))} ms`,
    state,
  ]);
  return [
    `copies give way while hosts wait more than ${latencyTargetMs} ms (p99), down to ${speed(floorBytesPerSecond)} for each node`,
    ...(rows.length === 0 ? [] : table(["NODE", "COPIES", "LIMIT", "HOST P99", "STATE"], rows)),
  ];
}
