// The metadata members a cluster wants: the leader makes its Raft group equal to these records. A
// name is expected first, by a person or a configuration; its process joins by itself, again and
// again under new numbers if its folder is lost.
import { type CommandOf, done, type Result, refused } from "../command.ts";
import type { Step } from "../state.ts";
import { nameRefusal } from "./names.ts";

export function memberExpected(
  step: Step,
  { node, address }: CommandOf<"memberExpected">,
): Result<"memberExpected"> {
  const refusal = nameRefusal(step, node, "members");
  if (refusal) return refusal;
  const known = step.state.view.members.get(node);
  if (known?.address !== address) {
    step.put({ kind: "member", record: { node, address, member: known?.member ?? 0 } });
  }
  return done(null);
}

export function memberJoined(
  step: Step,
  { node, member, address }: CommandOf<"memberJoined">,
): Result<"memberJoined"> {
  const { members } = step.state.view;
  const known = members.get(node);
  if (!known) return unknown(node);
  if (member < 1) return refused("argument/invalid", `no member has number ${member}`);
  const holder = [...members.values()].find((one) => one.member === member && one.node !== node);
  if (holder) {
    return refused(
      "member/exists",
      `number ${member} belongs to ${holder.node}`,
      `the folder of ${node} is a copy: empty it`,
    );
  }
  if (known.member !== member || known.address !== address) {
    step.put({ kind: "member", record: { node, address, member } });
  }
  return done({ replaced: known.member === member ? 0 : known.member });
}

/** The last one that has joined stays: without it there is no group that could note its end. */
export function memberRemoved(
  step: Step,
  { node }: CommandOf<"memberRemoved">,
): Result<"memberRemoved"> {
  const { members } = step.state.view;
  const known = members.get(node);
  if (!known) return unknown(node);
  const joined = [...members.values()].filter(({ member }) => member > 0);
  if (known.member > 0 && joined.length === 1) {
    return refused(
      "member/needed",
      `${node} is the only metadata member`,
      "add another one and wait until it has joined",
    );
  }
  step.put({ kind: "memberRemoved", node });
  return done(null);
}

const unknown = (node: string) =>
  refused("member/unknown", `no metadata member ${node} is expected`, "add it to the cluster");
