// How each member sees its group, asked of all of them side by side: what is left to say when there is
// no leader.
import { type ClusterId, type SystemError, toSystemError } from "@ashlar/core";
import type { GroupStatus, MemberAnswer } from "./admin.ts";
import { groupStatus } from "./convert/admin.ts";
import { type Abortable, GrpcClient } from "./grpc-client.ts";
import type { Network } from "./network.ts";
import { adminService, upkeepService } from "./services.ts";

/** A member tells what it knows without asking others: who is silent for longer is not there. */
const ANSWER_MAX_MS = 1_500;

interface MemberAddress {
  readonly address: string;
  readonly clusterId?: ClusterId | undefined;
  /** The machine's if absent. */
  readonly network?: Network | undefined;
}

/** @throws SystemError rpc/unavailable, rpc/deadline, cluster/wrong-cluster, the signal's reason. */
export async function askGroupStatus(
  member: MemberAddress,
  { signal }: Abortable,
): Promise<GroupStatus> {
  const client = new GrpcClient(member);
  try {
    const options = { signal, deadlineMs: ANSWER_MAX_MS };
    return groupStatus(await client.unary(adminService.GroupStatus, {}, options));
  } finally {
    client.close();
  }
}

/** @throws SystemError as {@link askGroupStatus}. */
export async function endMember(member: MemberAddress, { signal }: Abortable): Promise<void> {
  const client = new GrpcClient(member);
  try {
    await client.unary(upkeepService.EndMember, {}, { signal, deadlineMs: ANSWER_MAX_MS });
  } finally {
    client.close();
  }
}

/** Addresses of the members that have joined, as one of them tells. */
export const joinedAddresses = ({ members }: GroupStatus): readonly string[] =>
  members
    .filter(({ member, address }) => member !== 0 && address !== "")
    .map(({ address }) => address);

/** Asks those at `addresses`, and whom they name. */
export async function askMembers(
  { addresses, ...way }: Omit<MemberAddress, "address"> & { addresses: readonly string[] },
  { signal }: Abortable,
): Promise<readonly MemberAnswer[]> {
  const ask = async (address: string): Promise<MemberAnswer> => {
    try {
      return { address, status: await askGroupStatus({ address, ...way }, { signal }) };
    } catch (thrown) {
      signal.throwIfAborted();
      const error: SystemError = toSystemError(thrown);
      return { address, error };
    }
  };
  const first = await Promise.all(addresses.map(ask));
  const named = first.flatMap(({ status }) => (status ? joinedAddresses(status) : []));
  const unasked = [...new Set(named)].filter((address) => !addresses.includes(address));
  const answers = [...first, ...(await Promise.all(unasked.map(ask)))];
  // One that is known by two addresses answers twice.
  return answers.filter(
    ({ status }, place) =>
      !status || answers.findIndex((other) => other.status?.self === status.self) === place,
  );
}
