// A verdict in words, for whoever has to find out what went wrong.
import type { Verdict } from "./checker.ts";
import type { Operation } from "./model.ts";

/** Operations shown before the one that fits nowhere; what is wrong is near it. */
const SHOWN_MAX = 20;

export function explainVerdict<Input, Output>(verdict: Verdict<Input, Output>): string {
  switch (verdict.kind) {
    case "linearizable":
      return "linearizable";
    case "undecided":
      return "undecided: the limit of steps was reached";
    case "not-linearizable": {
      const { longest, blocked } = verdict;
      const hidden = Math.max(0, longest.length - SHOWN_MAX);
      return [
        "not linearizable; the longest order found:",
        ...(hidden > 0 ? [`  ... ${hidden} before`] : []),
        ...longest.slice(hidden).map((operation) => `  ${line(operation)}`),
        "no place for:",
        `  ${line(blocked)}`,
      ].join("\n");
    }
  }
}

const line = ({
  client,
  callTime,
  returnTime,
  input,
  output,
}: Operation<unknown, unknown>): string =>
  `[${callTime}, ${returnTime ?? "?"}] ${client}: ${said(input)} -> ${said(output)}`;

const said = (value: unknown): string => JSON.stringify(value) ?? "?";
