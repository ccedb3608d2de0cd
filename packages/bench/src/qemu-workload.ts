// Load by `qemu-img bench`, which reaches the target through libiscsi. It takes a number of
// operations, not a time: a short run finds the rate, the measured one lasts about as long as asked.
import { SystemError } from "@ashlar/core";
import { formatIscsiUrl, type IscsiUrl } from "@ashlar/initiator";
import type { Outcome } from "./outcome.ts";
import type { Workload } from "./profiles.ts";
import { runCommand } from "./run-command.ts";

/** Operations of the first, rate-finding run, per operation in flight. */
const PROBE_PER_DEPTH = 16;
const OPERATIONS_MAX = 10_000_000;
/** Byte of the data written: not zero, which a store might treat as nothing. */
const PATTERN = 0xa5;

/** How many operations take about `seconds`. */
export async function planQemuWorkload(
  url: IscsiUrl,
  workload: Workload,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<number> {
  const probe = PROBE_PER_DEPTH * workload.depth;
  const rate = probe / (await benchSeconds(url, workload, { operations: probe, signal }));
  return Math.min(OPERATIONS_MAX, Math.max(probe, Math.round(rate * seconds)));
}

export async function runQemuWorkload(
  url: IscsiUrl,
  workload: Workload,
  options: { readonly operations: number; readonly signal: AbortSignal },
): Promise<Outcome> {
  const seconds = await benchSeconds(url, workload, options);
  return { operations: options.operations, seconds, latency: null, errors: 0 };
}

async function benchSeconds(
  url: IscsiUrl,
  { operation, size, depth, step }: Workload,
  { operations, signal }: { readonly operations: number; readonly signal: AbortSignal },
): Promise<number> {
  const write = operation === "write" ? ["-w", `--pattern=${PATTERN}`] : [];
  const shape = ["-c", String(operations), "-d", String(depth), "-s", String(size)];
  const where = ["-S", String(step), formatIscsiUrl(url)];
  const args = ["bench", "-f", "raw", "-t", "none", ...write, ...shape, ...where];
  return secondsOf(await runCommand("qemu-img", args, { signal, env: proofOf(url) }));
}

/** How libiscsi is told what to prove by CHAP; QEMU asks no target to prove itself. */
function proofOf({ authentication }: IscsiUrl): Record<string, string> {
  if (!authentication) return {};
  const { name, secret } = authentication.initiator;
  return { LIBISCSI_CHAP_USERNAME: name, LIBISCSI_CHAP_PASSWORD: secret };
}

/** The time that `qemu-img bench` prints. */
export function secondsOf(output: string): number {
  const seconds = Number(/Run completed in ([\d.]+) seconds/.exec(output)?.[1]);
  if (!(seconds > 0)) {
    throw new SystemError("process/failed", `qemu-img bench said: ${output.trim()}`);
  }
  return seconds;
}
