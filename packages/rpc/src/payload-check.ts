// What a peer sends to be kept is compared with its checksums before anybody sees it: bytes that changed
// on the way, or belong to another chunk or place, never reach a log or a disk (P14). The connection that
// brought them is given up, and what it carried is sent again over another.
import { EXTENT_SIZE, hasChecksums, type ScatterList } from "@ashlar/core";
import type { ReplicationMessage } from "@ashlar/replica";
import { badFrame } from "./frame-codec.ts";

interface Payload {
  readonly offset: number;
  readonly data: ScatterList;
  readonly checksums: Uint32Array;
}

function payloadOf(message: ReplicationMessage): Payload | undefined {
  if (message.kind === "append" && message.entry.kind === "write") return message.entry;
  if (message.kind !== "copyExtent" || !message.copy.data) return undefined;
  const { extent, data, checksums } = message.copy;
  return { offset: extent * EXTENT_SIZE, data, checksums };
}

/** The message. @throws SystemError rpc/bad-frame when a log entry or a copy is not what was sent. */
export function requireIntact(message: ReplicationMessage): ReplicationMessage {
  const payload = payloadOf(message);
  if (payload && !hasChecksums(message.chunk, payload.offset, payload)) {
    throw badFrame("a payload's checksums");
  }
  return message;
}
