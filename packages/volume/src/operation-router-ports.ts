// What the router of a gateway is made of, and what it tells.
import type { CarrierDialer, CatalogClient } from "@ashlar/rpc";
import type { Clock, Log, Registry } from "@ashlar/runtime";

export interface OperationRouterDependencies {
  readonly client: CatalogClient;
  readonly dialer: CarrierDialer;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Registry;
}

export interface OperationRouterOptions {
  /** This gateway's, as the catalog last gave it. */
  readonly incarnation: () => number;
  /** Called when a primary refuses an incarnation, perhaps very often, and later than the next one is in use. */
  readonly onTakenForDead?: (refused: number) => void;
}
