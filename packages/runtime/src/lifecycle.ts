// Starting in order, stopping in reverse, and one place where a process decides that it ends.
import { toSystemError } from "@ashlar/core";
import type { Log } from "./log.ts";

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
 * Runs a process until SIGTERM or SIGINT: the body starts everything and returns how to stop it. An
 * error while starting ends with exit status 1; an uncaught one, a programmer error, with 70.
 */
export async function runProcess(log: Log, body: () => Promise<Startable>): Promise<void> {
  const die = (thrown: unknown): void => {
    log.error({ error: thrown instanceof Error ? thrown : String(thrown) }, "process ends: bug");
    process.exit(70);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
  // From the first moment on: while it starts, a process may wait for nothing but a timer of the
  // clock, and those keep no process alive.
  const alive = setInterval(() => {}, 1 << 30);
  let node: Startable;
  try {
    node = await body();
    await node.start();
  } catch (thrown) {
    const error = toSystemError(thrown);
    log.error({ error, code: error.code, meta: error.meta }, "process cannot start");
    process.exit(1);
  }
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "process stops");
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    void node.stop().then(
      () => process.exit(0),
      (thrown) => {
        log.error({ error: toSystemError(thrown) }, "process stopped with an error");
        process.exit(1);
      },
    );
    clearInterval(alive);
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
}
