// While a world runs, what product code could reach behind the ports belongs to the world: the end of a
// turn is an event of the queue, deadlines and dates are virtual, and a real timer or real randomness is an
// error of whoever used it. An event is over when its microtasks and ticks, and those that they set off,
// have run. A real turn of Node's loop for each would say the same and cost as much as the run itself, so
// that there is one only now and then, for what Node itself does at its end (unhandled rejections).
import type { World } from "./world.ts";

/** When virtual time begins, in milliseconds since 1970. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/** Events in one real turn. */
const TURN_EVENTS = 16;

export interface OwnedGlobals {
  /** Calls once nothing is left of what is under way. */
  readonly whenSettled: (call: () => void) => void;
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

/** Counts the ticks of others, to know when all of them have run. */
function ownTicks(realSetImmediate: typeof setImmediate) {
  const former = process.nextTick;
  const tick = former.bind(process);
  let waiting = 0;
  let ran = 0;
  process.nextTick = ((call: (...args: unknown[]) => void, ...args: unknown[]): void => {
    waiting += 1;
    tick(() => {
      waiting -= 1;
      ran += 1;
      call(...args);
    });
  }) as typeof process.nextTick;
  let settled = 0;
  const whenSettled = (call: () => void): void => {
    settled += 1;
    if (settled % TURN_EVENTS === 0) {
      realSetImmediate(call);
      return;
    }
    let ranBefore = ran;
    // A tick that a microtask asks for comes after all microtasks; ticks of others that ran since then may
    // have made new ones.
    const look = (): void => {
      if (waiting === 0 && ran === ranBefore) call();
      else again();
    };
    const again = (): void => {
      ranBefore = ran;
      void Promise.resolve().then(() => tick(look));
    };
    again();
  };
  return {
    whenSettled,
    giveBack: () => {
      process.nextTick = former;
    },
  };
}

export function ownGlobals(world: World): OwnedGlobals {
  const realSetImmediate = globalThis.setImmediate;
  const ticks = ownTicks(realSetImmediate);
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
    whenSettled: ticks.whenSettled,
    giveBack: () => {
      ticks.giveBack();
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
