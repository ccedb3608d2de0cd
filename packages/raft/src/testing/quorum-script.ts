// The commands of the quorum scripts: `vote` and `committed`, of a majority or of two.
import { jointCommitted, jointVote, majorityCommitted, majorityVote } from "../quorum.ts";
import type { MemberId } from "../types.ts";
import { type Command, optionOf, type Stanza } from "./script.ts";

const RESULT = { won: "VoteWon", lost: "VoteLost", pending: "VotePending" } as const;

interface Input {
  readonly incoming: ReadonlySet<MemberId>;
  readonly outgoing: ReadonlySet<MemberId>;
  /** Undefined for a plain majority. */
  readonly isJoint: boolean;
  /** All voters in the order of the script, to which its values belong. */
  readonly order: readonly MemberId[];
}

function inputOf(command: Command): Input {
  const ids = (key: string): MemberId[] =>
    (optionOf(command, key) ?? []).filter((word) => word !== "zero").map(Number);
  const [incoming, outgoing] = [ids("cfg"), ids("cfgj")];
  return {
    incoming: new Set(incoming),
    outgoing: new Set(outgoing),
    isJoint: optionOf(command, "cfgj") !== undefined,
    order: [...new Set([...incoming, ...outgoing])],
  };
}

function valuesOf<T>(command: Command, key: string, read: (word: string) => T): Map<MemberId, T> {
  const { order } = inputOf(command);
  const words = optionOf(command, key) ?? [];
  return new Map(
    order.flatMap((id, at): [MemberId, T][] => {
      const word = words[at];
      return word === undefined || word === "_" ? [] : [[id, read(word)]];
    }),
  );
}

function vote(command: Command): string {
  const input = inputOf(command);
  const votes = valuesOf(command, "votes", (word) => word === "y");
  return RESULT[input.isJoint ? jointVote(input, votes) : majorityVote(input.incoming, votes)];
}

function committed(command: Command): string {
  const input = inputOf(command);
  const indexes = valuesOf(command, "idx", Number);
  const of = (id: MemberId): number | undefined => indexes.get(id);
  return String(input.isJoint ? jointCommitted(input, of) : majorityCommitted(input.incoming, of));
}

const COMMANDS: Readonly<Record<string, (command: Command) => string>> = { vote, committed };

/** The expected decision: the last line; the picture above it shows the input again. */
export function expectedDecision({ expected }: Stanza): string {
  const last = expected.at(-1) ?? "";
  return last.endsWith("∞") ? "Infinity" : last;
}

export function runQuorumStanza({ commands, line }: Stanza): string {
  const [command] = commands;
  const run = command && COMMANDS[command.name];
  if (!command || !run) throw new Error(`line ${line}: unknown command`);
  return run(command);
}
