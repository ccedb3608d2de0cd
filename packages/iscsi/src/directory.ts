// What a connection must know of the world: which targets exist, where they are to be found, and who
// may log in to them as whom. A look-up for a login is an effect, because a portal may have to ask
// before it says "not found". A discovery session is looked up too, since it authenticates by itself.
import type { ScsiTarget } from "@ashlar/scsi";

/** A name and what proves it. The secret never is part of a log, an error or an answer. */
export interface ChapAccount {
  readonly name: string;
  readonly secret: string;
}

/** What a login must prove by CHAP (RFC 7143, 12.1.3). */
export interface Authentication {
  readonly initiator: ChapAccount;
  /** What the target proves in turn when the initiator asks (mutual). */
  readonly target: ChapAccount | undefined;
}

/** Who logs in to what. */
export interface TargetQuery {
  readonly initiatorName: string;
  /** Twelve hexadecimal digits: tells apart the paths of one host. */
  readonly isid: string;
  /** Undefined: a discovery session. */
  readonly targetName: string | undefined;
}

/** `authentication` is undefined where a login need not prove anything. */
export type TargetLookup =
  | {
      readonly kind: "found";
      readonly scsi: ScsiTarget;
      readonly authentication: Authentication | undefined;
      /** As whom the initiator logs in once it has proven that: the nexus bears it. */
      readonly admittedAs?: string | undefined;
    }
  /** A discovery session, which has no target. */
  | { readonly kind: "discovery"; readonly authentication: Authentication | undefined }
  /** Another portal serves this login, at `host:port`; told once the login has proven itself. */
  | {
      readonly kind: "redirect";
      readonly address: string;
      readonly authentication: Authentication | undefined;
    }
  /** This initiator may not. */
  | { readonly kind: "forbidden" }
  | { readonly kind: "unknown" }
  /** This portal cannot tell now: the initiator must retry, never conclude that the disk is gone. */
  | { readonly kind: "unavailable" };

export interface DiscoveredTarget {
  readonly name: string;
  /** `host:port,tpgt` of every portal that serves it. */
  readonly addresses: readonly string[];
}

export interface TargetDirectory {
  /** The targets that this initiator may see. */
  list(initiatorName: string): readonly DiscoveredTarget[];
}
