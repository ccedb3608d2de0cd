// P9: what a host gave up takes no effect more than D after the host last proved that it holds the path. A
// command that was given up at T may be there or not; but once somebody has seen a block without it who
// began to look after T + D, it must never appear in that block.
import { assert } from "@ashlar/core";
import type { BlockOperation } from "./block-register.ts";

/** Age of a token that a primary still takes, and some for clocks that differ. */
export const EFFECT_MAX_MS = 1_000 + 10;

export interface GivenUp {
  readonly register: string;
  /** Its own: each attempt of a command has another. */
  readonly stamp: number;
  readonly atMs: number;
}

/** The stamp that an operation shows to have been there at its end. */
function shown({ input, output }: BlockOperation): number | undefined {
  if (output?.kind === "read") return output.stamp;
  return output?.kind === "written" ? input.stamp : undefined;
}

/** The stamp that an operation found when it took effect. */
function found({ input, output }: BlockOperation): number | undefined {
  if (output?.kind === "read") return output.stamp;
  return output?.kind === "written" && input.kind === "swap" ? input.expected : undefined;
}

export function checkLateEffects(
  operations: readonly BlockOperation[],
  givenUp: readonly GivenUp[],
): void {
  const byRegister = new Map<string, BlockOperation[]>();
  for (const operation of operations) {
    if (operation.returnTime === undefined) continue;
    const { register } = operation.input;
    byRegister.set(register, [...(byRegister.get(register) ?? []), operation]);
  }
  for (const { register, stamp, atMs } of givenUp) {
    const seen = byRegister.get(register) ?? [];
    const boundMs = atMs + EFFECT_MAX_MS;
    const missedMs = Math.min(
      ...seen
        .filter((operation) => operation.callTime >= boundMs && shown(operation) !== undefined)
        .filter((operation) => shown(operation) !== stamp)
        .map(({ returnTime }) => returnTime ?? Number.POSITIVE_INFINITY),
    );
    const late = seen.find(
      (operation) => operation.callTime > missedMs && found(operation) === stamp,
    );
    assert(
      late === undefined,
      `P9: ${register}: stamp ${stamp} was given up at ${atMs}, missing at ${missedMs}, and seen by ${JSON.stringify(late)}`,
    );
  }
}
