// Encoded messages on their way to one stream. Bounded, since a peer that does not read must not fill
// the memory of one that sends: what does not fit is dropped, and Raft sends it again.
import { MIB } from "@ashlar/core";
import { encodeMessage, type Message, type MessageKind } from "@ashlar/raft";

/** More than the bytes a leader has in flight to one follower; twice that only waits longer. */
const QUEUE_BYTES_MAX = 8 * MIB;
/** A leader has some hundred messages in flight to one follower at most. */
const QUEUE_MESSAGES_MAX = 1024;
/** Bounds one gRPC message, well below what a receiver takes, and the delay behind it. */
const BATCH_BYTES_MAX = MIB;

/** The newest says all that older ones of its kind say, so only that one waits. */
const NEWEST_ONLY: ReadonlySet<MessageKind> = new Set<MessageKind>([
  "heartbeat",
  "heartbeat-response",
]);

interface Queued {
  readonly kind: MessageKind;
  readonly encoded: Buffer;
}

export class RaftMessageQueue {
  private queued: Queued[] = [];
  private bytes = 0;

  get length(): number {
    return this.queued.length;
  }

  /** Takes a message, or tells by `false` that there is no room for it. */
  push(message: Message): boolean {
    const { kind } = message;
    if (NEWEST_ONLY.has(kind)) this.remove(kind);
    const encoded = encodeMessage(message);
    // A message that fills the queue alone still goes: it could not be sent in any other way.
    const full = this.length >= QUEUE_MESSAGES_MAX || this.bytes + encoded.length > QUEUE_BYTES_MAX;
    if (full && this.length > 0) return false;
    this.queued.push({ kind, encoded });
    this.bytes += encoded.length;
    return true;
  }

  /** The oldest messages, as many as go together: at least one if there are any. */
  takeBatch(): Buffer[] {
    const batch: Buffer[] = [];
    let batchBytes = 0;
    for (const { encoded } of this.queued) {
      if (batch.length > 0 && batchBytes + encoded.length > BATCH_BYTES_MAX) break;
      batch.push(encoded);
      batchBytes += encoded.length;
    }
    this.queued = this.queued.slice(batch.length);
    this.bytes -= batchBytes;
    return batch;
  }

  clear(): void {
    this.queued = [];
    this.bytes = 0;
  }

  private remove(kind: MessageKind): void {
    const at = this.queued.findIndex((waiting) => waiting.kind === kind);
    if (at < 0) return;
    const [removed] = this.queued.splice(at, 1);
    this.bytes -= removed?.encoded.length ?? 0;
  }
}
