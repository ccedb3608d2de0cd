// A volume of the fake cluster as a gateway opens it, and small words for tests that drive it.
import { setImmediate as nextTurn } from "node:timers/promises";
import { NO_PATH, type OperationOptions, type SystemError } from "@ashlar/core";
import type { Operation, OperationReply } from "@ashlar/replica";
import type { CarrierKind } from "@ashlar/rpc";
import { type Clock, nodeClock, Registry, silentLog } from "@ashlar/runtime";
import type { ManualClock } from "@ashlar/runtime/testing";
import { OperationRouter } from "../operation-router.ts";
import { openVolume } from "../replicated-volume.ts";
import { FakeCluster, type Intercept, VOLUME } from "./fake-cluster.ts";

export const options = (more: Partial<OperationOptions> = {}): OperationOptions => ({
  signal: new AbortController().signal,
  path: NO_PATH,
  ...more,
});
export const block = (fill: number, length = 4096): Buffer[] => [Buffer.alloc(length, fill)];

/** The code a promise is rejected with. */
export const codeOf = (pending: Promise<unknown>): Promise<string> =>
  pending.then(
    () => "resolved",
    (thrown) => (thrown as SystemError).code,
  );

export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await nextTurn();
}

/** Resolves when `holds`, moving the clock on if it is a manual one. */
export async function until(holds: () => boolean, clock?: ManualClock): Promise<void> {
  while (!holds()) {
    await nextTurn();
    clock?.advance(5);
  }
}

/** Refuses the next `count` operations. */
export function refuse(count: number, reply: OperationReply): Intercept {
  let left = count;
  return (_: Operation, answer: (reply: OperationReply) => void): boolean => {
    if (left === 0) return false;
    left -= 1;
    answer(reply);
    return true;
  };
}

const stops: (() => Promise<void> | void)[] = [];

/** Ends everything that {@link openTestVolume} opened. */
export async function closeTestVolumes(): Promise<void> {
  for (const stop of stops.splice(0).reverse()) await stop();
}

export async function openTestVolume({
  kind = "socket" as CarrierKind,
  clock = nodeClock as Clock,
  incarnation = (): number => 9,
  onTakenForDead = (_: number): void => {},
} = {}) {
  const cluster = new FakeCluster();
  await cluster.start();
  const metrics = new Registry();
  const dialer = cluster.dialer(kind);
  const router = new OperationRouter(
    { client: cluster.catalog, dialer, clock, log: silentLog, metrics },
    { incarnation, onTakenForDead },
  );
  stops.push(async () => {
    router.close();
    dialer.close();
    await cluster.stop();
  });
  const volume = openVolume({ client: cluster.catalog, router }, { volume: VOLUME });
  const [first, second] = cluster.nodes;
  const retries = async (reason: string): Promise<number> => {
    const all = await metrics.getSingleMetric("ashlar_volume_retries_total")!.get();
    const wanted = all.values.find(({ labels }) => Object.values(labels).includes(reason));
    return wanted?.value ?? 0;
  };
  return { cluster, volume, router, first: first!, second: second!, metrics, retries };
}
