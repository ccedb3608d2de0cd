// What this program is, told to the others of its cluster: so that a rolling upgrade knows who runs what.
import { CATALOG_VERSION } from "./convert/catalog.ts";

export interface Release {
  /** As `ashlar --version` says it; empty of a process that does not tell. */
  readonly build: string;
  /** Version of the messages that processes and metadata members exchange; 0 when it does not tell. */
  readonly protocol: number;
}

export const RELEASE: Release = { build: "0.1.0", protocol: CATALOG_VERSION };

/** A storage node or gateway as its pings tell. */
export interface ProcessRelease extends Release {
  readonly id: string;
  readonly kind: "node" | "gateway";
  readonly state: "up" | "down";
  readonly incarnation: number;
}
