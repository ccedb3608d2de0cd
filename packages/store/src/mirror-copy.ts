// Makes the member of a mirror pair that is behind equal to the other one, beside the work of the store and slower than
// it: piece by piece from the beginning, each while nothing is written into it. The order does not matter: until the
// end it is not read. Everything is written, also what looks equal: after a failed sync it may be so in the page cache
// only, and what was never written has no place in a file yet.
import { MIB } from "@ashlar/core";
import { type Clock, type DiskFile, sleep } from "@ashlar/runtime";
import { LABEL_END, LABEL_START } from "./format.ts";
import type { MirrorFile } from "./mirror-file.ts";

const PIECE_BYTES: number = MIB;
/** Leaves most of a disk to the hosts. */
const BYTES_PER_SECOND: number = 64 * MIB;
const MS_PER_S = 1_000;

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Everything but the labels. */
export function* spansOf(end: number): Generator<Span> {
  yield { from: 0, to: LABEL_START };
  for (let from = LABEL_END; from < end; from += PIECE_BYTES) {
    yield { from, to: Math.min(end, from + PIECE_BYTES) };
  }
}

/** Not synced. */
export async function copySpan(
  source: DiskFile,
  target: DiskFile,
  { from, to }: Span,
): Promise<void> {
  const bytes = Buffer.alloc(to - from);
  await source.read(from, bytes);
  await target.write(from, [bytes]);
}

/**
 * Copies until the pair is whole, or one of them failed, which is logged and leaves the pair as it is.
 * @param deviceBytes where a device ends, which does not tell it itself.
 */
export async function copyMember(
  mirror: MirrorFile,
  { clock, deviceBytes, signal }: { clock: Clock; deviceBytes: number; signal: AbortSignal },
): Promise<void> {
  const pair = mirror.pairToCopy();
  if (!pair) return;
  const { source, target } = pair;
  const { file: from } = source;
  const { file: to } = target;
  try {
    const end = (await from.sizeBytes()) || deviceBytes;
    let copied = 0;
    for (const span of spansOf(end)) {
      const bytes = span.to - span.from;
      await mirror.apart(span.from, span.to, () => copySpan(from, to, span));
      copied += bytes;
      mirror.copied(copied, end);
      await sleep(clock, (bytes / BYTES_PER_SECOND) * MS_PER_S, { signal });
    }
    await to.datasync();
    await mirror.caughtUp(target);
  } catch (thrown) {
    if (!signal.aborted) mirror.giveUp(target, thrown);
  }
}
