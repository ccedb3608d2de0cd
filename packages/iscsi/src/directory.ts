// What a connection must know of the world: which targets exist and where they are to be found. A
// look-up for a login is an effect, because a portal may have to ask before it says "not found".
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
  list(): readonly DiscoveredTarget[];
}
