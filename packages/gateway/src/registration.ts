// Keeps this gateway registered with the metadata service: at start, and again whenever the catalog
// declared this incarnation down - a pause of the process is enough for that. It tells the highest
// incarnation it has seen: a catalog that was restored from an older copy then gives none of them again.
import type { CatalogView } from "@ashlar/catalog";
import { toSystemError } from "@ashlar/core";
import type { CatalogClient } from "@ashlar/rpc";
import type { Log, Startable } from "@ashlar/runtime";
import { type GatewayConfig, portalRecord } from "./config.ts";

type RegistrationClient = Pick<
  CatalogClient,
  "view" | "ready" | "onChanges" | "onSuperseded" | "registerGateway"
>;

export interface RegistrationOptions {
  readonly config: Pick<GatewayConfig, "nodeId" | "portals">;
  /** Random per process start. */
  readonly bootId: string;
}

export class Registration implements Startable {
  private readonly client: RegistrationClient;
  private readonly log: Log;
  private readonly options: RegistrationOptions;
  private readonly stopping = new AbortController();
  private current = 0;
  private seen = 0;
  private under: Promise<void> | undefined;
  /** The newest that was declared down: perhaps before this gateway heard that it has it. */
  private superseded = 0;

  constructor(
    { client, log }: { readonly client: RegistrationClient; readonly log: Log },
    options: RegistrationOptions,
  ) {
    this.client = client;
    this.log = log;
    this.options = options;
  }

  /** As the catalog last gave it; 0 before the first. */
  get incarnation(): number {
    return this.current;
  }

  get registered(): boolean {
    return this.current > 0 && this.under === undefined;
  }

  async start(): Promise<void> {
    const { signal } = this.stopping;
    await this.client.ready({ signal });
    this.see(this.client.view);
    this.client.onChanges(() => this.see(this.client.view));
    this.client.onSuperseded((incarnation) => this.again(incarnation));
    await this.register();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.under;
  }

  private async register(): Promise<void> {
    const { config, bootId } = this.options;
    const portals = config.portals.map(portalRecord);
    const { incarnation } = await this.client.registerGateway(
      { gateway: config.nodeId, bootId, portals, incarnationSeen: this.seen },
      { signal: this.stopping.signal },
    );
    this.current = incarnation;
    this.seen = Math.max(this.seen, incarnation);
  }

  private see({ nodes, gateways }: CatalogView): void {
    for (const { incarnation } of [...nodes.values(), ...gateways.values()]) {
      this.seen = Math.max(this.seen, incarnation);
    }
  }

  /**
   * Registers under a new incarnation in place of `superseded`, unless it has one. Calls are retried by the
   * client until they are answered, so a failure here means refusal.
   */
  again(superseded: number): void {
    this.superseded = Math.max(this.superseded, superseded);
    if (this.under || this.current > this.superseded || this.stopping.signal.aborted) return;
    this.under = this.register()
      .catch((thrown: unknown) => {
        if (this.stopping.signal.aborted) return;
        this.log.error({ error: toSystemError(thrown) }, "cannot register again");
      })
      .finally(() => {
        this.under = undefined;
        if (this.current === this.superseded) this.again(this.current);
      });
  }
}
