// One name space for all processes: exit reports and people name a process without its kind.
import type { NodeId } from "@ashlar/core";
import { type Refusal, refused } from "../command.ts";
import type { Step } from "../state.ts";

const KINDS = [
  ["nodes", "storage node"],
  ["gateways", "gateway"],
  ["members", "metadata member"],
] as const;
export type ProcessMap = (typeof KINDS)[number][0];

/** Refuses a name that a process of another kind has. */
export function nameRefusal(
  { state: { view } }: Step,
  name: NodeId,
  kind: ProcessMap,
): Refusal | undefined {
  const taken = KINDS.find(([map]) => map !== kind && view[map].has(name));
  if (!taken) return undefined;
  return refused(
    "catalog/refused",
    `${name} is the name of a ${taken[1]}`,
    "give each process of the cluster a name of its own",
  );
}
