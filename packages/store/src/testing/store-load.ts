// What the figures of a store are measured with: appends and reads at random places of a few chunks, so many
// in flight, committed as they come.
import {
  type ChunkId,
  chunkId,
  clusterId,
  diskId,
  familyId,
  MIB,
  nodeId,
  unitChecksums,
} from "@ashlar/core";
import type { LogEntry } from "@ashlar/replica";
import type { DiskChunkStore } from "../disk-chunk-store.ts";

/** Whose the store is that figures are taken of. */
export const MEASURED = {
  clusterId: clusterId("6b1f7f0e-58a5-4b43-a3bd-2d6b7cf1d2aa"),
  node: nodeId("storage-1"),
  diskId: diskId("disk-1"),
  chunkSize: 64 * MIB,
};

export interface LoadShape {
  readonly chunks: number;
  readonly chunkSize: number;
  readonly inFlight: number;
}

export class StoreLoad {
  private readonly store: DiskChunkStore;
  private readonly shape: LoadShape;
  private readonly seqOf: number[];
  private state = 1;

  constructor(store: DiskChunkStore, shape: LoadShape) {
    this.store = store;
    this.shape = shape;
    this.seqOf = new Array<number>(shape.chunks).fill(0);
  }

  /** `onDone` is told how many milliseconds an append took. */
  async append(
    count: number,
    length: number,
    onDone: (milliseconds: number) => void = () => {},
  ): Promise<void> {
    const payload = Buffer.alloc(length, 0x5a);
    await this.inFlight(count, async (chunk, index) => {
      const seq = (this.seqOf[index] ?? 0) + 1;
      this.seqOf[index] = seq;
      const lsn = { epoch: 1, seq };
      const offset = this.random(this.shape.chunkSize / length) * length;
      const entry: LogEntry = {
        kind: "write",
        lsn,
        opId: { incarnation: 1, seq },
        lowestUnresolvedSeq: Math.max(1, seq - this.shape.inFlight),
        offset,
        length,
        data: [payload],
        checksums: unitChecksums(chunk, offset, [payload]),
      };
      const start = performance.now();
      await this.store.append(chunk, entry);
      onDone(performance.now() - start);
      this.store.commit(chunk, lsn);
    });
  }

  async read(count: number, length: number): Promise<void> {
    await this.inFlight(count, async (chunk) => {
      await this.store.read(chunk, this.random(this.shape.chunkSize / length) * length, length);
    });
  }

  private async inFlight(
    count: number,
    call: (chunk: ChunkId, index: number) => Promise<void>,
  ): Promise<void> {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const index = this.random(this.shape.chunks);
        await call(chunkId(familyId(1), index), index);
      }
    };
    await Promise.all(Array.from({ length: this.shape.inFlight }, worker));
  }

  private random(below: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * below);
  }
}
