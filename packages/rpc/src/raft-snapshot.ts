// A snapshot of the log on its way to another member: beside the streams of messages, in parts, on a
// connection of its own, so that neither heartbeats nor entries wait behind it. The receiver believes
// it only when it is whole: its length and checksum are told before the first byte.
import { crc32c, GIB, KIB, MIB, SystemError } from "@ashlar/core";
import { encodeMessage, type Message, type MessageOf } from "@ashlar/raft";
import { safeNumber } from "./convert/scalars.ts";
import type { SnapshotPart, SnapshotPart__Output } from "./gen/ashlar/v1/SnapshotPart.ts";
import type { GrpcClient } from "./grpc-client.ts";
import {
  checkEnvelope,
  decodeEnveloped,
  RAFT_VERSION,
  type RaftEnvelope,
  type RaftReceiver,
} from "./raft-envelope.ts";
import { raftService } from "./services.ts";

export type InstallSnapshot = MessageOf<"install-snapshot">;

/** Large enough that the cost of a part does not matter, small enough to be gone soon. */
const PART_BYTES = 512 * KIB;
/** Far above any catalog; a receiver holds this much in memory. */
export const SNAPSHOT_BYTES_MAX = GIB;
/** To connect, and for the receiver to write what it took to its disk. */
const DEADLINE_BASE_MS = 10_000;
/** A tenth of gigabit Ethernet: slower than that is broken. */
const DEADLINE_BYTES_PER_MS = (12 * MIB) / 1_000;

/** Milliseconds after which a snapshot of so many bytes is given up. */
const snapshotDeadlineMs = (bytes: number): number =>
  DEADLINE_BASE_MS + Math.ceil(bytes / DEADLINE_BYTES_PER_MS);

const NO_BYTES = new Uint8Array(0);

const withData = (message: InstallSnapshot, data: Uint8Array): InstallSnapshot => ({
  ...message,
  snapshot: { ...message.snapshot, data },
});

/** What is sent for `message`, in order: at least one part. */
export function* snapshotParts(message: InstallSnapshot): Generator<SnapshotPart, void, undefined> {
  const { from, to, snapshot } = message;
  const { data } = snapshot;
  const envelope = { version: RAFT_VERSION, from, to };
  const head = {
    message: encodeMessage(withData(message, NO_BYTES)),
    length: data.length,
    checksum: crc32c(data),
  };
  yield { ...envelope, ...head, data: data.subarray(0, PART_BYTES) };
  for (let at = PART_BYTES; at < data.length; at += PART_BYTES) {
    yield { ...envelope, data: data.subarray(at, at + PART_BYTES) };
  }
}

/**
 * Resolves when the receiver has taken the snapshot in.
 * @throws SystemError as GrpcClient.unary, what the receiver has against it, rpc/too-large.
 */
export async function sendSnapshot(
  client: GrpcClient,
  message: InstallSnapshot,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { length } = message.snapshot.data;
  checkLength(length);
  const deadlineMs = snapshotDeadlineMs(length);
  const { call, reply } = client.clientStream(raftService.InstallSnapshot, { signal, deadlineMs });
  call.on("error", () => {});
  for (const part of snapshotParts(message)) {
    if (call.write(part)) continue;
    const drained = new Promise<void>((resolve) => call.once("drain", resolve));
    await Promise.race([drained, reply]);
  }
  call.end();
  await reply;
}

/** Collects the parts of one snapshot and checks them. */
export class SnapshotAssembly {
  private readonly receiver: RaftReceiver;
  private head: { readonly message: InstallSnapshot; readonly checksum: number } | undefined;
  private data: Buffer = Buffer.alloc(0);
  private received = 0;

  constructor(receiver: RaftReceiver) {
    this.receiver = receiver;
  }

  /** @throws SystemError of checkEnvelope, rpc/bad-frame, rpc/too-large. */
  take(part: SnapshotPart__Output): void {
    checkEnvelope(part, this.receiver);
    if (!this.head) {
      const length = safeNumber(part.length);
      checkLength(length);
      this.head = { message: headOf(part.message, part), checksum: part.checksum };
      // The kernel gives the memory only as the parts fill it.
      this.data = Buffer.allocUnsafeSlow(length);
    }
    if (this.received + part.data.length > this.data.length) {
      throw badSnapshot(`is longer than the ${this.data.length} bytes announced`);
    }
    this.received += part.data.copy(this.data, this.received);
  }

  /** The message, whole. @throws SystemError rpc/bad-frame if it is cut or damaged. */
  finish(): InstallSnapshot {
    if (!this.head) throw badSnapshot("has no parts");
    const { message, checksum } = this.head;
    if (this.received !== this.data.length) {
      throw badSnapshot(`was cut at ${this.received} of ${this.data.length} bytes`);
    }
    if (crc32c(this.data) !== checksum) throw badSnapshot("does not have its checksum");
    return withData(message, this.data);
  }
}

function headOf(encoded: Buffer, envelope: RaftEnvelope): InstallSnapshot {
  const message: Message = decodeEnveloped(encoded, envelope);
  if (message.kind !== "install-snapshot") throw badSnapshot(`begins with ${message.kind}`);
  return message;
}

function checkLength(length: number): void {
  if (length <= SNAPSHOT_BYTES_MAX) return;
  throw new SystemError(
    "rpc/too-large",
    `a snapshot of ${length} bytes, at most ${SNAPSHOT_BYTES_MAX}`,
  );
}

const badSnapshot = (fault: string): SystemError =>
  new SystemError("rpc/bad-frame", `the snapshot ${fault}`);
