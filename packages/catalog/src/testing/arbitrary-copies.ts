// Histories in which copies are added, moved and dropped, and people say what they want of nodes and disks.
import type { ChunkId, NodeId, StoreUuid } from "@ashlar/core";
import fc from "fast-check";
import type { Command } from "../command.ts";
import { ADVICE_MODES, NODE_SERVICES, REBALANCING } from "../records.ts";
import { type TestCatalog, testNode, testVolume } from "./cluster.ts";
import { planCopies } from "./copies.ts";

interface Named {
  readonly chunk: fc.Arbitrary<ChunkId>;
  readonly node: fc.Arbitrary<NodeId>;
  readonly store: fc.Arbitrary<StoreUuid>;
}

/** Of any content, most of it to be refused. */
export function copyCommands({ chunk, node, store }: Named): fc.Arbitrary<Command>[] {
  const version = fc.nat(9);
  const instead = fc.option(store, { nil: undefined });
  const added = fc.array(fc.record({ chunk, version, node, store, instead }), { maxLength: 3 });
  const dropped = fc.array(fc.record({ chunk, version, store }), { maxLength: 3 });
  return [
    fc.record({ kind: fc.constant("addMembers" as const), items: added }),
    fc.record({ kind: fc.constant("dropMembers" as const), items: dropped }),
  ];
}

/** What people say. */
export const service = ({
  node,
  store,
}: {
  readonly node: fc.Arbitrary<number>;
  readonly store: fc.Arbitrary<StoreUuid>;
}): fc.Arbitrary<() => Command> => {
  const named = node.map(testNode);
  const commands: fc.Arbitrary<Command>[] = [
    fc.record({
      kind: fc.constant("setNodeService" as const),
      node: named,
      service: fc.constantFrom(...NODE_SERVICES),
    }),
    fc.record({ kind: fc.constant("removeNode" as const), node: named, lost: fc.boolean() }),
    fc.record({ kind: fc.constant("leaveStore" as const), store, leaving: fc.boolean() }),
    fc.record({
      kind: fc.constant("setSlow" as const),
      store,
      slow: fc.option(fc.constant({ reason: "slow", since: "" }), { nil: undefined }),
    }),
    fc.record({ kind: fc.constant("keepSlowDisks" as const), keeps: fc.boolean() }),
    fc.record({
      kind: fc.constant("setRebalancing" as const),
      rebalancing: fc.constantFrom(...REBALANCING),
    }),
    fc.record({
      kind: fc.constant("setAdvice" as const),
      advice: fc.constantFrom(...ADVICE_MODES),
    }),
    fc.record({
      kind: fc.constant("setReplicas" as const),
      volume: fc.integer({ min: 1, max: 3 }).map(testVolume),
      replicas: fc.integer({ min: 0, max: 4 }),
    }),
  ];
  return fc.oneof(...commands).map(
    (command): (() => Command) =>
      () =>
        command,
  );
};

/** What the plan of copies wants now. */
export const movedCopies: fc.Arbitrary<(catalog: TestCatalog) => Command> = fc
  .tuple(fc.nat(4), fc.boolean())
  .map(([copiesMax, drops]) => (catalog) => {
    const roomOf = () => ({ freeBytes: Number.MAX_SAFE_INTEGER, usedBytes: 0 });
    const policy = { isGivenUp: () => true, roomOf, copiesMax, movesMax: copiesMax };
    const { additions, surplus } = planCopies(catalog, policy);
    return drops
      ? { kind: "dropMembers", items: surplus }
      : { kind: "addMembers", items: additions };
  });
