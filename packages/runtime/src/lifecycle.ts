// Starting in order, stopping in reverse, and one place where a process decides that it ends.
import { SHUT_DOWN_STATUS, toSystemError } from "@ashlar/core";
import type { Log } from "./log.ts";
import { type MayStop, StopRequests } from "./stop-requests.ts";

export interface Startable {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts parts in order; when one fails, stops those that ran, and rethrows. */
export class Lifecycle {
  private readonly running: { readonly name: string; readonly part: Startable }[] = [];
  private readonly log: Log;

  constructor({ log }: { readonly log: Log }) {
    this.log = log;
  }

  async start(parts: readonly (readonly [name: string, part: Startable])[]): Promise<void> {
    for (const [name, part] of parts) {
      try {
        await part.start();
      } catch (thrown) {
        await this.stop();
        throw thrown;
      }
      this.running.push({ name, part });
    }
  }

  /** Stops in reverse order; a part that fails is logged and does not keep the others running. */
  async stop(): Promise<void> {
    for (let last = this.running.pop(); last; last = this.running.pop()) {
      try {
        await last.part.stop();
      } catch (thrown) {
        this.log.error({ part: last.name, error: toSystemError(thrown) }, "part failed to stop");
      }
    }
  }
}

/** Time a process may take to stop in order before it ends anyway. */
const STOP_TIMEOUT_MS = 10_000;
/**
 * Time a start under way has to come to its end when a signal arrives. One that waits for others (a
 * metadata service that is not there) may never; ending it is as safe as any crash.
 */
const START_GRACE_MS = 1_000;

/** What a node may ask of its own process. */
export interface RunningProcess {
  /** It stops in order, and rests: the whole cluster shuts down. Asked again, nothing happens. */
  readonly shutDown: () => void;
}

export interface RunOptions {
  /** Asked at SIGTERM once the process has started; absent: nobody misses it. */
  readonly mayStop?: MayStop;
}

/**
 * Runs a process until SIGTERM or SIGINT, also while it starts: the body makes the node. SIGTERM is obeyed when
 * `mayStop` has nothing against it, or when it comes again. An error while starting ends with exit status 1; an
 * uncaught one, a programmer error, with 70.
 */
export async function runProcess(
  log: Log,
  body: (process: RunningProcess) => Promise<Startable>,
  { mayStop = async () => [] }: RunOptions = {},
): Promise<void> {
  const die = (thrown: unknown): void => {
    log.error({ error: thrown instanceof Error ? thrown : String(thrown) }, "process ends: bug");
    process.exit(70);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
  // While it starts or stops, a process may wait for nothing but a timer of the clock, and those
  // keep no process alive.
  setInterval(() => {}, 1 << 30);
  let [started, stopping, status] = [false, false, 0];
  const shutDown = (): void => {
    if (!stopping) log.info({}, "process stops with the cluster");
    status = stopping ? status : SHUT_DOWN_STATUS;
    requests.stop();
  };
  const starting = body({ shutDown }).then(async (node) => {
    await node.start();
    started = true;
    return node;
  });
  const requests = new StopRequests({
    log,
    nowMs: () => performance.now(),
    mayStop: async () => (started ? mayStop() : []),
    stop: () => {
      stopping = true;
      void stopInOrder(log, starting, status);
    },
  });
  process.on("SIGTERM", () => void requests.onSignal("SIGTERM"));
  process.on("SIGINT", () => void requests.onSignal("SIGINT"));
  try {
    await starting;
  } catch (thrown) {
    if (stopping) return;
    const error = toSystemError(thrown);
    log.error({ error, code: error.code, meta: error.meta }, "process cannot start");
    process.exit(1);
  }
}

/** Ends the process: with `status` when all stopped, or when nothing runs that could be stopped. */
async function stopInOrder(log: Log, starting: Promise<Startable>, status: number): Promise<never> {
  const grace = setTimeout(() => process.exit(status), START_GRACE_MS);
  const node = await starting.catch(() => undefined);
  clearTimeout(grace);
  setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
  try {
    await node?.stop();
  } catch (thrown) {
    log.error({ error: toSystemError(thrown) }, "process stopped with an error");
    process.exit(1);
  }
  process.exit(status);
}
