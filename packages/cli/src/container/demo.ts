// The volume that a new site has: made as soon as all that is started with it serves, so that its
// copies are spread over all nodes.
import { hasCode, type NodeId, SystemError, type VolumeName, volumeId } from "@ashlar/core";
import type { AdminClient, ClusterStatus, VolumeStatus } from "@ashlar/rpc";
import { type Clock, type Random, sleep } from "@ashlar/runtime";

const POLL_MS = 500;
/** A site that starts on a busy machine and a slow disk takes a minute. */
const READY_TIMEOUT_MS = 180_000;

export interface Site {
  readonly storage: number;
  readonly gateways: number;
}

interface Waiting {
  readonly clock: Clock;
  readonly random: Random;
  readonly admin: Pick<AdminClient, "clusterStatus" | "getVolume" | "createVolume">;
  readonly onProgress: (line: string) => void;
}

const upOf = (processes: readonly { readonly id: NodeId; readonly state: string }[]): number =>
  processes.filter(({ state }) => state === "up").length;

/** What is waited for, for people; undefined when nothing is. */
export function missingLine(
  site: Site,
  { metadata, storage, gateways }: Pick<ClusterStatus, "metadata" | "storage" | "gateways">,
): string | undefined {
  const parts: readonly (readonly [what: string, up: number, wanted: number])[] = [
    ["metadata members", upOf(metadata), metadata.length],
    ["storage nodes", upOf(storage), site.storage],
    ["gateways", upOf(gateways), site.gateways],
  ];
  if (parts.every(([, up, wanted]) => up >= wanted)) return undefined;
  return `waiting: ${parts.map(([what, up, wanted]) => `${up} of ${wanted} ${what}`).join(", ")}`;
}

/** The volume, made when it is not there; a volume that is there is not asked what site it is in. */
export async function ensureVolume(
  { clock, random, admin, onProgress }: Waiting,
  { name, sizeBytes, site }: { name: VolumeName; sizeBytes: number; site: Site },
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly volume: VolumeStatus; readonly isNew: boolean }> {
  // Chosen once: asking again goes on where an earlier attempt stood.
  const wanted = { volume: volumeId(random.uuid()), name, sizeBytes, access: "any" as const };
  const deadlineMs = clock.nowMs() + READY_TIMEOUT_MS;
  for (;;) {
    let line: string | undefined;
    try {
      const found = await findVolume(admin, name, signal);
      if (found) return { volume: found, isNew: false };
      line = missingLine(site, await admin.clusterStatus({ signal }));
      if (line === undefined) {
        return { volume: await admin.createVolume(wanted, { signal }), isNew: true };
      }
    } catch (thrown) {
      line = waitingFor(thrown);
    }
    onProgress(line);
    if (clock.nowMs() > deadlineMs) {
      throw new SystemError("cluster/unavailable", `not ready in time; ${line}`, {
        hint: "see what the containers say: `docker compose ps` and `docker compose logs`",
      });
    }
    await sleep(clock, POLL_MS, { signal });
  }
}

async function findVolume(
  admin: Waiting["admin"],
  name: VolumeName,
  signal: AbortSignal,
): Promise<VolumeStatus | undefined> {
  try {
    return await admin.getVolume(name, { signal });
  } catch (thrown) {
    if (hasCode(thrown, "volume/not-found")) return undefined;
    throw thrown;
  }
}

function waitingFor(thrown: unknown): string {
  const starting = ["cluster/unavailable", "rpc/unavailable", "rpc/deadline"] as const;
  if (starting.some((code) => hasCode(thrown, code))) return "waiting: for the metadata members";
  throw thrown;
}
