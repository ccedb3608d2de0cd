// What a process makes of signals. SIGTERM asks it to stop: it first asks whether anybody would notice, and goes on if
// so, saying why. A second SIGTERM soon after, or SIGINT, is an order. Who cannot ask anybody stops, as it may be the
// whole cluster that stops.
import { toSystemError } from "@ashlar/core";
import type { Log } from "./log.ts";

/** Tells what would break, one reason each; none: it may stop. Rejects when nobody can be asked. */
export type MayStop = () => Promise<readonly string[]>;

/** A second SIGTERM within this time of the first is meant: a person has read by then why the first was refused. */
export const STOP_INSISTED_MS = 30_000;

export interface StopRequestsDeps {
  readonly log: Log;
  readonly nowMs: () => number;
  readonly mayStop: MayStop;
  /** Called once. */
  readonly stop: () => void;
}

export class StopRequests {
  private readonly deps: StopRequestsDeps;
  private stopping = false;
  private askedMs = Number.NEGATIVE_INFINITY;

  constructor(deps: StopRequestsDeps) {
    this.deps = deps;
  }

  /** Resolves when it is decided. */
  async onSignal(signal: "SIGTERM" | "SIGINT"): Promise<void> {
    if (this.stopping) return;
    const { log, nowMs } = this.deps;
    const insists = nowMs() - this.askedMs < STOP_INSISTED_MS;
    if (signal === "SIGINT" || insists) {
      log.info({ signal, insists }, "process stops");
      this.stop();
      return;
    }
    this.askedMs = nowMs();
    if (await this.isAllowed()) {
      if (!this.stopping) log.info({ signal }, "process stops");
      this.stop();
    }
  }

  /** Without asking anybody. */
  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    this.deps.stop();
  }

  private async isAllowed(): Promise<boolean> {
    const { log, mayStop } = this.deps;
    try {
      const reasons = await mayStop();
      if (reasons.length === 0) return true;
      const hint = `send SIGTERM again within ${STOP_INSISTED_MS / 1000} s, or SIGINT, to stop it all the same`;
      if (!this.stopping) log.warn({ reasons, hint }, "process goes on: it would be missed");
      return false;
    } catch (thrown) {
      const { code, message } = toSystemError(thrown);
      log.warn({ code, error: message }, "nobody could be asked whether it may stop");
      return true;
    }
  }
}
