// What a node does with an input depends on nothing but the two. So the real replica runs once for every
// node state and input, and a search over the states of the group looks the outcome up. A replica keeps
// closures, so a state cannot be copied: it is made again from the disk it started from and the inputs
// since. Node states, messages and inputs are numbered as they are found.
import { createHash } from "node:crypto";
import type { NodeId } from "@ashlar/core";
import { copyGraph, freezeGraph, printGraph } from "@ashlar/core/testing";
import type { ReplicaConfig } from "../../events.ts";
import type { MemberMessage, PrimaryMessage } from "../../messages.ts";
import { CHUNK } from "../scripted-chunk.ts";
import { SimStore } from "../simulation/sim-store.ts";
import type { NodeInput, NodeOutput, NodeView } from "./node-view.ts";
import type { Scope } from "./scope.ts";
import { SearchNode } from "./search-node.ts";

export interface Outcome {
  /** Number of the node's next state. */
  readonly next: number;
  /** Numbers of messages, in order. */
  readonly sent: readonly { readonly to: NodeId; readonly message: number }[];
  readonly responded: readonly { readonly to: NodeId; readonly message: number }[];
  readonly output: NodeOutput;
}

interface NodeState {
  readonly place: number;
  readonly view: NodeView;
  /** How it is made: from a disk, or from another state by an input. */
  readonly origin: SimStore | { readonly state: number; readonly input: number };
  readonly outcomes: Map<number, Outcome>;
  /** Other ways to it, kept only to be proved alike. */
  readonly others: Exclude<NodeState["origin"], SimStore>[];
}

export class Transitions {
  readonly nodes: readonly NodeId[];
  readonly inputs: NodeInput[] = [];
  readonly messages: (PrimaryMessage | MemberMessage)[] = [];
  readonly configs: ReplicaConfig[] = [];
  private readonly scope: Scope;
  private readonly states: NodeState[] = [];
  private readonly stateNumbers = new Map<string, number>();
  private readonly inputNumbers = new Map<string, number>();
  private readonly messageNumbers = new Map<string, number>();
  private readonly configNumbers = new Map<string, number>();

  constructor(scope: Scope, nodes: readonly NodeId[]) {
    this.scope = freezeGraph({ ...scope });
    this.nodes = nodes;
  }

  get nodeStates(): number {
    return this.states.length;
  }

  /** The first state of each node: its disk is empty. */
  start(): number[] {
    return this.nodes.map((_, place) => {
      const store = new SimStore(CHUNK);
      return this.numberState(this.nodeOf(place, store), place, copyGraph(store));
    });
  }

  view(state: number): NodeView {
    return this.states[state]!.view;
  }

  numberInput(input: NodeInput): number {
    return numbered(input, { list: this.inputs, numbers: this.inputNumbers });
  }

  numberConfig(config: ReplicaConfig): number {
    return numbered(config, { list: this.configs, numbers: this.configNumbers });
  }

  /** Throws an AssertionError if the step breaks a rule of the replica or of its disk. */
  outcome(state: number, input: number): Outcome {
    const { outcomes } = this.states[state]!;
    const known = outcomes.get(input);
    if (known !== undefined) return known;
    const outcome = this.run(state, input, this.make(state));
    outcomes.set(input, outcome);
    for (const origin of this.states[state]!.others) this.proveAlike(state, origin, input);
    return outcome;
  }

  private run(state: number, input: number, node: SearchNode): Outcome {
    const { place } = this.states[state]!;
    const given = this.inputs[input]!;
    const output = node.take(given);
    // A restarted process is what its disk holds, and no more.
    const origin = given.kind === "crash" ? copyGraph(node.store) : { state, input };
    const next = this.numberState(node, place, origin);
    return {
      next,
      sent: output.sent.map(({ to, message }) => ({ to, message: this.numberMessage(message) })),
      responded: output.responded.map(({ to, message }) => ({
        to,
        message: this.numberMessage(message),
      })),
      output,
    };
  }

  /** The node in that state, made anew. */
  private make(state: number): SearchNode {
    const inputs: NodeInput[] = [];
    let at = this.states[state]!;
    while (!(at.origin instanceof SimStore)) {
      inputs.push(this.inputs[at.origin.input]!);
      at = this.states[at.origin.state]!;
    }
    const node = this.nodeOf(at.place, copyGraph(at.origin));
    for (const input of inputs.reverse()) node.take(input);
    return node;
  }

  private nodeOf(place: number, store: SimStore): SearchNode {
    return new SearchNode(place, this.nodes[place]!, this.scope, store);
  }

  private numberState(node: SearchNode, place: number, origin: NodeState["origin"]): number {
    const key = `${place} ${digest(node.fingerprint)}`;
    const known = this.stateNumbers.get(key);
    if (known !== undefined) {
      if (this.scope.proves && !(origin instanceof SimStore)) this.keepOther(known, origin);
      return known;
    }
    this.stateNumbers.set(key, this.states.length);
    const view = freezeGraph(node.view);
    return this.states.push({ place, view, origin, outcomes: new Map(), others: [] }) - 1;
  }

  private keepOther(known: number, origin: Exclude<NodeState["origin"], SimStore>): void {
    const { outcomes, others } = this.states[known]!;
    others.push(origin);
    for (const input of outcomes.keys()) this.proveAlike(known, origin, input);
  }

  /**
   * That a state reached in another way does with an input what the one does that prints the same. As
   * what it comes to prints the same again and is asked the same, the two are alike for good.
   */
  private proveAlike(
    known: number,
    origin: Exclude<NodeState["origin"], SimStore>,
    input: number,
  ): void {
    const { place, outcomes } = this.states[known]!;
    const outcome = outcomes.get(input)!;
    const node = this.make(origin.state);
    node.take(this.inputs[origin.input]!);
    const output = node.take(this.inputs[input]!);
    const isAlike = printGraph(output) === printGraph(outcome.output);
    const next = this.stateNumbers.get(`${place} ${digest(node.fingerprint)}`);
    if (isAlike && next === outcome.next) return;
    throw new Error(`states that print the same differ: ${printGraph(this.inputs[input])}`);
  }

  private numberMessage(message: PrimaryMessage | MemberMessage): number {
    return numbered(message, { list: this.messages, numbers: this.messageNumbers });
  }
}

function numbered<T>(
  value: T,
  { list, numbers }: { readonly list: T[]; readonly numbers: Map<string, number> },
): number {
  const key = printGraph(value);
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, list.length);
  return list.push(freezeGraph(value)) - 1;
}

const digest = (text: string): string => createHash("sha1").update(text).digest("base64");
