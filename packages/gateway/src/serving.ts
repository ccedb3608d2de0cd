// What a gateway serves and by what it serves it: targets, and the router of their operations. Both hear of
// the catalog's changes, the targets first: a task that is forbidden from a volume's new generation on is
// interrupted before the router could send anything of it under that generation (P11).
import type { GatewayRecord } from "@ashlar/catalog";
import type { CarrierDialer, CatalogClient } from "@ashlar/rpc";
import type { Clock, Log, Registry } from "@ashlar/runtime";
import { OperationRouter, openVolume } from "@ashlar/volume";
import type { SessionRegistry } from "./session-registry.ts";
import { TargetWatcher } from "./target-watcher.ts";

export interface ServingDependencies {
  readonly client: CatalogClient;
  readonly dialer: CarrierDialer;
  readonly registry: SessionRegistry;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Registry;
}

export interface ServingOptions {
  /** This gateway's portals. */
  readonly ownPortals: () => GatewayRecord["portals"];
  readonly incarnation: () => number;
  /** The catalog took this gateway for dead, under the incarnation that is named. */
  readonly onTakenForDead: (refused: number) => void;
}

export function serveVolumes(
  { client, dialer, registry, clock, log, metrics }: ServingDependencies,
  { ownPortals, incarnation, onTakenForDead }: ServingOptions,
): { readonly targets: TargetWatcher; readonly router: OperationRouter } {
  const targets = new TargetWatcher(
    {
      catalog: client,
      openDevice: ({ volume }) => openVolume({ client, router }, { volume }),
      registry,
      incarnation,
      clock,
      outliveFormer: () => router.outliveFormer(),
      log,
    },
    ownPortals,
  );
  const router = new OperationRouter(
    { client, dialer, clock, log, metrics },
    { incarnation, onTakenForDead },
  );
  return { targets, router };
}
