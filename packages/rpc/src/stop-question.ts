// A process asks the leader of the metadata group whether it may stop.
import { breaksNow, hazardText } from "@ashlar/catalog";
import type { ClusterId } from "@ashlar/core";
import { createAdminClient } from "./admin-client.ts";
import type { Ports } from "./member-calls.ts";
import type { SafetySubject } from "./safety.ts";

/** Who wants to stop does not wait long: those that stop everything give each process ten seconds in all. */
const ASK_MAX_MS = 2_000;

export interface StopQuestion {
  readonly subject: SafetySubject;
  readonly clusterId: ClusterId;
  /** host:port of metadata members. */
  readonly metadata: readonly string[];
}

/**
 * What would break at once, in words; nothing when it may stop, and counts as gone from now on.
 * @throws SystemError when nobody answers within two seconds, or the process is not known.
 */
export async function askMayStop(
  { subject, clusterId, metadata }: StopQuestion,
  ports: Ports,
): Promise<readonly string[]> {
  const options = { clusterId, addresses: metadata, patienceMs: ASK_MAX_MS };
  const admin = createAdminClient(options, ports);
  try {
    const signal = AbortSignal.timeout(ASK_MAX_MS);
    const { hazards } = await admin.upkeep.mayStop(subject, { signal });
    return hazards.filter((hazard) => breaksNow({ hazards: [hazard] })).map(hazardText);
  } finally {
    admin.close();
  }
}
