// The receiving side of what members say to each other, bound to gRPC, and the asking side of a member
// that has no place in the group yet.
import { type NodeId, nodeId, SystemError } from "@ashlar/core";
import type { MemberId } from "@ashlar/raft";
import { memberAddress, safeNumber } from "./convert/scalars.ts";
import type { CallOptions, GrpcClient } from "./grpc-client.ts";
import { type CallContext, clientStream, type GrpcServer, unary } from "./grpc-server.ts";
import {
  checkEnvelope,
  checkRaftVersion,
  decodeEnveloped,
  RAFT_VERSION,
  type RaftReceiver,
} from "./raft-envelope.ts";
import { SnapshotAssembly } from "./raft-snapshot.ts";
import type { RaftInbox } from "./raft-transport.ts";
import { raftService } from "./services.ts";

/** A member without a place in the group, asking for one. */
export interface JoinRequest {
  readonly node: NodeId;
  readonly member: MemberId;
  /** host:port where other members and clients reach it. */
  readonly address: string;
}

export interface JoinAnswer {
  /** The caller is a voter: it need not ask again. */
  readonly voter: boolean;
  /** Who answers, and leads: the one number that a new member knows. */
  readonly leader: MemberId;
}

export interface RaftService {
  readonly inbox: Pick<RaftInbox, "member" | "reads" | "receive">;
  /** Admits the caller, or tells how far that is. */
  readonly join: (
    request: JoinRequest,
    context: Pick<CallContext, "signal">,
  ) => Promise<Pick<JoinAnswer, "voter">>;
  /** Whether that number was a member once and is none any more; by default nobody was. */
  readonly isRemoved?: (member: MemberId) => boolean;
}

export function bindRaft(server: GrpcServer, { inbox, join, isRemoved }: RaftService): void {
  const receiver: RaftReceiver = {
    get member() {
      return inbox.member;
    },
    isRemoved: isRemoved ?? (() => false),
  };
  server.add(raftService, {
    Messages: clientStream(() => ({
      take: (batch) => {
        checkEnvelope(batch, receiver);
        const { from, commandFormat: command, stateFormat: state } = batch;
        if (command > 0 && state > 0) inbox.reads(safeNumber(from), { command, state });
        for (const encoded of batch.messages) inbox.receive(decodeEnveloped(encoded, batch));
      },
      finish: () => ({}),
    })),
    InstallSnapshot: clientStream(() => {
      const assembly = new SnapshotAssembly(receiver);
      return {
        take: (part) => assembly.take(part),
        finish: () => {
          inbox.receive(assembly.finish());
          return {};
        },
      };
    }),
    Join: unary(async ({ version, node, member, address }, context) => {
      checkRaftVersion(version);
      if (safeNumber(member) === 0) {
        throw new SystemError("argument/invalid", "a member joins with its number");
      }
      const request = { node: nodeId(node), member, address: memberAddress(address) };
      const { voter } = await join(request, context);
      return { voter, leader: inbox.member };
    }),
  });
}

/**
 * Asks a member, which should be the leader, for a place in the group. The answer comes at once: who
 * is not a voter yet asks again.
 * @throws SystemError as GrpcClient.unary, raft/not-leader with the leader's address in its meta.
 */
export async function joinGroup(
  client: GrpcClient,
  request: JoinRequest,
  options: CallOptions,
): Promise<JoinAnswer> {
  const asked = { version: RAFT_VERSION, ...request };
  const { voter, leader } = await client.unary(raftService.Join, asked, options);
  return { voter, leader: safeNumber(leader) };
}
