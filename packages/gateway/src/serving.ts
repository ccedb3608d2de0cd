// What a gateway serves and by what it serves it: targets, and the router of their operations. Both hear of
// the catalog's changes, the targets first: a task that is forbidden from a volume's new generation on is
// interrupted before the router could send anything of it under that generation (P11).
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
  /** `host:port,tpgt` of this gateway's portals. */
  readonly ownAddresses: () => readonly string[];
  readonly incarnation: () => number;
  /** The catalog took this gateway for dead, under the incarnation that is named. */
  readonly onTakenForDead: (refused: number) => void;
}

export function serveVolumes(
  { client, dialer, registry, clock, log, metrics }: ServingDependencies,
  { ownAddresses, incarnation, onTakenForDead }: ServingOptions,
): { readonly targets: TargetWatcher; readonly router: OperationRouter } {
  const targets = new TargetWatcher(
    {
      catalog: client,
      openDevice: ({ volume }) => openVolume({ client, router }, { volume }),
      registry,
      outliveFormer: () => router.outliveFormer(),
      log,
    },
    ownAddresses,
  );
  const router = new OperationRouter(
    { client, dialer, clock, log, metrics },
    { incarnation, onTakenForDead },
  );
  return { targets, router };
}
