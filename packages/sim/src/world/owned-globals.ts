// While a world runs, what product code could reach behind the ports belongs to the world: the end of a
// turn is an event of the queue, deadlines and dates are virtual, and a real timer or real randomness is an
// error of whoever used it. The loop itself keeps the real setImmediate: one for each event, between two of
// which all microtasks and ticks of the event before run to their end.
import type { World } from "./world.ts";

/** When virtual time begins, in milliseconds since 1970. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

export interface OwnedGlobals {
  readonly setImmediate: (call: () => void) => void;
  giveBack(): void;
}

function refused(what: string): never {
  throw new Error(`${what} is not under the world's control: use a port`);
}

export const wallMsOf = (world: World): number => EPOCH_MS + world.nowMs;

/** Everything that is thrown where nobody waits for it: in a real process it would be the end. */
function watchUncaught(world: World): () => void {
  const onThrown = (thrown: unknown): void => world.fail(thrown);
  const former = {
    uncaughtException: process.listeners("uncaughtException"),
    unhandledRejection: process.listeners("unhandledRejection"),
  };
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.removeAllListeners(event);
    process.on(event, onThrown);
  }
  return () => {
    process.removeAllListeners("uncaughtException");
    process.removeAllListeners("unhandledRejection");
    for (const listener of former.uncaughtException) process.on("uncaughtException", listener);
    for (const listener of former.unhandledRejection) process.on("unhandledRejection", listener);
  };
}

export function ownGlobals(world: World): OwnedGlobals {
  const realSetImmediate = globalThis.setImmediate;
  const former = {
    setImmediate: realSetImmediate,
    dateNow: Date.now,
    mathRandom: Math.random,
    timeout: AbortSignal.timeout,
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
  };
  const unwatch = watchUncaught(world);
  const owned = (call: (...args: unknown[]) => void, ...args: unknown[]): unknown =>
    world.after(0, world.running, () => call(...args));
  globalThis.setImmediate = owned as unknown as typeof setImmediate;
  Date.now = () => Math.floor(wallMsOf(world));
  Math.random = () => refused("Math.random");
  globalThis.setTimeout = (() => refused("setTimeout")) as unknown as typeof setTimeout;
  globalThis.setInterval = (() => refused("setInterval")) as unknown as typeof setInterval;
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    world.after(ms, world.running, () =>
      controller.abort(new DOMException("The operation timed out", "TimeoutError")),
    );
    return controller.signal;
  };
  return {
    setImmediate: (call) => void realSetImmediate(call),
    giveBack: () => {
      globalThis.setImmediate = former.setImmediate;
      Date.now = former.dateNow;
      Math.random = former.mathRandom;
      AbortSignal.timeout = former.timeout;
      globalThis.setTimeout = former.setTimeout;
      globalThis.setInterval = former.setInterval;
      unwatch();
    },
  };
}
