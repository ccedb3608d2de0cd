// A path of a search in words, for whoever has to find out why it breaks an invariant.
import { printGraph } from "@ashlar/core/testing";
import type { Step } from "./group.ts";
import type { NodeInput } from "./node-view.ts";
import type { CatalogAction } from "./search-catalog.ts";

export function explainStep(step: Step): string {
  switch (step.kind) {
    case "input":
      return `node ${step.at + 1} ${explainInput(step.input)}`;
    case "deliver": {
      const [from, to] =
        step.way === "toMember" ? [step.primary, step.member] : [step.member, step.primary];
      return `node ${to + 1} receives the next message of node ${from + 1}`;
    }
    case "break":
      return `the connection of node ${step.primary + 1} to node ${step.member + 1} breaks`;
    case "crash":
      return `node ${step.at + 1} crashes with ${step.kept} of its writes done, and restarts`;
    case "catalog":
      return `catalog: ${explainAction(step.action)} of node ${step.at + 1}`;
  }
}

function explainInput(input: NodeInput): string {
  switch (input.kind) {
    case "sync":
      return `makes ${input.calls} writes durable`;
    case "config": {
      const { epoch, version, isr, primary } = input.config;
      return `hears version ${version}: epoch ${epoch} led by ${primary.node}, ${isr.length} in sync`;
    }
    case "operation":
      return `is given operation ${input.at + 1}`;
    default:
      return printGraph(input);
  }
}

const explainAction = (action: CatalogAction): string =>
  action.kind === "admit" || action.kind === "ask"
    ? `${action.kind} at version ${action.request.version}`
    : action.kind;
