// Finds the chunks whose learners wait for a node: after it registered, since their configurations
// may have been heard before it knew its own incarnation. In slices, so that a large map does not
// keep the process from answering.
import type { CatalogView, ChunkConfig } from "@ashlar/catalog";
import type { NodeId } from "@ashlar/core";
import type { Clock } from "@ashlar/runtime";

/** Configurations looked at within one turn. */
const SLICE = 4096;

export async function learnersLedBy(
  { view, clock }: { readonly view: CatalogView; readonly clock: Clock },
  self: { readonly node: NodeId; readonly incarnation: number },
  found: (config: ChunkConfig) => void,
): Promise<void> {
  const families = [...view.volumes.values()].map(({ family }) => family);
  for (const family of families) {
    let seen = 0;
    for (const { chunk } of view.chunksOf(family)) {
      if (++seen % SLICE === 0) await new Promise<void>((resume) => clock.after(0, resume));
      // Looked up again: it may have changed while others were served.
      const config = view.chunk(chunk);
      if (!config || config.learners.length === 0) continue;
      const { node, incarnation } = config.primary;
      if (node === self.node && incarnation === self.incarnation) found(config);
    }
  }
}
