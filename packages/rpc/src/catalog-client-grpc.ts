// The CatalogClient over gRPC.
import type { ClusterId } from "@ashlar/core";
import { SystemError } from "@ashlar/core";
import type { Clock, Log, Random, Startable } from "@ashlar/runtime";
import type { CatalogClient } from "./catalog-client.ts";

export interface CatalogClientOptions {
  readonly clusterId: ClusterId;
  /** host:port of the metadata members. */
  readonly metadata: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Start it before anything else is asked of it. */
export function createCatalogClient(_options: CatalogClientOptions): CatalogClient & Startable {
  throw new SystemError("internal", "comes with the next commit");
}
