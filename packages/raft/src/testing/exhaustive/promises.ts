// R5 as a table: what a message promises must be durable when it leaves. Kinds that are not listed promise
// nothing: a candidate, for one, may ask for votes before its own vote is written.
import { assert } from "@ashlar/core";
import type { Message, MessageKind, MessageOf } from "../../messages.ts";
import type { DurableView } from "./member.ts";

type Promises = {
  readonly [K in MessageKind]?: (message: MessageOf<K>, durable: DurableView) => boolean;
};

const PROMISES: Promises = {
  "request-vote-response": ({ term, to, reject, preVote }, { hardState }) =>
    reject ||
    preVote ||
    hardState.term > term ||
    (hardState.term === term && hardState.vote === to),
  "append-entries-response": ({ term, index, rejected }, { hardState, lastIndex }) =>
    rejected !== undefined || (hardState.term >= term && lastIndex >= index),
  // Who leads was elected with its own vote, which is counted when it is durable.
  "append-entries": ({ term }, { hardState }) => hardState.term >= term,
  heartbeat: ({ term }, { hardState }) => hardState.term >= term,
};

export function checkPromise(message: Message, durable: DurableView): void {
  // The table's type ties each kind to its message; the compiler cannot follow it through a look-up.
  const isDurable = PROMISES[message.kind] as
    | ((message: Message, durable: DurableView) => boolean)
    | undefined;
  const kept = isDurable?.(message, durable) ?? true;
  assert(kept, `R5: ${message.from} promises what is not durable: ${message.kind}`);
}
