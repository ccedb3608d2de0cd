// Unit attentions wait per nexus until a command other than INQUIRY, REPORT LUNS or REQUEST SENSE
// reports them, in order, each once (SAM-5 5.14). A nexus that was never established has none.
import type { Sense } from "./sense.ts";

/** More than all conditions that exist: a queue is deduplicated, so this never drops one. */
const QUEUE_MAX = 16;

export class UnitAttentions {
  private readonly queues = new Map<string, Sense[]>();

  /** Begins the queue of a nexus with what its establishment means. */
  establish(nexus: string, first: Sense): void {
    this.queues.set(nexus, [first]);
  }

  forget(nexus: string): void {
    this.queues.delete(nexus);
  }

  /** Raises a condition for every nexus. */
  raise(sense: Sense): void {
    for (const queue of this.queues.values()) push(queue, sense);
  }

  /** Raises a condition for one nexus. */
  raiseFor(nexus: string, sense: Sense): void {
    const queue = this.queues.get(nexus);
    if (queue) push(queue, sense);
  }

  /** The oldest condition of a nexus, which is thereby reported. */
  take(nexus: string): Sense | undefined {
    const queue = this.queues.get(nexus);
    return queue === undefined || queue.length === 0 ? undefined : queue.shift();
  }
}

function push(queue: Sense[], sense: Sense): void {
  if (!queue.includes(sense) && queue.length < QUEUE_MAX) queue.push(sense);
}
