// Figures of one store on a real file, not a test: 4 KiB appends with 32 in flight, committed as they
// come, then a checkpoint; 64 KiB and 1 MiB appends; reads. Run: tsx src/append.bench.ts FOLDER
import {
  chunkId,
  clusterId,
  diskId,
  familyId,
  GIB,
  KIB,
  MIB,
  nodeId,
  storeUuid,
  unitChecksums,
} from "@ashlar/core";
import type { LogEntry } from "@ashlar/replica";
import { nodeDisk, silentLog } from "@ashlar/runtime";
import { createStore, type DiskChunkStore, openStore } from "./index.ts";

const CHUNK_SIZE = 64 * MIB;
const CHUNKS = 8;
const IN_FLIGHT = 32;

interface Figure {
  readonly what: string;
  readonly count: number;
  readonly bytes: number;
  readonly run: () => Promise<void>;
}

async function measure({ what, count, bytes, run }: Figure): Promise<void> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const rate = Math.round(count / seconds);
  const each = Math.round((user + system) / count);
  const mib = Math.round((count * bytes) / MIB / seconds);
  console.log(`${what}: ${rate}/s, ${mib} MiB/s, ${each} us CPU each, ${seconds.toFixed(2)} s`);
}

class Load {
  private readonly store: DiskChunkStore;
  private readonly seqOf = new Array<number>(CHUNKS).fill(0);
  private state = 1;

  constructor(store: DiskChunkStore) {
    this.store = store;
  }

  async append(count: number, length: number): Promise<void> {
    const payload = Buffer.alloc(length, 0x5a);
    await this.inFlight(count, async (chunk, index) => {
      const seq = (this.seqOf[index] ?? 0) + 1;
      this.seqOf[index] = seq;
      const lsn = { epoch: 1, seq };
      const offset = this.random(CHUNK_SIZE / length) * length;
      const opId = { incarnation: 1, seq };
      const checksums = unitChecksums(chunk, offset, [payload]);
      const lowestUnresolvedSeq = Math.max(1, seq - IN_FLIGHT);
      const entry: LogEntry = {
        kind: "write",
        lsn,
        opId,
        lowestUnresolvedSeq,
        offset,
        length,
        data: [payload],
        checksums,
      };
      await this.store.append(chunk, entry);
      this.store.commit(chunk, lsn);
    });
  }

  async read(count: number, length: number): Promise<void> {
    await this.inFlight(count, async (chunk) => {
      await this.store.read(chunk, this.random(CHUNK_SIZE / length) * length, length);
    });
  }

  private async inFlight(
    count: number,
    call: (chunk: ReturnType<typeof chunkId>, index: number) => Promise<void>,
  ): Promise<void> {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const index = this.random(CHUNKS);
        await call(chunkId(familyId(1), index), index);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  }

  private random(below: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * below);
  }
}

async function measureAll(store: DiskChunkStore): Promise<void> {
  const load = new Load(store);
  const small = 4 * KIB;
  await measure({
    what: "first 4 KiB (thin)",
    count: 3000,
    bytes: small,
    run: () => load.append(3000, small),
  });
  await measure({
    what: "its checkpoint",
    count: 3000,
    bytes: small,
    run: () => store.checkpoint(),
  });
  await measure({
    what: "fill by 1 MiB",
    count: 1500,
    bytes: MIB,
    run: () => load.append(1500, MIB),
  });
  await store.checkpoint();
  for (const count of [6000, 6000]) {
    await measure({
      what: "append 4 KiB",
      count,
      bytes: small,
      run: () => load.append(count, small),
    });
    await measure({ what: "its checkpoint", count, bytes: small, run: () => store.checkpoint() });
  }
  const sustained = 40_000;
  await measure({
    what: "append 4 KiB, checkpoints within",
    count: sustained,
    bytes: small,
    run: () => load.append(sustained, small),
  });
  await measure({
    what: "append 64 KiB",
    count: 2000,
    bytes: 64 * KIB,
    run: () => load.append(2000, 64 * KIB),
  });
  await store.checkpoint();
  await measure({
    what: "read 4 KiB",
    count: 20_000,
    bytes: small,
    run: () => load.read(20_000, small),
  });
  await measure({ what: "read 1 MiB", count: 500, bytes: MIB, run: () => load.read(500, MIB) });
}

async function main(folder: string): Promise<void> {
  const path = `${folder}/bench-store`;
  const options = {
    path,
    clusterId: clusterId("6b1f7f0e-58a5-4b43-a3bd-2d6b7cf1d2aa"),
    node: nodeId("storage-1"),
    diskId: diskId("disk-1"),
    chunkSize: CHUNK_SIZE,
  };
  const uuid = storeUuid("00000000-0000-4000-8000-00000000000a");
  const ports = { log: silentLog };
  const create = { ...options, sizeBytes: GIB, storeUuid: uuid };
  await measure({
    what: "create",
    count: 1,
    bytes: 0,
    run: () => createStore(nodeDisk, create, ports),
  });
  const store = await openStore(nodeDisk, options, ports);
  await measureAll(store);
  await store.close();
  await measure({
    what: "open",
    count: 1,
    bytes: 0,
    run: async () => (await openStore(nodeDisk, options, ports)).close(),
  });
  await nodeDisk.remove(path);
}

await main(process.argv[2] ?? "/tmp");
