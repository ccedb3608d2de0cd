// Keeps this node registered with the metadata service: at start, and again whenever the catalog
// declared its incarnation down. From that moment on it leads nothing, until it has a new one. A catalog
// that went back is told anew what this node has seen; it keeps its incarnation, if that is known there.
import { toSystemError } from "@ashlar/core";
import type { CatalogClient, StorageRegistration, StorageReport } from "@ashlar/rpc";
import type { Log } from "@ashlar/runtime";

export interface RegistrationDeps {
  readonly client: Pick<CatalogClient, "registerStorage" | "onSuperseded">;
  readonly log: Log;
  readonly describe: () => StorageRegistration;
  readonly report: () => StorageReport;
  /** 0 while there is none. */
  readonly onIncarnation: (incarnation: number) => void;
}

export class Registration {
  private readonly deps: RegistrationDeps;
  private readonly stopping = new AbortController();
  private under: Promise<void> | undefined;
  private current = 0;
  /** Until it is registered again. */
  private steppedDown = false;
  /** What is told at present may have been put together before the catalog went back. */
  private isOutdated = false;
  /** The newest that was declared down: perhaps before this node heard that it has it. */
  private superseded = 0;

  constructor(deps: RegistrationDeps) {
    this.deps = deps;
  }

  /** As the catalog last gave it; 0 before the first. */
  get incarnation(): number {
    return this.current;
  }

  async start(): Promise<void> {
    this.deps.client.onSuperseded((incarnation) => this.onSuperseded(incarnation));
    await this.register();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.under;
  }

  private async register(): Promise<void> {
    const { client, describe, report, onIncarnation } = this.deps;
    const { signal } = this.stopping;
    const { incarnation } = await client.registerStorage(describe(), report, { signal });
    // An answer that was overtaken by the one to a later call says nothing any more.
    if (incarnation < this.current) return;
    this.current = incarnation;
    onIncarnation(incarnation);
  }

  /** The catalog is older than what this node has seen of it. */
  tellAnew(): void {
    if (this.current === 0 || this.stopping.signal.aborted) return;
    const { log } = this.deps;
    log.warn({ incarnation: this.current }, "the catalog went back: registers again");
    this.isOutdated = true;
    this.run();
  }

  private onSuperseded(incarnation: number): void {
    this.superseded = Math.max(this.superseded, incarnation);
    if (!this.steppedDown) this.again();
  }

  private again(): void {
    if (this.current > this.superseded || this.stopping.signal.aborted) return;
    const { log, onIncarnation } = this.deps;
    log.warn({ incarnation: this.current }, "superseded: registers again");
    this.steppedDown = true;
    onIncarnation(0);
    this.run();
  }

  /** Calls are retried by the client until they are answered, so a failure here means refusal. */
  private run(): void {
    if (this.under !== undefined) return;
    this.isOutdated = false;
    this.under = this.register()
      .catch((thrown: unknown) => {
        if (this.stopping.signal.aborted) return;
        this.deps.log.error({ error: toSystemError(thrown) }, "cannot register again");
      })
      .finally(() => {
        this.under = undefined;
        this.steppedDown = false;
        if (this.current === this.superseded) this.again();
        else if (this.isOutdated && !this.stopping.signal.aborted) this.run();
      });
  }
}
