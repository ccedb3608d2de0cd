// How far a disk is verified: message <-> domain.
import type { ScrubPass__Output } from "../gen/ashlar/v1/ScrubPass.ts";
import { safeNumber } from "./scalars.ts";

/** One way through all copies on a disk, reading back and verifying them. */
export interface ScrubPass {
  /** ISO 8601. */
  readonly startedAt: string;
  /** Empty while it is under way. */
  readonly finishedAt: string;
  readonly chunksDone: number;
  readonly chunksTotal: number;
  /** Checksum units on this disk that could not be read back right. */
  readonly damaged: number;
  /** How many of them are in order again, from another copy. */
  readonly repaired: number;
  /** Copies elsewhere that differ from those on this disk, of chunks that its node leads. */
  readonly different: number;
}

export const scrubPass = (message: ScrubPass__Output): ScrubPass => ({
  startedAt: message.startedAt,
  finishedAt: message.finishedAt,
  chunksDone: safeNumber(message.chunksDone),
  chunksTotal: safeNumber(message.chunksTotal),
  damaged: safeNumber(message.damaged),
  repaired: safeNumber(message.repaired),
  different: safeNumber(message.different),
});
