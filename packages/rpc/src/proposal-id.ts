// The name of a proposal in call metadata: a request keeps its message, and is known when it is sent
// again.
import type { ProposalId } from "@ashlar/catalog";
import { SystemError } from "@ashlar/core";

/** Metadata key of {@link formatProposalId}'s text. */
export const PROPOSAL_KEY = "ashlar-proposal";

const THREE_NUMBERS = /^(\d{1,16})\.(\d{1,16})\.(\d{1,16})$/;

/** `session.sequence.answeredBelow`, decimal. */
export const formatProposalId = ({ session, sequence, answeredBelow }: ProposalId): string =>
  `${session}.${sequence}.${answeredBelow}`;

/** @throws SystemError argument/invalid */
export function parseProposalId(text: string): ProposalId {
  const [session = 0, sequence = 0, answeredBelow = 0] =
    THREE_NUMBERS.exec(text)?.slice(1).map(Number) ?? [];
  const named =
    [session, sequence, answeredBelow].every((part) => Number.isSafeInteger(part) && part >= 1) &&
    answeredBelow <= sequence;
  if (!named) throw new SystemError("argument/invalid", `"${text}" is not the name of a proposal`);
  return { session, sequence, answeredBelow };
}
