// Finds the chunks whose learners wait for a node: after it registered, since their configurations
// may have been heard before it knew its own incarnation. In slices, so that a large map does not
// keep the process from answering.
import type { CatalogView, ChunkConfig, ChunkRow } from "@ashlar/catalog";
import type { ChunkId, NodeId } from "@ashlar/core";
import { type Clock, inSlices, nextTurn } from "@ashlar/runtime";

/** Configurations looked at within one turn. */
const SLICE = 4096;

interface Self {
  readonly node: NodeId;
  readonly incarnation: number;
}

export async function learnersLedBy(
  { view, clock }: { readonly view: CatalogView; readonly clock: Clock },
  self: Self,
  found: (config: ChunkConfig) => void,
): Promise<void> {
  const { chunks } = view;
  for (const family of chunks.families()) {
    for (let from = 0; from < chunks.rowsOf(family); from += SLICE) {
      if (from > 0) await nextTurn(clock);
      const waiting: ChunkId[] = [];
      const look = (row: ChunkRow): void => {
        const { primary, primaryIncarnation: incarnation } = row;
        if (row.learnerCount === 0 || primary.node !== self.node) return;
        if (incarnation === self.incarnation) waiting.push(row.chunk);
      };
      chunks.scan(family, look, { from, until: from + SLICE });
      await inSlices(clock, given(waiting, view, self, found));
    }
  }
}

/** Looked up again: they may have changed while others were served. */
function* given(
  waiting: readonly ChunkId[],
  view: CatalogView,
  self: Self,
  found: (config: ChunkConfig) => void,
): Generator<void, void, undefined> {
  for (const chunk of waiting) {
    const config = view.chunk(chunk);
    if (!config || config.learners.length === 0) continue;
    const { node, incarnation } = config.primary;
    if (node === self.node && incarnation === self.incarnation) found(config);
    yield;
  }
}
