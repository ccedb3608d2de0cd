// The order of a rolling upgrade: metadata members before all others, since whoever is newer may ask them for what is
// new; of them the leader last, so that it moves once; then storage nodes, then gateways. Pure.

import type { NodeId } from "@ashlar/core";
import type { MemberAnswer, MemberStatus, ProcessRelease, SafetySubject } from "@ashlar/rpc";

/** A process as it was seen last. */
export interface UpgradeProcess {
  readonly kind: "member" | "node" | "gateway";
  readonly id: NodeId;
  readonly up: boolean;
  /** Of its process: another one after each start. Empty while it is not known. */
  readonly life: string;
  /** Empty and 0 while they are not known. */
  readonly build: string;
  readonly protocol: number;
  readonly leads: boolean;
}

const ORDER: Readonly<Record<UpgradeProcess["kind"], number>> = { member: 0, node: 1, gateway: 2 };

const rank = ({ kind, leads }: UpgradeProcess): number => 2 * ORDER[kind] + (leads ? 1 : 0);

/** Every process of a cluster, in the order in which they are restarted. */
export function upgradeOrder({
  members,
  answers,
  processes,
}: {
  readonly members: readonly MemberStatus[];
  /** Of the members that answer. */
  readonly answers: readonly MemberAnswer[];
  readonly processes: readonly ProcessRelease[];
}): readonly UpgradeProcess[] {
  const group = members.map(({ id, role, state }): UpgradeProcess => {
    const told = answers.find(({ status }) => status?.self === id)?.status;
    const { build = "", protocol = 0 } = told?.release ?? {};
    const up = state === "up" && told !== undefined;
    return {
      kind: "member",
      id,
      up,
      life: told?.bootId ?? "",
      build,
      protocol,
      leads: role === "leader",
    };
  });
  const others = processes.map(
    ({ kind, id, state, incarnation, build, protocol }): UpgradeProcess => ({
      kind,
      id: id as NodeId,
      up: state === "up",
      life: String(incarnation),
      build,
      protocol,
      leads: false,
    }),
  );
  return [...group, ...others].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}

export const subjectOf = ({ kind, id }: UpgradeProcess): SafetySubject => ({ kind, id });

/** Why a process that was to be restarted is not back yet; undefined when it is. */
export function missingOf(
  before: UpgradeProcess,
  now: UpgradeProcess | undefined,
  build: string,
): string | undefined {
  if (!now?.up) return `${before.id} is down`;
  if (now.life === before.life || now.life === "") return `${before.id} is not restarted yet`;
  // What it tells comes with its first pings.
  if (now.build === "") return `${before.id} has not told its version yet`;
  return now.build === build ? undefined : `${before.id} runs ${now.build}, not ${build}`;
}
