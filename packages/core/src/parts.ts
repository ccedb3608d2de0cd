// A command that is done in parts, side by side, and what becomes of it when some of them fail. "Reserved" says that
// nothing was done: of the whole it is true only if it is of every part (P11).
import { hasCode, SystemError } from "./errors.ts";

/**
 * Calls `each` for every part, `atATime` of them at a time. After a failure no further part begins, and it throws when
 * all that ran are settled: until then their payload is in use.
 * @throws what failed first; SystemError cluster/unavailable when that is volume/reserved and another part was done, or
 * may have been.
 */
export async function eachPart<P>(
  parts: Iterable<P>,
  { atATime }: { readonly atATime: number },
  each: (part: P, index: number) => Promise<void>,
): Promise<void> {
  const queue = parts[Symbol.iterator]();
  let index = 0;
  let failure: { readonly thrown: unknown } | undefined;
  let mayBeDone = false;
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !next.done && !failure; next = queue.next()) {
      try {
        await each(next.value, index++);
        mayBeDone = true;
      } catch (thrown) {
        failure ??= { thrown };
        mayBeDone ||= !hasCode(thrown, "volume/reserved");
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, lane));
  if (!failure) return;
  const { thrown } = failure;
  if (!mayBeDone || !hasCode(thrown, "volume/reserved")) throw thrown;
  throw new SystemError("cluster/unavailable", "reserved when a part was done", {}, thrown);
}
