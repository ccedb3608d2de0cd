// What the lines that the reference implementation logged say about the state after a stanza. The lines
// themselves are not compared, but they are the only place where some scripts show a member's role, term,
// membership and log bounds.
import { formatMembership } from "../membership.ts";
import type { Raft, RaftStatus } from "../raft.ts";
import { isLogLine } from "./transcript.ts";

interface FactKind {
  readonly name: string;
  readonly pattern: RegExp;
  readonly actual: (status: RaftStatus) => string;
}

const FACTS: readonly FactKind[] = [
  {
    name: "role and term",
    pattern: /^(\d+) became ((?:follower|pre-candidate|candidate|leader) at term \d+)$/,
    actual: ({ role, term }) => `${role} at term ${term}`,
  },
  {
    name: "membership",
    pattern: /^(\d+) switched to configuration (.*)$/,
    actual: ({ membership }) => formatMembership(membership),
  },
  {
    name: "log bounds",
    pattern: /^newRaft (\d+) \[.* (term: \d+, commit: \d+, applied: \d+, lastindex: \d+)/,
    actual: ({ term, commit, applied, lastIndex }) =>
      `term: ${term}, commit: ${commit}, applied: ${applied}, lastindex: ${lastIndex}`,
  },
];

/** The last thing said of each kind about each member, as `1 role and term: leader at term 1`. */
export function factsSaid(transcript: readonly string[]): Map<string, string> {
  const said = new Map<string, string>();
  for (const line of transcript.filter(isLogLine)) {
    const text = line.trim().replace(/^\w+ /, "");
    for (const { name, pattern } of FACTS) {
      const found = pattern.exec(text);
      if (found) said.set(`${found[1]} ${name}`, found[2]!);
    }
  }
  return said;
}

/** The same facts as they are. */
export function factsOf(said: ReadonlyMap<string, string>, members: readonly Raft[]) {
  return new Map(
    [...said.keys()].map((key): [string, string] => {
      const [, id, name] = /^(\d+) (.*)$/.exec(key)!;
      const fact = FACTS.find((kind) => kind.name === name)!;
      return [key, fact.actual(members[Number(id) - 1]!.status)];
    }),
  );
}
