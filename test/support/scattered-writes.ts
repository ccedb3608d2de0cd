// A host that writes single blocks all over a volume, and knows which extents it has touched: what a copy that was
// away meanwhile has to learn, and no more.
import { type Random, seededRandom } from "@ashlar/runtime";
import { run } from "./tools.ts";

const BLOCK = 4096;
const EXTENT = 64 * 1024;
/** Blocks that one call of the tool writes. */
const BATCH = 128;
/** Patterns that are no zero, which a lost write would read as. */
const PATTERNS = 255;

export class ScatteredWrites {
  /** Numbers of the extents of the volume that hold a block written. */
  readonly extents = new Set<number>();
  private readonly random: Random;
  private readonly patterns = new Map<number, number>();
  private readonly sizeBytes: number;

  constructor({ seed, sizeBytes }: { readonly seed: number; readonly sizeBytes: number }) {
    this.random = seededRandom(seed);
    this.sizeBytes = sizeBytes;
  }

  /** Writes for so long, with the batch under way to its end. */
  async writeFor(ms: number, url: string): Promise<void> {
    for (const endMs = Date.now() + ms; Date.now() < endMs; ) await this.writeBatch(url);
  }

  /** @throws when a block is not what was last written to it. */
  async verify(url: string): Promise<void> {
    const blocks = [...this.patterns];
    for (let at = 0; at < blocks.length; at += BATCH) {
      const told = await qemuIo(url, "read", blocks.slice(at, at + BATCH));
      if (/verification failed/i.test(told)) throw new Error(told);
    }
  }

  private async writeBatch(url: string): Promise<void> {
    const blocks = Array.from({ length: BATCH }, () => {
      const block = this.random.below(this.sizeBytes / BLOCK);
      return [block, 1 + this.random.below(PATTERNS)] as const;
    });
    await qemuIo(url, "write", blocks);
    for (const [block, pattern] of blocks) {
      this.patterns.set(block, pattern);
      this.extents.add(Math.floor((block * BLOCK) / EXTENT));
    }
  }
}

function qemuIo(
  url: string,
  verb: "read" | "write",
  blocks: readonly (readonly [block: number, pattern: number])[],
): Promise<string> {
  const commands = blocks.flatMap(([block, pattern]) => [
    "-c",
    `${verb} -P ${pattern} ${block * BLOCK} ${BLOCK}`,
  ]);
  return run("qemu-io", "-f", "raw", ...commands, url);
}
