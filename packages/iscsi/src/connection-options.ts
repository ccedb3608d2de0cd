// What a connection is given by its driver: portal, clock, randomness and proofs, none of which it has itself.
import type { PathProof } from "@ashlar/core";

export interface ConnectionOptions {
  readonly tpgt: number;
  /** Unpredictable: challenges of CHAP are made of them. */
  readonly randomBytes: (length: number) => Buffer;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** What commands are given as their path: the driver's, since asking for a proof sends something. */
  readonly pathProof: PathProof;
}
