// Keeps this node registered with the metadata service: at start, and again whenever the catalog
// declared its incarnation down. From that moment on it leads nothing, until it has a new one.
import { toSystemError } from "@ashlar/core";
import type { CatalogClient, StorageRegistration, StorageReport } from "@ashlar/rpc";
import type { Log } from "@ashlar/runtime";

export interface RegistrationDeps {
  readonly client: CatalogClient;
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

  constructor(deps: RegistrationDeps) {
    this.deps = deps;
  }

  /** As the catalog last gave it; 0 before the first. */
  get incarnation(): number {
    return this.current;
  }

  async start(): Promise<void> {
    this.deps.client.onSuperseded(() => this.again());
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
    this.current = incarnation;
    onIncarnation(incarnation);
  }

  /** Calls are retried by the client until they are answered, so a failure here means refusal. */
  private again(): void {
    if (this.under || this.stopping.signal.aborted) return;
    const { log, onIncarnation } = this.deps;
    log.warn({ incarnation: this.current }, "superseded: registers again");
    onIncarnation(0);
    this.under = this.register()
      .catch((thrown: unknown) => {
        if (this.stopping.signal.aborted) return;
        log.error({ error: toSystemError(thrown) }, "cannot register again");
      })
      .finally(() => {
        this.under = undefined;
      });
  }
}
