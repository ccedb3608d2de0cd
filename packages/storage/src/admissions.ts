// Learners that are ready are admitted in batches: many chunks become ready at the same time, and
// one proposal serves thousands of them. No answer is no outcome: the replica asks again.
import { SystemError, toSystemError } from "@ashlar/core";
import type { CatalogClient } from "@ashlar/rpc";
import type { Clock, Log, Timer } from "@ashlar/runtime";
import type { AdmissionRequest } from "./replica-driver.ts";

/** Gathers what becomes ready within this time: a proposal costs an fsync over there. */
const GATHER_MS = 5;
/** Items of one proposal. */
const BATCH_MAX = 4096;
/** Catalog calls are tried on all members until then. */
const TIMEOUT_MS = 5_000;

export interface AdmissionsDeps {
  readonly client: Pick<CatalogClient, "addToIsr">;
  readonly clock: Clock;
  readonly log: Log;
}

export class Admissions {
  private readonly deps: AdmissionsDeps;
  private readonly onUnanswered: (request: AdmissionRequest) => void;
  private pending: AdmissionRequest[] = [];
  private timer: Timer | undefined;
  private readonly stopping = new AbortController();

  constructor(deps: AdmissionsDeps, onUnanswered: (request: AdmissionRequest) => void) {
    this.deps = deps;
    this.onUnanswered = onUnanswered;
  }

  add(request: AdmissionRequest): void {
    this.pending.push(request);
    this.timer ??= this.deps.clock.after(GATHER_MS, () => this.propose());
  }

  stop(): void {
    this.timer?.cancel();
    this.stopping.abort(new SystemError("operation/aborted", "the node stops"));
  }

  private propose(): void {
    const { client, clock, log } = this.deps;
    const batch = this.pending.splice(0, BATCH_MAX);
    this.timer = this.pending.length > 0 ? clock.after(GATHER_MS, () => this.propose()) : undefined;
    const limit = new AbortController();
    const timeout = clock.after(TIMEOUT_MS, () =>
      limit.abort(new SystemError("rpc/deadline", "no answer from the metadata service")),
    );
    const signal = AbortSignal.any([limit.signal, this.stopping.signal]);
    client
      .addToIsr(batch, { signal })
      .catch((thrown) => {
        const error = toSystemError(thrown);
        log.debug({ chunks: batch.length, code: error.code }, "admission not confirmed");
      })
      .finally(() => {
        timeout.cancel();
        // Whoever was admitted hears it from the mirror; for the others this is a reminder.
        if (!this.stopping.signal.aborted) for (const request of batch) this.onUnanswered(request);
      });
  }
}
