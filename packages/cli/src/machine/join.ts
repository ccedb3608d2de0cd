// What a machine asks of the cluster that it joins, before it starts: whether its name is free, who the metadata members
// are, and which portal group tag its gateway gets. A member of the metadata group is announced, and joins by itself.
import { isDeepStrictEqual } from "node:util";
import { nodeId, SystemError } from "@ashlar/core";
import type { AdminClient, ClusterStatus, GatewayStatus } from "@ashlar/rpc";
import { addressOf, type Machine, type Member, processId, rolesOf } from "./machine.ts";

type Planned = Omit<Machine, "members" | "portal"> & {
  readonly portal?: { readonly address: string };
};

interface Known {
  readonly status: ClusterStatus;
  readonly gateways: readonly GatewayStatus[];
}

/** The lowest tag that no other gateway has (RFC 7143 3.4.1: a portal group's tag is unique within its target node). */
export function freeTag(gateways: readonly GatewayStatus[], own: string): number {
  const used = new Set(
    gateways
      .filter(({ id }) => id !== own)
      .flatMap(({ portals }) => portals.map(({ tpgt }) => tpgt)),
  );
  let tag = 1;
  while (used.has(tag)) tag += 1;
  return tag;
}

/** Processes of the cluster that have an id of this machine and run: elsewhere, since it does not run yet. */
export function takenIds(
  machine: Pick<Machine, "name">,
  { status }: Pick<Known, "status">,
): string[] {
  const ids = (["metadata", "storage", "gateway"] as const).map((role) =>
    processId(role, machine.name),
  );
  return [...status.metadata, ...status.storage, ...status.gateways]
    .filter(({ id, state }) => ids.includes(id) && state === "up")
    .map(({ id }) => id);
}

/** The machine with what the cluster says of it. @throws SystemError node/busy when its name is taken. */
export function planJoin(planned: Planned, known: Known): Machine {
  const [taken] = takenIds(planned, known);
  if (taken !== undefined) {
    throw new SystemError("node/busy", `${taken} runs on another machine of the cluster`, {
      hint: "give another --name, or stop that one first: this machine then takes its place",
    });
  }
  const members: Member[] = known.status.metadata.map(({ id, address }) => ({
    nodeId: id,
    address,
  }));
  const own = {
    nodeId: processId("metadata", planned.name),
    address: addressOf(planned, "metadata"),
  };
  const others = members.filter(({ nodeId: id }) => id !== own.nodeId);
  const { portal, ...rest } = planned;
  const tpgt = freeTag(known.gateways, processId("gateway", planned.name));
  return {
    ...rest,
    members: planned.hasMember ? [...others, own] : members,
    ...(portal && { portal: { ...portal, tpgt } }),
  };
}

/** Asks the cluster, and tells it of a metadata member that will come. */
export async function joinCluster(
  planned: Planned,
  admin: AdminClient,
  call: { readonly signal: AbortSignal },
): Promise<Machine> {
  const status = await admin.clusterStatus(call);
  const machine = planJoin(planned, { status, gateways: await admin.listGateways(call) });
  if (rolesOf(machine).length === 0) {
    throw new SystemError("argument/invalid", "the machine would run nothing", {
      hint: "give at least one --disk, or leave --no-gateway out, or give --metadata",
    });
  }
  if (planned.hasMember) {
    const id = nodeId(processId("metadata", planned.name));
    await admin.addMember({ id, address: addressOf(planned, "metadata") }, call);
  }
  return machine;
}

/** Of a cluster that is up; of one that comes up just now nobody can say more than is known. */
const ASK_PATIENCE_MS = 2_000;

/**
 * The machine with the metadata members as they are now: those that joined after it are not in its files, and its
 * processes must find the cluster by them when the older ones are away.
 */
export async function withMembersOfNow(machine: Machine): Promise<Machine> {
  const { createAdminClient } = await import("@ashlar/rpc");
  const addresses = machine.members.map(({ address }) => address);
  const admin = createAdminClient({
    clusterId: machine.clusterId,
    addresses,
    patienceMs: ASK_PATIENCE_MS,
  });
  try {
    const { metadata } = await admin.clusterStatus({
      signal: AbortSignal.timeout(ASK_PATIENCE_MS),
    });
    const members = metadata.map(({ id, address }) => ({ nodeId: id, address }));
    return isDeepStrictEqual(members, machine.members) ? machine : { ...machine, members };
  } catch {
    return machine;
  } finally {
    admin.close();
  }
}
