// What is said when there is no replica to say it, and what replicas say of themselves to the log.
import type { ChunkConfig } from "@ashlar/catalog";
import { type ChunkId, formatChunkId } from "@ashlar/core";
import type { MemberMessage, Notice, Operation, PrimaryMessage, ReplyTo } from "@ashlar/replica";
import type { Log } from "@ashlar/runtime";

/** Notices that somebody may have to know of; the others are for debugging. */
const NOTICE_WORDS: Partial<
  Record<Notice["what"], { readonly level: "error" | "warn"; readonly text: string }>
> = {
  diverged: { level: "error", text: "replica lacks what is committed" },
  repaired: { level: "warn", text: "damaged units were repaired from another replica" },
  repairSent: { level: "warn", text: "damaged units of another replica were sent to it" },
  notRepaired: { level: "error", text: "units are damaged and no other replica has them" },
};

export function logNotice(log: Log, chunk: ChunkId, notice: Notice): void {
  const fields = { chunk: formatChunkId(chunk), ...notice };
  const word = NOTICE_WORDS[notice.what];
  if (word) log[word.level](fields, word.text);
  else log.debug(fields, "replica");
}

/** The chunk is not here: whoever asks has an old map, or ours is old. */
export function refuse(
  operation: Pick<Operation, "epoch">,
  replyTo: ReplyTo,
  config: ChunkConfig | undefined,
): void {
  const epoch = config?.epoch ?? 0;
  const status = operation.epoch < epoch ? "staleEpoch" : "notPrimary";
  replyTo({ status, epoch, value: 0, data: [], checksums: new Uint32Array(0) });
}

export function refusalOf({ chunk, epoch, session, kind }: PrimaryMessage): MemberMessage {
  const reason = kind === "newEpoch" ? "wrongStore" : "gap";
  const tail = { epoch: 0, seq: 0 };
  return { kind: "nak", chunk, epoch, session, reason, promisedEpoch: 0, tail };
}
