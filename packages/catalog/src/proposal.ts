// What stands in a log entry: a command, and in whose name it is proposed. Sessions make a proposal
// that is sent again take effect once (R10, Raft thesis 6.3); they are part of the replicated state, so
// every member, also one that leads later, knows what was answered.
import { bytes, optional, record, uint } from "@ashlar/core";
import type { Command } from "./command.ts";
import { decodeCommand, encodeCommand } from "./command-codecs.ts";
import { decoding, encoding } from "./format.ts";

/** Names a proposal within its proposer's session: sent again, it takes effect once. */
export interface ProposalId {
  readonly session: number;
  /** From 1 upwards. */
  readonly sequence: number;
  /** All below are answered: their results need not be kept. */
  readonly answeredBelow: number;
}

export interface Proposal {
  /** Absent for what does no harm when it is done twice, such as what members propose themselves. */
  readonly id: ProposalId | undefined;
  readonly command: Command;
}

const PROPOSAL_FORMAT_VERSION = 1;

const head = optional(record<ProposalId>({ session: uint, sequence: uint, answeredBelow: uint }));

/**
 * @param format of the command; absent: the newest.
 * @throws CodecError as encodeCommand.
 */
export const encodeProposal = ({ id, command }: Proposal, format?: number): Buffer =>
  encoding(PROPOSAL_FORMAT_VERSION, (to) => {
    head.write(to, id);
    bytes.write(to, encodeCommand(command, format));
  });

/** @throws CodecError for bytes that no version of ours wrote. */
export const decodeProposal = (data: Buffer): Proposal =>
  decoding(data, [PROPOSAL_FORMAT_VERSION], (from) => ({
    id: head.read(from),
    command: decodeCommand(from.bytes()),
  }));
