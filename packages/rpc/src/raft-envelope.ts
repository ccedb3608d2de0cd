// What stands around every message between members: who sends it, whom it is meant for, and how both
// are checked. Nothing of a message from elsewhere, or for someone else, reaches the consensus core.
import { CodecError, type ErrorCode, SystemError } from "@ashlar/core";
import { decodeMessage, type MemberId, type Message } from "@ashlar/raft";
import { safeNumber } from "./convert/scalars.ts";

/** Version of batches, parts and requests of the Raft service. */
export const RAFT_VERSION = 1;

export interface RaftEnvelope {
  readonly version: number;
  readonly to: number;
  readonly from: number;
}

export interface RaftReceiver {
  /** This member's number. */
  readonly member: MemberId;
  /** Whether that number was a member once and is none any more. */
  readonly isRemoved: (member: MemberId) => boolean;
}

/** @throws SystemError rpc/version. */
export function checkRaftVersion(version: number): void {
  if (version === RAFT_VERSION) return;
  throw new SystemError("rpc/version", `a message between members has version ${version}`, {
    hint: "upgrade the older of the two members, nothing is lost meanwhile",
    known: RAFT_VERSION,
  });
}

/** @throws SystemError rpc/version, member/unknown, member/removed. */
export function checkEnvelope(
  { version, to, from }: RaftEnvelope,
  { member, isRemoved }: RaftReceiver,
): void {
  checkRaftVersion(version);
  if (safeNumber(to) !== member) {
    throw new SystemError("member/unknown", `member ${to} is not here, this is ${member}`, {
      hint: "this folder was wiped or belongs to another member",
      member,
    });
  }
  if (isRemoved(safeNumber(from))) {
    throw new SystemError("member/removed", `member ${from} was removed from the group`);
  }
}

/** A message that arrived in `envelope`. @throws SystemError rpc/bad-frame. */
export function decodeEnveloped(encoded: Buffer, { from, to }: RaftEnvelope): Message {
  let message: Message;
  try {
    message = decodeMessage(encoded);
  } catch (thrown) {
    if (!(thrown instanceof CodecError)) throw thrown;
    throw new SystemError("rpc/bad-frame", `no raft message: ${thrown.message}`, {}, thrown);
  }
  if (message.from === from && message.to === to) return message;
  const { from: sender, to: receiver, kind } = message;
  throw new SystemError(
    "rpc/bad-frame",
    `${kind} from ${sender} to ${receiver} came with what ${from} sends to ${to}`,
  );
}

const REFUSALS = ["member/unknown", "member/removed"] as const satisfies readonly ErrorCode[];
type Refusal = SystemError & { readonly code: (typeof REFUSALS)[number] };

/** Whether the receiver says that one of the two is no member: it will say so again. */
export const isRefusal = (error: SystemError): error is Refusal =>
  REFUSALS.some((code) => code === error.code);
