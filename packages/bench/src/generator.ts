// Load by our own initiator: random positions, a fixed number of operations in flight, and the
// latency of each.
import { MIB, type ScatterList } from "@ashlar/core";
import { type IscsiUrl, LogicalUnit, openSession, randomIsid } from "@ashlar/initiator";
import { type Clock, LatencyHistogram, nodeClock, nodeRandom, seededRandom } from "@ashlar/runtime";
import type { Outcome } from "./outcome.ts";
import type { Workload } from "./profiles.ts";

export const BENCH_INITIATOR = "iqn.2026-11.io.ashlar:bench";
/** Fixed, so that every run meets the same positions. */
const SEED = 20_261_122;
/** Failed operations after which a workload ends: it measures nothing any more. */
const ERRORS_MAX = 100;
const FILL_DEPTH = 8;

export interface GeneratorOptions {
  readonly seconds: number;
  /** Positions lie in the first bytes of the device. */
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

export async function runOwnWorkload(
  url: IscsiUrl,
  workload: Workload,
  options: GeneratorOptions,
): Promise<Outcome> {
  return withUnit(url, options.clock, (unit) => drive(unit, workload, options));
}

/** Writes the first `sizeBytes` once, with noise, so that later reads read something. */
export async function fill(
  url: IscsiUrl,
  { sizeBytes, signal }: { readonly sizeBytes: number; readonly signal: AbortSignal },
): Promise<void> {
  await withUnit(url, nodeClock, async (unit) => {
    const end = Math.min(sizeBytes, unit.sizeBytes);
    const noise = seededRandom(SEED).bytes(MIB);
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < end) {
        const offset = next;
        next += MIB;
        await unit.write(offset, [noise.subarray(0, Math.min(MIB, end - offset))], { signal });
      }
    };
    await Promise.all(Array.from({ length: FILL_DEPTH }, worker));
  });
}

async function withUnit<T>(
  { portal, targetName, lun, authentication }: IscsiUrl,
  clock: Clock = nodeClock,
  use: (unit: LogicalUnit) => Promise<T>,
): Promise<T> {
  const isid = randomIsid(nodeRandom, 0);
  const identity = { targetName, initiatorName: BENCH_INITIATOR, isid };
  const options = { ...identity, ...(authentication && { authentication }) };
  const session = await openSession(portal, options, { clock });
  try {
    return await use(await LogicalUnit.open(session, { lun, clock }));
  } finally {
    await session.logout().catch(() => session.drop());
  }
}

async function drive(
  unit: LogicalUnit,
  { operation, size, depth }: Workload,
  { seconds, sizeBytes, signal, clock = nodeClock }: GeneratorOptions,
): Promise<Outcome> {
  const random = seededRandom(SEED);
  const positions = Math.floor(Math.min(sizeBytes, unit.sizeBytes) / size);
  const data: ScatterList = [random.bytes(size)];
  const latency = new LatencyHistogram();
  const beganMs = clock.nowMs();
  const endMs = beganMs + seconds * 1000;
  let errors = 0;
  const worker = async (): Promise<void> => {
    while (!signal.aborted && errors < ERRORS_MAX) {
      const startedMs = clock.nowMs();
      if (startedMs >= endMs) return;
      const offset = random.below(positions) * size;
      try {
        if (operation === "read") await unit.read(offset, size, { signal });
        else await unit.write(offset, data, { signal });
        latency.record(clock.nowMs() - startedMs);
      } catch {
        // Counted and shown; a session that is gone runs into the limit at once.
        errors++;
      }
    }
  };
  await Promise.all(Array.from({ length: depth }, worker));
  signal.throwIfAborted();
  const summary = latency.summary();
  const elapsed = (clock.nowMs() - beganMs) / 1000;
  return { operations: summary.count, seconds: elapsed, latency: summary, errors };
}
