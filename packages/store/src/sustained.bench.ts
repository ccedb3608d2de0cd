// Figures of one store under random 4 KiB writes for many minutes, not a test: how long an append waits and
// whether a checkpoint is why, what memory is used, how much is written for each byte, and the CPU of each
// write. Run: tsx src/sustained.bench.ts FOLDER [MINUTES] [GIB] [IN FLIGHT]
import { createHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { GIB, KIB, MIB, storeUuid } from "@ashlar/core";
import { nodeDisk, Registry, silentLog } from "@ashlar/runtime";
import { createStore, openStore } from "./index.ts";
import { CountingDisk } from "./testing/counting-disk.ts";
import { MEASURED, StoreLoad } from "./testing/store-load.ts";

const WRITE_BYTES = 4 * KIB;
const WRITES_AT_ONCE = 4000;
/** What counts as a stall. */
const STALL_MS = 100;
const NS_PER_MS = 1e6;

const COLUMNS = [
  "minute",
  "writes/s",
  "p50 ms",
  "p99 ms",
  "max ms",
  `> ${STALL_MS} ms`,
  "loop max ms",
  "checkpoints",
  "RSS MiB",
  "us CPU each",
  "x written",
];

const row = (cells: readonly string[]): void =>
  console.log(cells.map((cell) => cell.padStart(12)).join(""));

interface Subject {
  readonly load: StoreLoad;
  readonly disk: CountingDisk;
  readonly checkpoints: () => Promise<number>;
}

async function minuteOf({ load, disk, checkpoints }: Subject): Promise<string[]> {
  const appends = createHistogram();
  let stalls = 0;
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const cpu = process.cpuUsage();
  const bytes = disk.writtenBytes;
  const done = await checkpoints();
  const start = performance.now();
  let writes = 0;
  while (performance.now() - start < 60_000) {
    await load.append(WRITES_AT_ONCE, WRITE_BYTES, (milliseconds) => {
      appends.record(Math.max(1, Math.round(milliseconds * NS_PER_MS)));
      if (milliseconds > STALL_MS) stalls += 1;
    });
    writes += WRITES_AT_ONCE;
  }
  const seconds = (performance.now() - start) / 1000;
  loop.disable();
  const { user, system } = process.cpuUsage(cpu);
  return [
    (writes / seconds).toFixed(0),
    (appends.percentile(50) / NS_PER_MS).toFixed(2),
    (appends.percentile(99) / NS_PER_MS).toFixed(2),
    (appends.max / NS_PER_MS).toFixed(1),
    String(stalls),
    (loop.max / NS_PER_MS).toFixed(1),
    String((await checkpoints()) - done),
    (process.memoryUsage().rss / MIB).toFixed(0),
    ((user + system) / writes).toFixed(0),
    ((disk.writtenBytes - bytes) / (writes * WRITE_BYTES)).toFixed(2),
  ];
}

async function main([
  folder = "/tmp",
  minutes = "10",
  gib = "4",
  inFlight = "32",
]: string[]): Promise<void> {
  const path = `${folder}/bench-store`;
  const options = { ...MEASURED, path };
  const sizeBytes = Number(gib) * GIB;
  const uuid = storeUuid("00000000-0000-4000-8000-00000000000a");
  const disk = new CountingDisk(nodeDisk);
  const registry = new Registry();
  const log = silentLog;
  await createStore(disk, { ...options, sizeBytes, storeUuid: uuid }, { log });
  const store = await openStore(disk, options, { log, registry });
  // A tenth stays free, for metadata and for content that is replaced.
  const chunks = Math.floor((sizeBytes * 0.9) / MEASURED.chunkSize);
  const shape = { chunks, chunkSize: MEASURED.chunkSize, inFlight: Number(inFlight) };
  const checkpoints = async (): Promise<number> => {
    const found = await registry.getSingleMetric("ashlar_store_checkpoint_seconds")?.get();
    // The last of a histogram's values is its count.
    return found?.values.at(-1)?.value ?? 0;
  };
  const subject = { load: new StoreLoad(store, shape), disk, checkpoints };
  row(COLUMNS);
  for (let minute = 1; minute <= Number(minutes); minute += 1) {
    row([String(minute), ...(await minuteOf(subject))]);
  }
  await store.close();
  await nodeDisk.remove(path);
}

await main(process.argv.slice(2));
