// One of several networks of an isolated lab, lost for some of its processes while a host is at work, for longer than
// silence takes to be noticed.
import { setTimeout } from "node:timers/promises";
import type { LabNetwork } from "@ashlar/lab";
import { STALL_MAX_MS } from "./drills.ts";
import { until } from "./tools.ts";
import type { VerifiedLoad } from "./verified-load.ts";

/** Several times what any silence takes to be noticed, and what gRPC takes to give a connection up. */
const HELD_MS = 8_000;
/** Operations that complete while a network is cut: more than were under way when it began. */
const SERVED = 20;

export interface LostNetwork {
  readonly network: LabNetwork;
  /** 0 is the first. */
  readonly which: 0 | 1;
  /** Who loses it: all ways to and from the others. */
  readonly victims: readonly string[];
  /** Everybody who is in it, but for hosts. */
  readonly everybody: readonly string[];
}

/** Until I/O has gone on without it, and `meanwhile` is done; then the network is as before. */
export async function whileLost(
  { network, which, victims, everybody }: LostNetwork,
  load: VerifiedLoad,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const lost = victims.flatMap((one) =>
    everybody
      .filter((other) => other !== one)
      .flatMap((other) => [[one, other] as const, [other, one] as const]),
  );
  await network.cutAll(lost, { network: which });
  try {
    await setTimeout(HELD_MS);
    const { operations } = load;
    const more = async (): Promise<number> => load.operations - operations;
    await until("I/O goes on", STALL_MAX_MS, more, (count) => count >= SERVED);
    await meanwhile();
  } finally {
    await network.healAll(lost, { network: which });
  }
}
