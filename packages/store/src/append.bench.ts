// Figures of one store on a real file, not a test: 4 KiB appends with 32 in flight, committed as they
// come, then a checkpoint; 64 KiB and 1 MiB appends; reads. Run: tsx src/append.bench.ts FOLDER
import { GIB, KIB, MIB, storeUuid } from "@ashlar/core";
import { nodeDisk, silentLog } from "@ashlar/runtime";
import { createStore, type DiskChunkStore, openStore } from "./index.ts";
import { MEASURED, StoreLoad } from "./testing/store-load.ts";

const SHAPE = { chunks: 8, chunkSize: MEASURED.chunkSize, inFlight: 32 };

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

async function measureAll(store: DiskChunkStore): Promise<void> {
  const load = new StoreLoad(store, SHAPE);
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
  const options = { ...MEASURED, path };
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
