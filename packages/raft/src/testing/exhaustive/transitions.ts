// What a member does with an input depends on nothing but the two. So the real core runs once for every
// member state and input, and a search over millions of states of the group looks the outcome up. Member
// states, messages and outcomes are numbered as they are found.

import { copyGraph, freezeGraph, printGraph } from "@ashlar/core/testing";
import type { Message } from "../../messages.ts";
import { NONE } from "../../types.ts";
import type { Grant } from "./ledger.ts";
import { ExhaustiveMember, MEMBERS, type MemberInput, type MemberView } from "./member.ts";
import type { Scope } from "./scope.ts";

export interface Outcome {
  /** Number of the member's next state. */
  readonly next: number;
  /** Numbers of the messages that leave, each once, ascending. */
  readonly sent: readonly number[];
  /** The votes that became durable with this step. */
  readonly grants: readonly Grant[];
  /** The next state leads anew or knows of more that is committed. */
  readonly isNews: boolean;
  readonly logChanged: boolean;
  readonly facts: readonly Fact[];
}

/** Situations that a search is worth something only if it met them. */
export const FACTS = ["elected", "deposed", "committed", "overwritten", "recovered"] as const;
export type Fact = (typeof FACTS)[number];

/** Numbers of inputs; the messages come after the proposals. */
export const INPUT = { timeout: 0, crash: 1, write: 2, propose: 3 } as const;
const FIXED: readonly MemberInput[] = [{ kind: "timeout" }, { kind: "crash" }, { kind: "write" }];

export class Transitions {
  readonly messages: Message[] = [];
  readonly views: MemberView[] = [];
  /** Numbers of the three members' first states. */
  readonly start: readonly number[];
  private readonly scope: Scope;
  private readonly members: ExhaustiveMember[] = [];
  private readonly outcomes: (Outcome | undefined)[][] = [];
  private readonly memberNumbers = new Map<string, number>();
  private readonly messageNumbers = new Map<string, number>();

  constructor(scope: Scope) {
    this.scope = freezeGraph({ ...scope });
    this.start = MEMBERS.map((id) => this.numberMember(new ExhaustiveMember(id, this.scope)));
  }

  receive(message: number): number {
    return INPUT.propose + this.scope.proposals + message;
  }

  input(number: number): MemberInput {
    const fixed = FIXED[number];
    if (fixed !== undefined) return fixed;
    const proposal = number - INPUT.propose;
    if (proposal < this.scope.proposals) {
      return { kind: "propose", data: Uint8Array.of(proposal) };
    }
    return { kind: "receive", message: this.messages[proposal - this.scope.proposals]! };
  }

  /** Throws an AssertionError if the step itself breaks a rule of the core, or a promise (R5). */
  outcome(member: number, input: number): Outcome {
    const known = this.outcomes[member]![input];
    if (known !== undefined) return known;
    const outcome = this.run(member, this.input(input));
    this.outcomes[member]![input] = outcome;
    return outcome;
  }

  private run(number: number, input: MemberInput): Outcome {
    const member = copyGraph(this.members[number]!);
    const messages = member.take(input);
    const next = this.numberMember(member);
    const sent = [...new Set(messages.map((message) => this.numberMessage(message)))];
    const before = this.views[number]!;
    const after = this.views[next]!;
    const facts = factsOf(before, after, input);
    return {
      next,
      sent: sent.sort((a, b) => a - b),
      grants: grantsOf(before, after),
      logChanged: printGraph(before.log) !== printGraph(after.log),
      isNews: after.commit > before.commit || facts.includes("elected"),
      facts,
    };
  }

  private numberMember(member: ExhaustiveMember): number {
    const key = member.fingerprint;
    const known = this.memberNumbers.get(key);
    if (known !== undefined) return known;
    this.memberNumbers.set(key, this.members.length);
    this.views.push(freezeGraph(member.view));
    this.outcomes.push([]);
    return this.members.push(member) - 1;
  }

  private numberMessage(message: Message): number {
    const key = printGraph(message);
    const known = this.messageNumbers.get(key);
    if (known !== undefined) return known;
    this.messageNumbers.set(key, this.messages.length);
    return this.messages.push(freezeGraph(message)) - 1;
  }
}

/** A vote counts when it is durable, be it for someone else or for oneself (R5). */
function grantsOf({ durable: before }: MemberView, { id, durable: after }: MemberView): Grant[] {
  const { term, vote } = after.hardState;
  const same = term === before.hardState.term && vote === before.hardState.vote;
  return same || vote === NONE ? [] : [{ voter: id, term, candidate: vote }];
}

function factsOf(before: MemberView, after: MemberView, input: MemberInput): Fact[] {
  const leads = after.role === "leader";
  const overwritten = before.log.some(
    ({ term, index }) => (after.log[index - 1]?.term ?? term) !== term,
  );
  const facts: readonly (readonly [Fact, boolean])[] = [
    ["elected", leads && (before.role !== "leader" || before.term !== after.term)],
    ["deposed", before.role === "leader" && !leads && input.kind !== "crash"],
    ["committed", after.commit > before.commit],
    ["overwritten", overwritten],
    ["recovered", input.kind === "crash" && after.log.length > 0],
  ];
  return facts.filter(([, holds]) => holds).map(([fact]) => fact);
}
