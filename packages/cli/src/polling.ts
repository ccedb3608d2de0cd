// Work that goes on by itself in the cluster, followed from outside.
import { nodeClock, sleep } from "@ashlar/runtime";

/** Asks again and again, `everyMs` apart, until the answer is not undefined. @throws the signal's reason. */
export async function polled<T>(
  ask: () => Promise<T | undefined>,
  { signal, everyMs }: { readonly signal: AbortSignal; readonly everyMs: number },
): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(nodeClock, everyMs, { signal });
  }
}
