// Whether a drill may begin: it takes something away, and what is left must be enough for everybody who uses the
// cluster. Whoever forces it has been told why not.
import { SystemError } from "@ashlar/core";
import type { VolumeStatus } from "@ashlar/rpc";
import type { FaultDrill } from "./fault.ts";
import { type ClusterState, missingFrom } from "./redundancy.ts";

type Danger = (found: {
  readonly state: ClusterState;
  readonly volumes: readonly VolumeStatus[];
}) => string | undefined;

/** What has to be left when one of a kind is away. */
const OF_KIND: Readonly<Record<FaultDrill["touches"][number], Danger>> = {
  storage: ({ state, volumes }) => {
    const up = state.status.storage.filter((node) => node.state === "up").length;
    const alone = volumes.filter(({ replicas }) => replicas < 2).map(({ name }) => name);
    if (up < 2) return `${up} storage node is up: no other one has its data`;
    return alone.length > 0 ? `of ${alone.join(", ")} there is one copy only` : undefined;
  },
  gateway: ({ state }) => {
    const up = state.status.gateways.filter((gateway) => gateway.state === "up").length;
    return up < 2 ? `${up} gateway is up: hosts have no other path` : undefined;
  },
  metadata: ({ state }) => {
    const voters = state.status.metadata.filter(
      ({ role }) => role === "leader" || role === "follower",
    ).length;
    return voters < 3 ? `the metadata group has ${voters} voters: it survives no loss` : undefined;
  },
};

/** Why the drill would hurt somebody, one line each; empty when it would not. Pure. */
export function dangersOf(
  drill: Pick<FaultDrill, "touches">,
  found: { readonly state: ClusterState; readonly volumes: readonly VolumeStatus[] },
): string[] {
  const ofKinds = drill.touches.flatMap((kind) => OF_KIND[kind](found) ?? []);
  return [...missingFrom(found.state), ...ofKinds];
}

/** @throws SystemError drill/unsafe unless forced. */
export function requireSafe(
  drill: Pick<FaultDrill, "name" | "touches">,
  found: { readonly state: ClusterState; readonly volumes: readonly VolumeStatus[] },
  { force }: { readonly force: boolean },
): void {
  const dangers = dangersOf(drill, found);
  if (dangers.length === 0 || force) return;
  throw new SystemError("drill/unsafe", `${drill.name} is not safe now: ${dangers.join("; ")}`, {
    hint: "mend that first, or give --force and bear what comes of it",
  });
}
