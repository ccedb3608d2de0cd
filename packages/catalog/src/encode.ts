// The catalog's own binary encoding, of commands (log entries) and of the whole state (snapshots).
// Both begin with a format version; fields and tags are append only. Equal states give equal bytes,
// so the checksum of a snapshot is the hash that members compare (R8, R9).
import {
  ByteReader,
  ByteWriter,
  type ChunkId,
  type Codec,
  CodecError,
  chunkIdFromNumber,
  clusterId,
  crc32c,
  diskId,
  type FamilyId,
  familyId,
  list,
  mapped,
  nodeId,
  oneOf,
  present,
  record,
  type StoreUuid,
  storeUuid,
  text,
  uint,
  volumeId,
  volumeName,
} from "@ashlar/core";
import type { Command, CommandKind, FieldsOf, IsrCandidate } from "./command.ts";
import type {
  ChunkConfig,
  ChunkMember,
  ClusterRecord,
  DiskRecord,
  GatewayRecord,
  NodeRecord,
  VolumeRecord,
} from "./records.ts";
import { type CatalogState, emptyState, type VolumeDraft } from "./state.ts";

const COMMAND_FORMAT_VERSION = 1;
/** 2: a cluster record has familiesGiven. */
const STATE_FORMAT_VERSION = 2;
const STATE_FORMATS_READ: readonly number[] = [1, STATE_FORMAT_VERSION];

const node = mapped(text, nodeId);
const store: Codec<StoreUuid> = mapped(text, storeUuid);
const family: Codec<FamilyId> = mapped(uint, familyId);
const chunk: Codec<ChunkId> = mapped(uint, chunkIdFromNumber);
const upOrDown = oneOf(["up", "down"]);

const clusterFields = {
  clusterId: mapped(text, clusterId),
  chunkSize: uint,
  createdAt: text,
};
const cluster = record<ClusterRecord>({ ...clusterFields, familiesGiven: uint });
/** Of format 1. That no family was given deletes nothing, until the next volume is made. */
const clusterV1: Codec<ClusterRecord> = {
  write: cluster.write,
  read: (from) => ({ ...record(clusterFields).read(from), familiesGiven: 0 }),
};
const disk = record<DiskRecord>({
  disk: mapped(text, diskId),
  storeUuid: store,
  sizeBytes: uint,
  state: upOrDown,
});
const portals = list(record<GatewayRecord["portals"][number]>({ address: text, tpgt: uint }));
const nodeRecord = record<NodeRecord>({
  node,
  state: upOrDown,
  incarnation: uint,
  bootId: text,
  address: text,
  disks: list(disk),
});
const gatewayRecord = record<GatewayRecord>({
  gateway: node,
  state: upOrDown,
  incarnation: uint,
  bootId: text,
  portals,
});
const volumeRecord = record<VolumeRecord>({
  volume: mapped(text, volumeId),
  name: mapped(text, volumeName),
  family,
  sizeBytes: uint,
  blockSize: uint,
  replicas: uint,
  generation: uint,
  iqn: text,
  lun: uint,
  createdAt: text,
});
const draft = record<VolumeDraft>({ record: volumeRecord, chunks: uint, placed: uint });
const member = record<ChunkMember>({ node, disk: mapped(text, diskId), storeUuid: store });
const candidate = record<IsrCandidate>({ chunk, epoch: uint, version: uint, store });

/** Tags are the format: never use one again. */
const COMMANDS: {
  readonly [K in CommandKind]: { readonly tag: number; readonly codec: Codec<FieldsOf<K>> };
} = {
  createCluster: { tag: 1, codec: record(clusterFields) },
  nodeUp: {
    tag: 2,
    codec: record({ node, bootId: text, address: text, disks: list(disk) }),
  },
  nodeDown: { tag: 3, codec: record({ node, incarnation: uint }) },
  storeDown: { tag: 4, codec: record({ store }) },
  gatewayUp: { tag: 5, codec: record({ gateway: node, bootId: text, portals }) },
  gatewayDown: { tag: 6, codec: record({ gateway: node, incarnation: uint }) },
  beginVolume: {
    tag: 7,
    codec: record({
      volume: mapped(text, volumeId),
      name: mapped(text, volumeName),
      sizeBytes: uint,
      blockSize: uint,
      replicas: uint,
      createdAt: text,
    }),
  },
  extendVolume: { tag: 8, codec: record({ family, chunks: uint }) },
  finishVolume: { tag: 9, codec: record({ family }) },
  abortVolume: { tag: 10, codec: record({ family }) },
  deleteVolume: { tag: 11, codec: record({ volume: mapped(text, volumeId) }) },
  addToIsr: { tag: 12, codec: record({ items: list(candidate) }) },
};

const KIND_OF_TAG: ReadonlyMap<number, CommandKind> = new Map(
  Object.entries(COMMANDS).map(([kind, { tag }]) => [tag, kind as CommandKind]),
);

export function encodeCommand(command: Command): Buffer {
  const to = new ByteWriter();
  const { tag, codec }: { tag: number; codec: unknown } = COMMANDS[command.kind];
  to.u8(COMMAND_FORMAT_VERSION);
  to.u8(tag);
  (codec as Codec<object>).write(to, command);
  return to.take();
}

/** @throws CodecError for bytes that no version of ours wrote. */
export function decodeCommand(bytes: Buffer): Command {
  return decoding(bytes, [COMMAND_FORMAT_VERSION], (from) => {
    const kind = KIND_OF_TAG.get(from.u8());
    if (!kind) throw new CodecError("unknown command");
    const fields = (COMMANDS[kind].codec as Codec<object>).read(from);
    return { kind, ...fields } as Command;
  });
}

export function encodeState(state: CatalogState): Buffer {
  const to = new ByteWriter();
  const { view } = state;
  to.u8(STATE_FORMAT_VERSION);
  to.uint(view.appliedIndex);
  to.uint(state.lastIncarnation);
  to.uint(state.lastFamily);
  list(cluster).write(to, view.cluster ? [view.cluster] : []);
  list(nodeRecord).write(
    to,
    sorted(view.nodes.values(), ({ node: id }) => id),
  );
  list(gatewayRecord).write(
    to,
    sorted(view.gateways.values(), ({ gateway }) => gateway),
  );
  list(volumeRecord).write(
    to,
    sorted(view.volumes.values(), ({ volume }) => volume),
  );
  list(draft).write(
    to,
    sorted(state.drafts.values(), ({ record: { volume } }) => volume),
  );
  list(store).write(
    to,
    sorted(state.retired, (uuid) => uuid),
  );
  writeChunks(to, state);
  return to.take();
}

/** @throws CodecError for bytes that no version of ours wrote. */
export function decodeState(bytes: Buffer): CatalogState {
  return decoding(bytes, STATE_FORMATS_READ, (from, version) => {
    const clusterCodec = version === 1 ? clusterV1 : cluster;
    const state = emptyState();
    const appliedIndex = from.uint();
    state.lastIncarnation = from.uint();
    state.lastFamily = from.uint();
    const { view } = state;
    for (const one of list(clusterCodec).read(from)) view.put({ kind: "cluster", record: one });
    for (const one of list(nodeRecord).read(from)) view.put({ kind: "node", record: one });
    for (const one of list(gatewayRecord).read(from)) view.put({ kind: "gateway", record: one });
    for (const one of list(volumeRecord).read(from)) view.put({ kind: "volume", record: one });
    for (const one of list(draft).read(from)) state.drafts.set(one.record.family, one);
    for (const uuid of list(store).read(from)) state.retired.add(uuid);
    for (const one of readChunks(from)) view.put({ kind: "chunk", record: one });
    view.apply([], appliedIndex);
    return state;
  });
}

/** Equal on all members at an equal index (R9). */
export const stateHash = (state: CatalogState): number => crc32c(encodeState(state));

function decoding<T>(
  bytes: Buffer,
  known: readonly number[],
  read: (from: ByteReader, version: number) => T,
): T {
  const from = new ByteReader(bytes);
  const version = from.u8();
  if (!known.includes(version)) throw new CodecError(`format ${version} is unknown`);
  try {
    const value = read(from, version);
    from.end();
    return value;
  } catch (thrown) {
    if (thrown instanceof CodecError) throw thrown;
    throw new CodecError(`a field is out of range: ${String(thrown)}`);
  }
}

function sorted<T>(values: Iterable<T>, key: (value: T) => string): T[] {
  return [...values].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Members by their place in one table of stores, sorted, so that equal states give equal bytes. */
function writeChunks(to: ByteWriter, { view: { chunks } }: CatalogState): void {
  const key = (one: ChunkMember): string => `${one.storeUuid}/${one.node}/${one.disk}`;
  const used = chunks.loads().filter(({ load }) => load.replicas > 0);
  const stores = sorted(
    used.map((one) => one.member),
    key,
  );
  list(member).write(to, stores);
  const places = new Map(stores.map((one, place) => [one, place]));
  const families = chunks.families();
  to.uint(families.length);
  for (const each of families) {
    const records = [...chunks.recordsOf(each)];
    to.uint(records.length);
    for (const config of records)
      writeChunk(to, config, (one) => present(places.get(one), "loads name it"));
  }
}

const MEMBER_IN_ISR = 1;
const MEMBER_LEARNS = 2;

function writeChunk(
  to: ByteWriter,
  config: ChunkConfig,
  placeOf: (one: ChunkMember) => number,
): void {
  to.uint(config.chunk);
  to.uint(config.epoch);
  to.uint(config.version);
  to.uint(config.primary.incarnation);
  to.u8(config.members.findIndex((one) => one.node === config.primary.node));
  to.u8(config.members.length);
  for (const one of config.members) {
    to.uint(placeOf(one));
    const inIsr = config.isr.includes(one.storeUuid) ? MEMBER_IN_ISR : 0;
    to.u8(inIsr | (config.learners.includes(one.storeUuid) ? MEMBER_LEARNS : 0));
  }
}

function* readChunks(from: ByteReader): Generator<ChunkConfig, void, undefined> {
  const stores = list(member).read(from);
  for (let families = from.count(); families > 0; families -= 1) {
    for (let records = from.count(); records > 0; records -= 1) yield readChunk(from, stores);
  }
}

function readChunk(from: ByteReader, stores: readonly ChunkMember[]): ChunkConfig {
  const head = { chunk: chunk.read(from), epoch: from.uint(), version: from.uint() };
  const incarnation = from.uint();
  const primarySlot = from.u8();
  const members: ChunkMember[] = [];
  const isr: StoreUuid[] = [];
  const learners: StoreUuid[] = [];
  for (let count = from.u8(); count > 0; count -= 1) {
    const one = stores[from.uint()];
    if (!one) throw new CodecError("a chunk names an unknown store");
    const role = from.u8();
    members.push(one);
    if (role === MEMBER_IN_ISR) isr.push(one.storeUuid);
    if (role === MEMBER_LEARNS) learners.push(one.storeUuid);
  }
  const primary = members[primarySlot];
  if (!primary) throw new CodecError("a chunk has no primary");
  return { ...head, members, isr, learners, primary: { node: primary.node, incarnation } };
}
