// Bytes of what leaves a member's memory: messages for the network, entries, hard states and
// snapshots for the disk. Both begin with their format's version, so a member of another version is
// told apart before anything of it is believed; tags and fields are append only.
import {
  ByteReader,
  ByteWriter,
  bytes,
  type Codec,
  CodecError,
  flag,
  list,
  mapped,
  oneOf,
  optional,
  record,
  text,
  uint,
} from "@ashlar/core";
import { MESSAGE_VERSION, type Message, type MessageKind, type MessageOf } from "./messages.ts";
import {
  type Entry,
  type EntryId,
  type EntryKind,
  type HardState,
  LOG_VERSION,
  type LogSnapshot,
  type MembershipState,
  type ProposedEntry,
} from "./types.ts";

const version = <const V extends number>(known: V): Codec<V> =>
  mapped<number, V>(uint, (found) => {
    if (found !== known) throw new CodecError(`format ${found} is unknown`);
    return known;
  });
const kind = oneOf<EntryKind>(["normal", "config", "config-v2"]);
const entry = record<Entry>({
  version: version(LOG_VERSION),
  kind,
  term: uint,
  index: uint,
  data: bytes,
});
const proposed = record<ProposedEntry>({ kind, data: bytes });
const entryId = record<EntryId>({ term: uint, index: uint });
const members = list(uint);
const membership = record<MembershipState>({
  voters: members,
  votersOutgoing: members,
  learners: members,
  learnersNext: members,
  autoLeave: flag,
});
const snapshot = record<LogSnapshot>({
  version: version(LOG_VERSION),
  index: uint,
  term: uint,
  membership,
  data: bytes,
});
const hardState = record<HardState>({ term: uint, vote: uint, commit: uint });

type WireKind = Exclude<
  MessageKind,
  "storage-append" | "storage-append-response" | "storage-apply" | "storage-apply-response"
>;
type Body<K extends WireKind> = Omit<MessageOf<K>, "version" | "from" | "to" | "term" | "kind">;

/** Tags are the format: never use one again. What goes to a member's own threads never travels. */
const MESSAGES: {
  readonly [K in WireKind]: { readonly tag: number; readonly codec: Codec<Body<K>> };
} = {
  "request-vote": {
    tag: 1,
    codec: record({ preVote: flag, last: entryId, transfer: flag }),
  },
  "request-vote-response": { tag: 2, codec: record({ preVote: flag, reject: flag }) },
  "append-entries": {
    tag: 3,
    codec: record({ previous: entryId, entries: list(entry), commit: uint }),
  },
  "append-entries-response": {
    tag: 4,
    codec: record<Body<"append-entries-response">>({ index: uint, rejected: optional(entryId) }),
  },
  heartbeat: { tag: 5, codec: record({ commit: uint, round: uint }) },
  "heartbeat-response": { tag: 6, codec: record({ round: uint }) },
  "install-snapshot": { tag: 7, codec: record({ snapshot }) },
  "timeout-now": { tag: 8, codec: record({}) },
  "transfer-leader": { tag: 9, codec: record({ transferee: uint }) },
  propose: { tag: 10, codec: record({ entries: list(proposed) }) },
  "read-index": { tag: 11, codec: record({ context: text }) },
  "read-index-response": { tag: 12, codec: record({ context: text, index: uint }) },
};
const KIND_OF_TAG: ReadonlyMap<number, WireKind> = new Map(
  Object.entries(MESSAGES).map(([name, { tag }]) => [tag, name as WireKind]),
);
const envelope = record({ from: uint, to: uint, term: uint });

const isWireKind = (name: MessageKind): name is WireKind => name in MESSAGES;

/** @throws CodecError for a message to a member's own storage. */
export function encodeMessage(message: Message): Buffer {
  const { kind: name } = message;
  if (!isWireKind(name)) throw new CodecError(`${name} does not travel`);
  const to = new ByteWriter();
  const { tag, codec }: { tag: number; codec: unknown } = MESSAGES[name];
  to.uint(MESSAGE_VERSION);
  to.u8(tag);
  envelope.write(to, message);
  (codec as Codec<object>).write(to, message);
  return to.take();
}

/** Byte fields are views of `encoded`. @throws CodecError for bytes that no version of ours wrote. */
export function decodeMessage(encoded: Buffer): Message {
  const from = new ByteReader(encoded);
  version(MESSAGE_VERSION).read(from);
  const name = KIND_OF_TAG.get(from.u8());
  if (!name) throw new CodecError("unknown message");
  const head = envelope.read(from);
  const body = (MESSAGES[name].codec as Codec<object>).read(from);
  from.end();
  return { version: MESSAGE_VERSION, kind: name, ...head, ...body } as Message;
}

const whole = <T>(codec: Codec<T>) => ({
  encode: (value: T): Buffer => {
    const to = new ByteWriter();
    codec.write(to, value);
    return to.take();
  },
  decode: (encoded: Buffer): T => {
    const from = new ByteReader(encoded);
    const value = codec.read(from);
    from.end();
    return value;
  },
});

/** Each decodes what it encoded, and throws a CodecError for what it did not. */
export const entryCodec = whole(entry);
export const hardStateCodec = whole(hardState);
export const snapshotCodec = whole(snapshot);
