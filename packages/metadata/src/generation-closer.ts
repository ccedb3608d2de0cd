// Waits until nobody admits operations of a volume's generation any more: every process with a replica in
// sync of some of its chunks says so, whoever leads. Why that is enough, also for primaries that were replaced and do not know it,
// stands in ARCHITECTURE.md ("A change of a volume is fenced where its chunks are led").
import type { CatalogChange, CatalogMirror, ChunkTables } from "@ashlar/catalog";
import { type FamilyId, familyOf, type NodeId, SystemError, toSystemError } from "@ashlar/core";
import type { GenerationToClose } from "@ashlar/rpc";
import { type Clock, sleep } from "@ashlar/runtime";
import type { ReplicatedLog } from "./replicated-log.ts";

/** Before a node that failed to answer is asked again: it may be starting, or its mirror be behind. */
const RETRY_MS = 25;

/** Asks the node at an address; resolves when it has closed the generation. */
export type AskToClose = (
  address: string,
  request: GenerationToClose,
  options: { readonly signal: AbortSignal },
) => Promise<void>;

export interface GenerationCloserDeps {
  readonly log: Pick<ReplicatedLog, "view" | "subscribe">;
  readonly clock: Clock;
  readonly ask: AskToClose;
}

/** Who is in sync, and how the chunks of the family stood, at one moment. */
interface Leading {
  readonly leaders: ReadonlyMap<NodeId, number>;
  readonly chunks: Pick<ChunkTables, "get">;
}

export class GenerationCloser {
  private readonly deps: GenerationCloserDeps;

  constructor(deps: GenerationCloserDeps) {
    this.deps = deps;
  }

  /**
   * Resolves when no operation of the generation, or of an older one, can be admitted any more.
   * @throws SystemError volume/not-fenced, naming the nodes that did not say so within `limitMs`; the
   * signal's reason.
   */
  async close(
    what: { readonly family: FamilyId; readonly generation: number },
    { signal, limitMs }: { readonly signal: AbortSignal; readonly limitMs: number },
  ): Promise<void> {
    const limit = new AbortController();
    const missing = new Map<NodeId, string>();
    const timer = this.deps.clock.after(limitMs, () => limit.abort(notFenced(missing, limitMs)));
    const both = AbortSignal.any([signal, limit.signal]);
    try {
      while (!(await this.closeRound(what, { signal: both, missing })));
    } finally {
      timer.cancel();
    }
  }

  /** Asks who leads now. False when leading moved meanwhile: then others have to be asked. */
  private async closeRound(
    what: { readonly family: FamilyId; readonly generation: number },
    { signal, missing }: { readonly signal: AbortSignal; readonly missing: Map<NodeId, string> },
  ): Promise<boolean> {
    const { log } = this.deps;
    const { family } = what;
    const leading = leadingOf(log.view, family);
    const moved = new AbortController();
    const stopListening = log.subscribe(({ restored, changes }) => {
      if (restored || moves(changes, family, leading)) moved.abort(new Error("leading moved"));
    });
    const index = log.view.appliedIndex;
    const options = { signal: AbortSignal.any([signal, moved.signal]), missing };
    missing.clear();
    for (const node of leading.leaders.keys()) missing.set(node, "no answer");
    try {
      await Promise.all(
        [...leading.leaders].map(([node, incarnation]) =>
          this.askUntilClosed(node, { ...what, incarnation, index }, options),
        ),
      );
      return !moved.signal.aborted;
    } catch (thrown) {
      signal.throwIfAborted();
      if (moved.signal.aborted) return false;
      throw thrown;
    } finally {
      stopListening();
    }
  }

  private async askUntilClosed(
    node: NodeId,
    request: GenerationToClose,
    { signal, missing }: { readonly signal: AbortSignal; readonly missing: Map<NodeId, string> },
  ): Promise<void> {
    const { log, clock, ask } = this.deps;
    for (;;) {
      signal.throwIfAborted();
      try {
        await ask(log.view.nodes.get(node)?.address ?? "", request, { signal });
        missing.delete(node);
        return;
      } catch (thrown) {
        signal.throwIfAborted();
        missing.set(node, toSystemError(thrown).message);
      }
      await sleep(clock, RETRY_MS, { signal });
    }
  }
}

/**
 * An incarnation that is not the node's registered one leads nothing: its process had the stores locked,
 * and another one has opened them since, or they are lost.
 */
function leadingOf({ nodes, chunks }: CatalogMirror, family: FamilyId): Leading {
  const leaders = new Map<NodeId, number>();
  chunks.scan(family, (row) => {
    const { members, primary } = row;
    for (let slot = 0; slot < members.length; slot += 1) {
      const node = members[slot]?.node;
      if (node === undefined || row.roleAt(slot) !== "isr" || leaders.has(node)) continue;
      const incarnation = nodes.get(node)?.incarnation;
      const isOver = node === primary.node && incarnation !== row.primaryIncarnation;
      if (incarnation !== undefined && !isOver) leaders.set(node, incarnation);
    }
  });
  return { leaders, chunks: chunks.frozen() };
}

/**
 * Whether others lead, somebody is no longer in sync, or another process of a node answers for it now. Who
 * joins has promised the epoch in force.
 */
const moves = (
  changes: readonly CatalogChange[],
  family: FamilyId,
  { chunks, leaders }: Leading,
): boolean =>
  changes.some((change) => {
    if (change.kind === "node") {
      const { node, incarnation } = change.record;
      return (leaders.get(node) ?? incarnation) !== incarnation;
    }
    if (change.kind !== "chunk" || familyOf(change.record.chunk) !== family) return false;
    const { chunk, epoch, isr } = change.record;
    const before = chunks.get(chunk);
    return before?.epoch !== epoch || before.isr.some((store) => !isr.includes(store));
  });

function notFenced(missing: ReadonlyMap<NodeId, string>, limitMs: number): SystemError {
  const nodes = [...missing].map(([node, why]) => `${node} (${why})`).join(", ");
  return new SystemError(
    "volume/not-fenced",
    `not all nodes in sync with chunks of the volume answered within ${limitMs / 1000} s: ${nodes}`,
    { hint: "see `ashlar node list`; try again when the node is back or its chunks have moved" },
  );
}
