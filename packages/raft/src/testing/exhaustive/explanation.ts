// A path of a search in words, for whoever has to find out why it breaks an invariant.

import { printGraph } from "@ashlar/core/testing";
import type { Message } from "../../messages.ts";
import type { MemberInput } from "./member.ts";
import type { Transitions } from "./transitions.ts";

export interface Step {
  /** Position of the member that acts. */
  readonly actor: number;
  /** Number of the input. */
  readonly input: number;
}

export const explainPath = (steps: readonly Step[], transitions: Transitions): readonly string[] =>
  steps.map(({ actor, input }) => `${actor + 1} ${explainInput(transitions.input(input))}`);

function explainInput(input: MemberInput): string {
  switch (input.kind) {
    case "timeout":
      return "times out";
    case "crash":
      return "crashes and restarts";
    case "write":
      return "does its next write";
    case "propose":
      return `proposes ${printGraph(input.data)}`;
    case "receive":
      return `receives ${explainMessage(input.message)}`;
  }
}

function explainMessage({ version: _, kind, from, to: __, term, ...rest }: Message): string {
  return `${kind} of term ${term} from ${from} ${printGraph(rest)}`;
}
