// What a connection must know of the world: which targets exist and where they are to be found.
import type { ScsiTarget } from "@ashlar/scsi";

export type TargetLookup =
  | { readonly kind: "found"; readonly scsi: ScsiTarget }
  | { readonly kind: "unknown" }
  /** This portal cannot tell now: the initiator must retry, never conclude that the disk is gone. */
  | { readonly kind: "unavailable" };

export interface DiscoveredTarget {
  readonly name: string;
  /** `host:port,tpgt` of every portal that serves it. */
  readonly addresses: readonly string[];
}

export interface TargetDirectory {
  find(name: string): TargetLookup;
  list(): readonly DiscoveredTarget[];
}
