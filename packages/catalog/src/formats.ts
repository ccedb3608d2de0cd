// Which formats this program reads and writes, as metadata members tell each other: none writes what another one
// cannot read.
import { COMMAND_FORMAT_VERSION } from "./command-codecs.ts";
import { STATE_FORMAT_VERSION } from "./encode.ts";

export interface Formats {
  /** The newest format of commands that is read. */
  readonly command: number;
  /** The one in which states are written, and so compared. */
  readonly state: number;
}

export const FORMATS: Formats = { command: COMMAND_FORMAT_VERSION, state: STATE_FORMAT_VERSION };

/** Of a member that has not told: those of the release before members told. Never raise them. */
export const FORMATS_UNTOLD: Formats = { command: 9, state: 7 };
