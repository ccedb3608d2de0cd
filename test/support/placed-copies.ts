// Where a lab's copies are, and the wait until all of a volume's are in sync, equal, and no more than they should be.
import { expect } from "vitest";
import { ashlarOutcome, type CheckDocument, type NodesDocument, type TestLab } from "./test-lab.ts";

interface Placed {
  readonly nodes: readonly (NodesDocument["nodes"][number] & {
    readonly service: string;
    readonly chunks: number;
    readonly disks: readonly { readonly id: string; readonly chunks: number }[];
  })[];
}

export class PlacedCopies {
  private readonly lab: TestLab;

  constructor(lab: TestLab) {
    this.lab = lab;
  }

  async nodes(): Promise<Placed["nodes"]> {
    return (await this.lab.command<Placed>("node", "list")).nodes;
  }

  async on(id: string): Promise<number | undefined> {
    return (await this.nodes()).find((node) => node.id === id)?.chunks;
  }

  async count(): Promise<number> {
    return (await this.nodes()).reduce((sum, { chunks }) => sum + chunks, 0);
  }

  async untilCount(count: number): Promise<void> {
    await until(async () => (await this.count()) === count);
  }

  async untilWhole(name: string, replicas: number): Promise<void> {
    await until(async () => (await this.lab.volume(name)).degradedChunks === 0);
    const checked = await this.lab.command<CheckDocument>("volume", "check", name);
    const { chunks, replicas: compared, different, damaged } = checked;
    expect({ compared, different, damaged }).toEqual({
      compared: replicas * chunks,
      different: 0,
      damaged: 0,
    });
  }
}

/** What a command says that must fail. */
export async function refusal({ dir }: TestLab, ...args: string[]): Promise<unknown> {
  const { exit, stdout } = await ashlarOutcome(...args, "--dir", dir, "--json");
  return { exit, ...(JSON.parse(stdout) as { error: { code: string } }).error };
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  await expect.poll(isTrue, { timeout: 120_000, interval: 500 }).toBe(true);
}
