// Operations on their way from clients to nodes: they arrive late, in any order, at whatever the
// node has become meanwhile, and answers get lost. What reveals state is judged here (P3).
import type { NodeId } from "@ashlar/core";
import type { ReplicaEvent } from "../../events.ts";
import type { Operation, OperationReply } from "../../operations.ts";
import type { SimCheckers } from "./sim-checkers.ts";
import type { SimNode } from "./sim-node.ts";
import type { SimRandom } from "./sim-random.ts";

export interface SimRequest {
  readonly operation: Operation;
  readonly to: NodeId;
  readonly replyTo: (reply: OperationReply) => void;
  /** A copy that arrives when this is false goes nowhere: its stream has ended. */
  readonly isOpen: () => boolean;
}

type Sent = SimRequest & { readonly deadlineMs: number };

/** How long after it was sent an operation may get its LSN: a stopped node is often asked too late. */
const LIFE_MS = 250;

export interface SimArrivalsPorts {
  readonly random: SimRandom;
  readonly checkers: SimCheckers;
  readonly nodes: readonly SimNode[];
  readonly answersGetLost: () => boolean;
  readonly nowMs: () => number;
  readonly give: (node: SimNode, event: ReplicaEvent) => void;
}

export class SimArrivals {
  /** Reads that came to a primary that was deposed and did not know it. */
  readsAtDeposed = 0;
  /** Operations sent again that an earlier epoch had committed: only a window knows them. */
  knownFromWindows = 0;
  private readonly ports: SimArrivalsPorts;
  private arriving: Sent[] = [];
  /** ACTIVE epoch when a compare-and-write first came to a node: its copies share its fate. */
  private readonly firstArrivals = new Map<string, number>();

  constructor(ports: SimArrivalsPorts) {
    this.ports = ports;
  }

  send(request: SimRequest): void {
    this.arriving.push({ ...request, deadlineMs: this.ports.nowMs() + LIFE_MS });
  }

  /** One operation arrives, at a node that is not stopped. */
  arrive(): void {
    const { random, nodes } = this.ports;
    const running = nodes.filter(({ paused }) => !paused);
    const whereTo = ({ to }: Sent) => running.find(({ member }) => member.node === to);
    const due = this.arriving.filter((request) => whereTo(request) !== undefined);
    if (due.length === 0) return;
    const request = random.pick(due);
    this.arriving.splice(this.arriving.indexOf(request), 1);
    this.deliver(whereTo(request)!, request);
  }

  /** Everything that gathered in the sockets of a node that was stopped. */
  arriveAt(node: SimNode): void {
    const gathered = this.arriving.filter(({ to }) => to === node.member.node);
    this.arriving = this.arriving.filter(({ to }) => to !== node.member.node);
    for (const request of gathered) this.deliver(node, request);
  }

  private deliver(node: SimNode, request: Sent): void {
    const { random, checkers, give } = this.ports;
    const { operation, replyTo, isOpen, deadlineMs } = request;
    if (!isOpen()) return;
    const isRead = operation.kind === "read";
    const { activeEpoch, closedGeneration } = checkers;
    const { role, promisedEpoch } = node.replica?.view ?? {};
    if (isRead && role === "primaryActive" && promisedEpoch! < activeEpoch)
      this.readsAtDeposed += 1;
    const activeAtArrival = isRead ? activeEpoch : this.firstArrival(node, operation, activeEpoch);
    const committedIn = checkers.committedIn(operation.opId) ?? Number.POSITIVE_INFINITY;
    const isLost = this.ports.answersGetLost() && random.chance(5);
    const answer = (reply: OperationReply): void => {
      const reveals = (isRead && reply.status === "good") || reply.status === "miscompare";
      if (reveals) checkers.onRevealed(reply.epoch, activeAtArrival);
      if (committedIn < reply.epoch && reply.status === "good") this.knownFromWindows += 1;
      if (isRead && reveals) checkers.onToldUnder(operation.generation, closedGeneration);
      if (!isLost) replyTo(reply);
    };
    checkers.onGivenUnder(operation.generation, operation.opId.seq);
    checkers.onGiven(node.member.node, operation.opId.seq, deadlineMs);
    const received = random.chance(1) ? damaged(operation) : operation;
    give(node, { kind: "operation", operation: received, deadlineMs, replyTo: answer });
  }

  private firstArrival(node: SimNode, { opId }: Operation, activeEpoch: number): number {
    const key = `${node.member.node} ${opId.seq}`;
    const first = this.firstArrivals.get(key) ?? activeEpoch;
    this.firstArrivals.set(key, first);
    return first;
  }
}

/** What a network that changed a byte on the way hands over (P14). */
function damaged(operation: Operation): Operation {
  if (operation.kind === "read" || operation.kind === "unmap") return operation;
  const data = operation.data.map((part) => Buffer.from(part));
  data[0]?.fill(0xff, 0, 1);
  return { ...operation, data };
}
