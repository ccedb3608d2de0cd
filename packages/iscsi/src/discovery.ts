// SendTargets (RFC 7143, 13.3 and appendix C): each target's name followed by its addresses.
import type { TargetDirectory } from "./directory.ts";
import { KEY, type TextPair } from "./text.ts";

const ALL = "All";

/** Who asks. */
export interface Asker {
  readonly initiatorName: string;
  /** The target of a normal session, which may ask only about that; undefined in a discovery session. */
  readonly ownTarget: string | undefined;
}

/** Whether a value of SendTargets asks about the target of the session itself. */
export const isAbout = (value: string, ownTarget: string): boolean =>
  value === ALL || value === "" || value.toLowerCase() === ownTarget;

/** Answers SendTargets. */
export function sendTargets(
  value: string,
  directory: TargetDirectory,
  { initiatorName, ownTarget }: Asker,
): TextPair[] {
  const wanted = ownTarget ?? (value === ALL ? undefined : value.toLowerCase());
  const pairs: TextPair[] = [];
  for (const { name, addresses } of directory.list(initiatorName)) {
    if (wanted !== undefined && name !== wanted) continue;
    pairs.push([KEY.targetName, name]);
    for (const address of addresses) pairs.push([KEY.targetAddress, address]);
  }
  return pairs;
}
