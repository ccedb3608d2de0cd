// A metadata group of one with storage nodes and one volume, for tests of what its leader does about copies. Nobody
// copies anything here: what learns is admitted when a test says so.
import type { ChunkConfig, Command, CommandKind, CommandOf } from "@ashlar/catalog";
import { MIB, nodeId, volumeId, volumeName } from "@ashlar/core";
import { registrationOf, storeOf } from "./metadata-fixture.ts";
import { TestGroup } from "./test-group.ts";

/** One wait of a test has an end to its patience: longer times pass in parts. */
const PART_MS = 10_000;

export class PlacedGroup {
  readonly group: TestGroup;

  private constructor(group: TestGroup) {
    this.group = group;
  }

  static async of(
    nodes: number,
    { chunks, replicas = 2 }: { readonly chunks: number; readonly replicas?: number },
  ): Promise<PlacedGroup> {
    const placed = new PlacedGroup(await TestGroup.of(1));
    for (let node = 1; node <= nodes; node += 1) await placed.up(node);
    const volume = {
      volume: volumeId("10000000-0000-4000-8000-000000000001"),
      name: volumeName("demo"),
      sizeBytes: chunks * 16 * MIB,
      blockSize: 512,
      replicas,
      createdAt: "",
      access: "any" as const,
    };
    const { value } = (await placed.apply({ kind: "beginVolume", ...volume })).result as {
      value: { family: ChunkFamily };
    };
    await placed.apply({ kind: "extendVolume", family: value.family, chunks });
    await placed.apply({ kind: "finishVolume", family: value.family });
    return placed;
  }

  get log() {
    return this.group.member(nodeId("metadata-1")).log;
  }

  apply<K extends CommandKind>(command: CommandOf<K>) {
    return this.group.answered(this.log.propose(command as Command as CommandOf<K>));
  }

  async up(node: number, boot = 1): Promise<void> {
    await this.apply({ kind: "nodeUp", ...registrationOf(node, boot) });
  }

  async down(node: number): Promise<void> {
    const name = nodeId(`storage-${node}`);
    const { incarnation = 0 } = this.log.view.nodes.get(name) ?? {};
    await this.apply({ kind: "nodeDown", node: name, incarnation, unheard: [] });
  }

  chunks(): readonly ChunkConfig[] {
    const { view } = this.log;
    return [...view.volumes.values()].flatMap(({ family }) => view.chunksOf(family));
  }

  /** Chunks with a copy that learns. */
  learning(): number {
    return this.chunks().filter(({ learners }) => learners.length > 0).length;
  }

  /** Copies on the disk of a node. */
  copiesOn(node: number): number {
    const has = ({ members }: ChunkConfig): boolean =>
      members.some(({ storeUuid }) => storeUuid === storeOf(node));
    return this.chunks().filter(has).length;
  }

  /** What learns is in sync, of the first so many. */
  async admit(count = Number.POSITIVE_INFINITY): Promise<void> {
    const items = this.chunks().flatMap(({ chunk, epoch, version, learners }) =>
      learners.map((store) => ({ chunk, epoch, version, store })),
    );
    await this.apply({ kind: "addToIsr", items: items.slice(0, count) });
  }

  async pass(ms: number): Promise<void> {
    const { group } = this;
    const endMs = group.clock.nowMs() + ms;
    while (group.clock.nowMs() < endMs) {
      const partMs = Math.min(endMs, group.clock.nowMs() + PART_MS);
      await group.until(() => group.clock.nowMs() >= partMs);
    }
  }
}

type ChunkFamily = CommandOf<"extendVolume">["family"];
