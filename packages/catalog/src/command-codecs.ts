// Commands and their results as bytes. A result is encoded beside its command since sessions keep it in
// snapshots.
import {
  type ByteReader,
  type Codec,
  CodecError,
  flag,
  isErrorCode,
  list,
  mapped,
  optional,
  record,
  text,
  uint,
  volumeId,
  volumeName,
} from "@ashlar/core";
import {
  type Command,
  type CommandKind,
  done,
  type FieldsOf,
  type Result,
  refused,
  type ValueOf,
} from "./command.ts";
import { decoding, encoding } from "./format.ts";
import {
  adviceMode,
  candidate,
  chunk,
  clusterFields,
  copySpeedFields,
  disk,
  family,
  host,
  hostChap,
  initiators,
  node,
  nodeService,
  portals,
  portalsV7,
  rebalancing,
  slowMark,
  store,
  volumeAccess,
  volumeChange,
} from "./record-codecs.ts";
import { reservationAction, reservationOutcome } from "./reservation-codecs.ts";
import type { KeptResult } from "./sessions.ts";

/**
 * 2: nodeUp has what its stores have seen. 3: primaries are moved. 4: gatewayUp has what it has seen,
 * beginTerm what it skips. 5: members are replaced. 6: nodeDown has who else is not heard,
 * and a disk may be missing. 8: a change may be one of reservations, there are hosts, beginVolume says who may use the
 * volume, and a portal has its role. 9: nodeUp says the zone, copies are added and dropped, and nodes and
 * stores have their service. 10: the speed of copies is set. 11: whether what is recommended is done by itself, and disks
 * are slow.
 */
export const COMMAND_FORMAT_VERSION = 11;
const COMMAND_FORMATS_READ: readonly number[] = [
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
  9,
  10,
  COMMAND_FORMAT_VERSION,
];

interface CommandCodec<K extends CommandKind> {
  readonly tag: number;
  readonly fields: Codec<FieldsOf<K>>;
  readonly result: Codec<ValueOf<K>>;
}

const nothing: Codec<null> = { write: () => {}, read: () => null };
const volume = mapped(text, volumeId);
const incarnation = record({ incarnation: uint });
const effective = record({ effective: flag });
const nodeUpFields = { node, bootId: text, address: text, disks: list(disk) };
const nodeUpFieldsV8 = { ...nodeUpFields, familySeen: uint, incarnationSeen: uint };
const nodeUp = record<FieldsOf<"nodeUp">>({ ...nodeUpFieldsV8, zone: text });
const skipped = record({ skipped: list(chunk) });
const nodeDownFields = { node, incarnation: uint };
const gatewayUpFields = { gateway: node, bootId: text };
const gatewayUpFieldsV7 = { ...gatewayUpFields, portals: portalsV7 };
const beginVolumeFields = {
  volume,
  name: mapped(text, volumeName),
  sizeBytes: uint,
  blockSize: uint,
  replicas: uint,
  createdAt: text,
};
const beginTermFields = { member: uint, run: text };

/** Tags are the format: never use one again. */
const COMMANDS: { readonly [K in CommandKind]: CommandCodec<K> } = {
  createCluster: { tag: 1, fields: record(clusterFields), result: nothing },
  nodeUp: { tag: 2, fields: nodeUp, result: incarnation },
  nodeDown: {
    tag: 3,
    fields: record({ ...nodeDownFields, unheard: list(node) }),
    result: effective,
  },
  storeDown: { tag: 4, fields: record({ store }), result: nothing },
  gatewayUp: {
    tag: 5,
    fields: record({ ...gatewayUpFields, portals, incarnationSeen: uint }),
    result: incarnation,
  },
  gatewayDown: { tag: 6, fields: record({ gateway: node, incarnation: uint }), result: effective },
  beginVolume: {
    tag: 7,
    fields: record({ ...beginVolumeFields, access: volumeAccess }),
    result: record({ family, chunks: uint }),
  },
  extendVolume: {
    tag: 8,
    fields: record({ family, chunks: uint }),
    result: record({ placed: uint }),
  },
  finishVolume: { tag: 9, fields: record({ family }), result: record({ volume }) },
  abortVolume: { tag: 10, fields: record({ family }), result: nothing },
  deleteVolume: { tag: 11, fields: record({ volume }), result: nothing },
  addToIsr: {
    tag: 12,
    fields: record({ items: list(candidate) }),
    result: record({ conflicts: list(chunk) }),
  },
  openSession: { tag: 13, fields: record({}), result: record({ session: uint }) },
  beginTerm: {
    tag: 14,
    fields: record({ ...beginTermFields, incarnationsSkipped: uint }),
    result: nothing,
  },
  memberExpected: { tag: 15, fields: record({ node, address: text }), result: nothing },
  memberJoined: {
    tag: 16,
    fields: record({ node, member: uint, address: text }),
    result: record({ replaced: uint }),
  },
  memberRemoved: { tag: 17, fields: record({ node }), result: nothing },
  reportHash: {
    tag: 18,
    fields: record({ member: uint, index: uint, hash: uint }),
    result: nothing,
  },
  movePrimaries: {
    tag: 19,
    fields: record({ items: list(candidate) }),
    result: skipped,
  },
  replaceMembers: {
    tag: 24,
    fields: record({
      items: list(record({ chunk, version: uint, lost: store, node, store })),
    }),
    result: skipped,
  },
  advanceGeneration: {
    tag: 20,
    fields: record({ volume, reset: flag }),
    result: record({ generation: uint }),
  },
  prepareChange: {
    tag: 21,
    fields: record({ volume, change: volumeChange }),
    result: record({ volume, generation: uint }),
  },
  commitChange: { tag: 22, fields: record({ volume, generation: uint }), result: nothing },
  abortChange: {
    tag: 23,
    fields: record({ volume, generation: uint }),
    result: record({ generation: uint }),
  },
  retireStore: { tag: 25, fields: record({ store }), result: nothing },
  prepareReservation: {
    tag: 26,
    fields: record({ volume, action: reservationAction }),
    result: record({ volume, generation: uint, outcome: reservationOutcome, inForce: flag }),
  },
  createHost: {
    tag: 30,
    fields: record({ host, initiators, chap: optional(hostChap), createdAt: text }),
    result: nothing,
  },
  setHost: {
    tag: 31,
    fields: record({
      host,
      added: initiators,
      removed: initiators,
      chap: optional(record({ now: optional(hostChap) })),
    }),
    result: nothing,
  },
  deleteHost: { tag: 32, fields: record({ host }), result: nothing },
  setNodeService: { tag: 50, fields: record({ node, service: nodeService }), result: nothing },
  removeNode: { tag: 51, fields: record({ node, lost: flag }), result: nothing },
  leaveStore: { tag: 52, fields: record({ store, leaving: flag }), result: nothing },
  setRebalancing: { tag: 53, fields: record({ rebalancing }), result: nothing },
  setCopySpeed: { tag: 57, fields: record(copySpeedFields), result: nothing },
  setAdvice: { tag: 70, fields: record({ advice: adviceMode }), result: nothing },
  setSlow: { tag: 60, fields: record({ store, slow: optional(slowMark) }), result: nothing },
  keepSlowDisks: { tag: 61, fields: record({ keeps: flag }), result: nothing },
  addMembers: {
    tag: 54,
    fields: record({
      items: list(record({ chunk, version: uint, node, store, instead: optional(store) })),
    }),
    result: skipped,
  },
  dropMembers: {
    tag: 55,
    fields: record({ items: list(record({ chunk, version: uint, store })) }),
    result: skipped,
  },
  setReplicas: { tag: 56, fields: record({ volume, replicas: uint }), result: nothing },
  drainGateway: {
    tag: 40,
    fields: record({ gateway: node, draining: flag, force: flag }),
    result: nothing,
  },
};

type EarlierFields = Partial<Record<CommandKind, (from: ByteReader) => object>>;

/** Where fields were fewer up to format 8: a node was a zone for itself. */
const FIELDS_V8: EarlierFields = {
  nodeUp: (from) => ({ ...record(nodeUpFieldsV8).read(from), zone: "" }),
};
/** Up to format 7: every volume was open to any initiator, and no portal had a role. */
const FIELDS_V7: EarlierFields = {
  ...FIELDS_V8,
  beginVolume: (from) => ({ ...record(beginVolumeFields).read(from), access: "any" }),
  gatewayUp: (from) => record({ ...gatewayUpFieldsV7, incarnationSeen: uint }).read(from),
};
/** Up to format 5: a node that fell silent was the only one. */
const FIELDS_V5: EarlierFields = {
  ...FIELDS_V7,
  nodeDown: (from) => ({ ...record(nodeDownFields).read(from), unheard: [] }),
};
/** Up to format 3: gateways told nothing of what they had seen, nothing was skipped. */
const FIELDS_V3: EarlierFields = {
  ...FIELDS_V5,
  gatewayUp: (from) => ({ ...record(gatewayUpFieldsV7).read(from), incarnationSeen: 0 }),
  beginTerm: (from) => ({ ...record(beginTermFields).read(from), incarnationsSkipped: 0 }),
};
/** And in format 1: stores told nothing of what they had seen. */
const FIELDS_V1: EarlierFields = {
  ...FIELDS_V3,
  nodeUp: (from) => ({
    ...record(nodeUpFields).read(from),
    familySeen: 0,
    incarnationSeen: 0,
    zone: "",
  }),
};
const EARLIER_FIELDS: Readonly<Record<number, EarlierFields>> = {
  1: FIELDS_V1,
  2: FIELDS_V3,
  3: FIELDS_V3,
  4: FIELDS_V5,
  5: FIELDS_V5,
  6: FIELDS_V7,
  7: FIELDS_V7,
  8: FIELDS_V8,
};

const KIND_OF_TAG: ReadonlyMap<number, CommandKind> = new Map(
  Object.entries(COMMANDS).map(([kind, { tag }]) => [tag, kind as CommandKind]),
);

function kindOf(tag: number): CommandKind {
  const kind = KIND_OF_TAG.get(tag);
  if (!kind) throw new CodecError("unknown command");
  return kind;
}

/** Kinds that came with a format; all others are the same in all that are written. */
const SINCE: Partial<Record<CommandKind, number>> = {
  setCopySpeed: 10,
  setAdvice: 11,
  setSlow: 11,
  keepSlowDisks: 11,
};

/** The first format that has commands of a kind, of those that are written. */
export const formatSince = (kind: CommandKind): number =>
  SINCE[kind] ?? COMMAND_FORMAT_OLDEST_WRITTEN;

/** That of the neighbouring release: its members are in the group while it is upgraded. */
export const COMMAND_FORMAT_OLDEST_WRITTEN = 9;

/** @throws CodecError when the format cannot say it, or is not written any more. */
export function encodeCommand(command: Command, format = COMMAND_FORMAT_VERSION): Buffer {
  const { kind } = command;
  if (format < COMMAND_FORMAT_OLDEST_WRITTEN || format > COMMAND_FORMAT_VERSION) {
    throw new CodecError(`format ${format} is not written here`);
  }
  if ((SINCE[kind] ?? 0) > format) throw new CodecError(`format ${format} has no ${kind}`);
  const { tag, fields }: { tag: number; fields: unknown } = COMMANDS[kind];
  return encoding(format, (to) => {
    to.u8(tag);
    (fields as Codec<object>).write(to, command);
  });
}

/** @throws CodecError for bytes that no version of ours wrote. */
export function decodeCommand(bytes: Buffer): Command {
  return decoding(bytes, COMMAND_FORMATS_READ, (from, version) => {
    const kind = kindOf(from.u8());
    const earlier = EARLIER_FIELDS[version]?.[kind];
    const fields = earlier?.(from) ?? (COMMANDS[kind].fields as Codec<object>).read(from);
    return { kind, ...fields } as Command;
  });
}

const refusal = record<{ code: string; message: string; hint: string | undefined }>({
  code: text,
  message: text,
  hint: optional(text),
});

/** A result behind the tag of its command. */
export const keptResult: Codec<KeptResult> = {
  write: (to, { kind, result }) => {
    to.u8(COMMANDS[kind].tag);
    flag.write(to, result.kind === "done");
    if (result.kind === "done") (COMMANDS[kind].result as Codec<unknown>).write(to, result.value);
    else refusal.write(to, { ...result, hint: result.hint });
  },
  read: (from) => {
    const kind = kindOf(from.u8());
    return { kind, result: flag.read(from) ? readDone(kind, from) : readRefusal(from) };
  },
};

const readDone = (kind: CommandKind, from: ByteReader): Result<CommandKind> =>
  done((COMMANDS[kind].result as Codec<ValueOf<CommandKind>>).read(from));

function readRefusal(from: ByteReader): Result<CommandKind> {
  const { code, message, hint } = refusal.read(from);
  if (!isErrorCode(code)) throw new CodecError(`unknown error code ${code}`);
  return refused(code, message, hint);
}
