// The metadata group as commands show it, also when nobody leads and each member has its own story.
import type { GroupStatus, MemberAnswer, MemberStatus } from "@ashlar/rpc";
import { table } from "./output.ts";

/** What the members of a group without a leader tell, as one picture. */
export interface LeaderlessGroup {
  readonly clusterId: string;
  /** Empty: there is none. */
  readonly leader: "";
  /** The newest that any member has. */
  readonly term: number;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly metadata: readonly MemberStatus[];
}

const newest = (told: readonly GroupStatus[], of: (status: GroupStatus) => number): number =>
  Math.max(...told.map(of));

/** Undefined when nobody answers. */
export function leaderlessGroup(answers: readonly MemberAnswer[]): LeaderlessGroup | undefined {
  const told = answers.flatMap(({ status }) => (status ? [status] : []));
  const [first] = told;
  if (!first) return undefined;
  const lastIndex = newest(told, (status) => status.lastIndex);
  const known = new Map(told.flatMap(({ members }) => members).map((one) => [one.id, one]));
  const metadata = [...known.values()].map((member): MemberStatus => {
    const own = told.find(({ self }) => self === member.id);
    if (!own) return { ...member, state: "down", matchIndex: 0, lag: 0 };
    const lag = lastIndex - own.lastIndex;
    return { ...member, role: own.role, state: "up", matchIndex: own.lastIndex, lag };
  });
  return {
    clusterId: first.clusterId,
    leader: "",
    term: newest(told, ({ term }) => term),
    lastIndex,
    commitIndex: newest(told, ({ commitIndex }) => commitIndex),
    appliedIndex: newest(told, ({ appliedIndex }) => appliedIndex),
    metadata: metadata.sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** One line a member, below a heading. */
export function memberTable(members: readonly MemberStatus[]): string[] {
  const rows = members.map(({ id, role, state, matchIndex, lag, address, member }) => [
    id,
    role,
    state,
    matchIndex,
    lag,
    address,
    member === 0 ? "-" : member,
  ]);
  return table(["METADATA", "ROLE", "STATE", "MATCH", "LAG", "ADDRESS", "NUMBER"], rows);
}
