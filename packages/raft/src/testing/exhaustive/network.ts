// The messages of a group. One that was sent stays: delivered late, twice, never, in whatever order, it is
// the same set, so that loss, duplication and reordering need no events of their own. Two things keep the
// sets few, and neither takes a behaviour away:
//
// A message whose delivery leaves its receiver as it is, and only draws answers, has its answers at once:
// whatever can happen without them can happen with them, since nobody has to receive them.
// A message that can have no effect any more is forgotten.
import type { MemberView } from "./member.ts";
import type { Transitions } from "./transitions.ts";

export class Networks {
  private readonly transitions: Transitions;
  private readonly keepsDead: boolean;
  private readonly sets: (readonly number[])[] = [];
  private readonly numbers = new Map<string, number>();

  constructor(transitions: Transitions, keepsDead: boolean) {
    this.transitions = transitions;
    this.keepsDead = keepsDead;
  }

  get empty(): number {
    return this.number([]);
  }

  /** Numbers of messages, ascending. */
  messages(network: number): readonly number[] {
    return this.sets[network]!;
  }

  holds(network: number, messages: readonly number[]): boolean {
    return messages.every((message) => this.messages(network).includes(message));
  }

  /** The network after `sent` left and one of `members`, at `moved`, came into another state. */
  after(
    network: number,
    sent: readonly number[],
    members: readonly number[],
    moved: number,
  ): number {
    const before = this.messages(network);
    const messages = [...before];
    for (const message of sent) if (!before.includes(message)) messages.push(message);
    // Grows while it is gone through: answers may draw answers.
    for (let at = 0; at < messages.length; at += 1) {
      if (at >= before.length || this.receiver(messages[at]!) === moved) {
        this.answer(messages[at]!, members, messages);
      }
    }
    const alive = messages.filter(
      (message, at) =>
        (at < before.length && this.receiver(message) !== moved) || !this.isDead(message, members),
    );
    return this.number(alive.sort((a, b) => a - b));
  }

  private receiver(message: number): number {
    return this.transitions.messages[message]!.to - 1;
  }

  private answer(message: number, members: readonly number[], messages: number[]): void {
    const member = members[this.receiver(message)]!;
    const { next, sent } = this.transitions.outcome(member, this.transitions.receive(message));
    if (next !== member) return;
    for (const answer of sent) if (!messages.includes(answer)) messages.push(answer);
  }

  private isDead(message: number, members: readonly number[]): boolean {
    if (this.keepsDead) return false;
    const member = members[this.receiver(message)]!;
    if (!this.isOver(message, this.transitions.views[member]!)) return false;
    const { next, sent } = this.transitions.outcome(member, this.transitions.receive(message));
    return next === member && sent.length === 0;
  }

  /** Of a term that its receiver has left for good, or a vote in an election that it has left for good. */
  private isOver(number: number, { role, durable }: MemberView): boolean {
    const message = this.transitions.messages[number]!;
    const { term } = durable.hardState;
    if (message.term < term) return true;
    const isVote = message.kind === "request-vote-response" && !message.preVote;
    return isVote && message.term === term && role !== "candidate";
  }

  private number(messages: readonly number[]): number {
    const key = messages.join();
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.sets.length);
    return this.sets.push(messages) - 1;
  }
}
