// How the two members of a mirror stand: message <-> domain.
import type { MirrorStatus__Output } from "../gen/ashlar/v1/MirrorStatus.ts";
import { oneOf, safeNumber } from "./scalars.ts";

const STATES = ["both", "alone", "copying"] as const;

export interface MirrorStatus {
  /** `copying`: one of them is made equal to the other; `alone`: there is only one that can be read. */
  readonly state: (typeof STATES)[number];
  /** Of the copying, if there is or was one since the node started. */
  readonly copiedBytes: number;
  readonly totalBytes: number;
}

export const mirrorStatus = (message: MirrorStatus__Output): MirrorStatus => ({
  state: oneOf(STATES, message.state),
  copiedBytes: safeNumber(message.copiedBytes),
  totalBytes: safeNumber(message.totalBytes),
});
