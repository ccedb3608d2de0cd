// The opIds a chunk's log holds, so that a re-sent operation that was logged is answered by its
// commit and never logged twice (P10). In memory for now: as durable chunk state, sent to learners,
// it is still to come; until then it is rebuilt from the uncommitted entries.
import { REMEMBERED_GATEWAYS_MAX, REMEMBERED_OPERATIONS_MAX } from "./limits.ts";
import type { OpId } from "./log-entry.ts";

interface Stream {
  /** seq of the operation -> seq of the log entry, oldest first. */
  readonly logged: Map<number, number>;
  /** Lower ones are resolved at the gateway and refused if they turn up late. */
  lowestUnresolved: number;
}

export class LoggedOperations {
  private readonly streams = new Map<number, Stream>();

  /** The log position of an operation that is logged. */
  find({ incarnation, seq }: OpId): number | undefined {
    return this.streams.get(incarnation)?.logged.get(seq);
  }

  add({ incarnation, seq }: OpId, logSeq: number): void {
    if (incarnation === 0) return;
    const { logged } = this.stream(incarnation);
    logged.set(seq, logSeq);
    if (logged.size > REMEMBERED_OPERATIONS_MAX) dropFirst(logged);
  }

  /** Entries that were truncated never happened. */
  forget({ incarnation, seq }: OpId, logSeq: number): void {
    const logged = this.streams.get(incarnation)?.logged;
    if (logged?.get(seq) === logSeq) logged.delete(seq);
  }

  /** Notes how far the gateway has got; true if the operation itself is long resolved. */
  isResolved({ incarnation, seq }: OpId, lowestUnresolvedSeq: number): boolean {
    const stream = this.stream(incarnation);
    if (lowestUnresolvedSeq > stream.lowestUnresolved) {
      stream.lowestUnresolved = lowestUnresolvedSeq;
    }
    return seq < stream.lowestUnresolved;
  }

  private stream(incarnation: number): Stream {
    const known = this.streams.get(incarnation);
    if (known) return known;
    const made: Stream = { logged: new Map(), lowestUnresolved: 0 };
    this.streams.set(incarnation, made);
    if (this.streams.size > REMEMBERED_GATEWAYS_MAX) dropFirst(this.streams);
    return made;
  }
}

function dropFirst(map: Map<number, unknown>): void {
  const first = map.keys().next();
  if (!first.done) map.delete(first.value);
}
