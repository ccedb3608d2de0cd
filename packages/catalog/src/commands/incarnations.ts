// Incarnations are given once, whatever became of the catalog that gave them. Epochs name them, and chunks
// remember by them what gateways have done (P10): a gateway with the number of an earlier one would be told
// that its writes were done already. A catalog that was restored from an older copy does not know what was
// given since, so two things keep its numbers away from those.
//
// Each leader begins at a random distance above what was given before (beginTerm): what is given after a
// restoration was, but for a freak of chance, not given in the history that was lost. And every process tells
// the highest number it has seen when it registers: one above the newest that the catalog gave proves that
// the catalog went back.
import type { GatewayRecord } from "../records.ts";
import type { Step } from "../state.ts";

/** Epochs and opIds have room for 48 bits. */
export const INCARNATION_MAX = 2 ** 48 - 1;
/** A leader may skip as many: numbers for sixteen million terms, a collision in one of millions. */
export const INCARNATIONS_SKIPPED_MAX = 2 ** 24;

export function skipIncarnations({ state }: Step, count: number): void {
  const last = state.lastIncarnation + Math.min(count, INCARNATIONS_SKIPPED_MAX);
  if (last <= INCARNATION_MAX) state.lastIncarnation = last;
}

/**
 * A process has seen that number. If it was not given here, any number up to it may have been given to
 * another gateway in the history that was lost: all that are up register anew, above it.
 */
export function seeIncarnation(step: Step, seen: number): void {
  const { state } = step;
  if (seen <= state.lastIncarnation) return;
  state.lastIncarnation = seen;
  for (const record of gatewaysUp(step)) {
    step.put({ kind: "gateway", record: { ...record, state: "down" } });
  }
}

/** By name: a member that read a snapshot holds them in another order. */
const gatewaysUp = ({ state }: Step): readonly GatewayRecord[] =>
  [...state.view.gateways.values()]
    .filter((record) => record.state === "up")
    .sort((a, b) => (a.gateway < b.gateway ? -1 : 1));
