// Makes the member of a mirror pair that is behind equal to the other one, beside the work of the store and slower than
// it: piece by piece from the beginning, each while nothing is written into it. What is equal already is not
// written, so a member that was away for a while costs reading. The order does not matter: until the end it is
// not read.
import { MIB } from "@ashlar/core";
import { type Clock, type DiskFile, sleep } from "@ashlar/runtime";
import type { MirrorFile } from "./mirror-file.ts";
import { LABEL_END, LABEL_START } from "./mirror-label.ts";

const PIECE_BYTES: number = MIB;
/** Leaves most of a disk to the hosts. */
const BYTES_PER_SECOND: number = 64 * MIB;
const MS_PER_S = 1_000;

interface Span {
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

/** Writes what differs in a span; not synced. Nothing of it lies beyond the target's end afterwards. */
export async function makeEqual(
  source: DiskFile,
  { target, targetBytes }: { readonly target: DiskFile; readonly targetBytes: number },
  { from, to }: Span,
): Promise<void> {
  const [wanted, found] = [Buffer.alloc(to - from), Buffer.alloc(to - from)];
  await source.read(from, wanted);
  // A sector that cannot be read may well be written.
  const isKnown = await target.read(from, found).then(
    () => to <= targetBytes,
    () => false,
  );
  if (!isKnown || !wanted.equals(found)) await target.write(from, [wanted]);
}

/** Of a device, which does not tell it, as if it had no end. */
export const roomOf = async (file: DiskFile): Promise<number> =>
  (await file.sizeBytes()) || Number.POSITIVE_INFINITY;

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
    const written = { target: to, targetBytes: await roomOf(to) };
    let copied = 0;
    for (const span of spansOf(end)) {
      const bytes = span.to - span.from;
      await mirror.apart(span.from, span.to, () => makeEqual(from, written, span));
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
