// The whole state as bytes: a snapshot. It begins with a format version, and parts are append only.
// Equal states give equal bytes, so the checksum of a snapshot is the hash that members compare (R8, R9).
import {
  assert,
  type ByteReader,
  ByteWriter,
  type Codec,
  crc32c,
  flag,
  list,
  mapped,
  record,
  text,
  uint,
  volumeId,
} from "@ashlar/core";
import { readChunks, writeChunks } from "./chunk-codecs.ts";
import type { ChunkTables } from "./chunk-tables.ts";
import { formatSince, keptResult } from "./command-codecs.ts";
import { withSlow } from "./commands/slow.ts";
import { decoding, encoding, sorted } from "./format.ts";
import {
  cluster,
  clusterV1,
  clusterV2,
  clusterV6,
  clusterV7,
  clusterV8,
  draft,
  draftV3,
  draftV5,
  gatewayRecord,
  gatewayRecordV5,
  hostRecord,
  memberRecord,
  nodeRecord,
  nodeRecordV6,
  slowMark,
  store,
  volumeRecord,
  volumeRecordV3,
  volumeRecordV5,
} from "./record-codecs.ts";
import { DEFAULT_COPY_SPEED } from "./records.ts";
import type { KeptResult, Session } from "./sessions.ts";
import { type CatalogState, emptyState } from "./state.ts";

/**
 * 2: a cluster record has familiesGiven. 3: it has familiesSkipped, and what the group of members needs
 * follows the chunks. 4: a volume has its change and its resets. 5: a disk may be missing. 6: a volume
 * has its reservations and says who may use it, hosts follow the sessions, a portal has its role, and a gateway may be
 * draining. 7: a cluster has its rebalancing, a node its service and zone, members of chunks may be leaving, and so may
 * stores. 8: a cluster has the speed of its copies. 9: and whether what is recommended is done by itself; stores may be
 * slow.
 */
export const STATE_FORMAT_VERSION = 9;
const STATE_FORMATS_READ: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, STATE_FORMAT_VERSION];
/** For members of the releases before. */
export const STATE_FORMAT_OLDEST_WRITTEN = 7;

/** Of a command's format the one of states that came with it: what was answered to a command is in the state, too. */
const STATE_FORMAT_BESIDE: Readonly<Record<number, number>> = { 9: 7, 10: 8, 11: 9 };

/** The oldest format in which all of a state can be written. */
export function stateFormatOf({ view, slow, sessions: open }: CatalogState): number {
  const { advice, copySpeed, keepsSlowDisks } = view.cluster ?? {};
  if (slow.size > 0 || keepsSlowDisks || (advice ?? "manual") !== "manual") return 9;
  const { latencyTargetMs, floorBytesPerSecond } = copySpeed ?? DEFAULT_COPY_SPEED;
  const isDefault =
    latencyTargetMs === DEFAULT_COPY_SPEED.latencyTargetMs &&
    floorBytesPerSecond === DEFAULT_COPY_SPEED.floorBytesPerSecond;
  const answered = [...open.values()].flatMap(({ results }) => [...results.values()]);
  const kinds = new Set(answered.map(({ kind }) => kind));
  const beside = [...kinds].map((kind) => STATE_FORMAT_BESIDE[formatSince(kind)] ?? 9);
  return Math.max(isDefault ? STATE_FORMAT_OLDEST_WRITTEN : 8, ...beside);
}

export function encodeState(state: CatalogState, format?: number): Buffer {
  const work = encodeStateInParts(state, format);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * The state as it is when this is called, whatever happens to it between the pauses of the work. A large
 * catalog takes too long to write at once: others wait for whoever holds it.
 * @param format from STATE_FORMAT_OLDEST_WRITTEN on; one that is older than {@link stateFormatOf} says loses something.
 */
export function encodeStateInParts(
  state: CatalogState,
  format: number = STATE_FORMAT_VERSION,
): Generator<void, Buffer, undefined> {
  const { view } = state;
  assert(
    format >= STATE_FORMAT_OLDEST_WRITTEN && format <= STATE_FORMAT_VERSION,
    "a format of states that is written",
  );
  const before = encoding(format, (to) => {
    to.uint(view.appliedIndex);
    to.uint(state.lastIncarnation);
    to.uint(state.lastFamily);
    list(clusterOf(format)).write(to, view.cluster ? [view.cluster] : []);
    list(nodeRecord).write(
      to,
      sorted(view.nodes.values(), ({ node }) => node),
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
  });
  const after = new ByteWriter();
  writeGroup(after, state);
  list(hostRecord).write(
    after,
    sorted(view.hosts.values(), ({ host }) => host),
  );
  list(store).write(
    after,
    sorted(state.leaving, (uuid) => uuid),
  );
  if (format >= 9) writeSlow(after, state);
  return encodeParts(before, view.chunks.frozen(), after.take());
}

function* encodeParts(
  before: Buffer,
  chunks: ChunkTables,
  after: Buffer,
): Generator<void, Buffer, undefined> {
  const to = new ByteWriter();
  to.raw(before);
  yield* writeChunks(to, chunks);
  to.raw(after);
  return to.take();
}

/** @throws CodecError for bytes that no version of ours wrote. */
export function decodeState(bytes: Buffer): CatalogState {
  return decoding(bytes, STATE_FORMATS_READ, (from, version) => {
    const state = emptyState();
    const appliedIndex = from.uint();
    state.lastIncarnation = from.uint();
    state.lastFamily = from.uint();
    const { view } = state;
    for (const one of list(clusterOf(version)).read(from))
      view.put({ kind: "cluster", record: one });
    const nodes = version < 7 ? nodeRecordV6 : nodeRecord;
    for (const one of list(nodes).read(from)) view.put({ kind: "node", record: one });
    const gateways = version < 6 ? gatewayRecordV5 : gatewayRecord;
    for (const one of list(gateways).read(from)) view.put({ kind: "gateway", record: one });
    const [volumes, drafts] = volumesOf(version);
    for (const one of list(volumes).read(from)) view.put({ kind: "volume", record: one });
    for (const one of list(drafts).read(from)) state.drafts.set(one.record.family, one);
    for (const uuid of list(store).read(from)) state.retired.add(uuid);
    for (const one of readChunks(from)) view.put({ kind: "chunk", record: one });
    if (version >= 3) readGroup(from, state);
    if (version >= 6) {
      for (const one of list(hostRecord).read(from)) view.put({ kind: "host", record: one });
    }
    if (version >= 7) for (const uuid of list(store).read(from)) state.leaving.add(uuid);
    if (version >= 9) readSlow(from, state);
    view.apply([], appliedIndex);
    return state;
  });
}

const slowStores = list(record({ store, slow: slowMark }));

function writeSlow(to: ByteWriter, { view, slow: marks }: CatalogState): void {
  flag.write(to, view.cluster?.keepsSlowDisks === true);
  slowStores.write(
    to,
    sorted(
      [...marks].map(([uuid, slow]) => ({ store: uuid, slow })),
      ({ store: uuid }) => uuid,
    ),
  );
}

/** Into the records that were read before: there it is what watchers see. */
function readSlow(from: ByteReader, { view, slow: marks }: CatalogState): void {
  const keeps = flag.read(from);
  if (keeps && view.cluster) {
    view.put({ kind: "cluster", record: { ...view.cluster, keepsSlowDisks: true } });
  }
  for (const { store: uuid, slow } of slowStores.read(from)) marks.set(uuid, slow);
  if (marks.size === 0) return;
  for (const known of [...view.nodes.values()]) {
    const disks = known.disks.map((disk) => withSlow(disk, marks.get(disk.storeUuid)));
    view.put({ kind: "node", record: { ...known, disks } });
  }
}

const volumesOf = (version: number): readonly [typeof volumeRecord, typeof draft] => {
  if (version < 4) return [volumeRecordV3, draftV3];
  return version < 6 ? [volumeRecordV5, draftV5] : [volumeRecord, draft];
};

const clusterOf = (version: number): typeof cluster => {
  if (version === 1) return clusterV1;
  if (version === 2) return clusterV2;
  if (version < 7) return clusterV6;
  if (version === 7) return clusterV7;
  return version === 8 ? clusterV8 : cluster;
};

/** Equal on all members at an equal index (R9). */
export const stateHash = (state: CatalogState): number => hashOfEncoded(encodeState(state));

/** The hash of the state that these bytes hold. */
export const hashOfEncoded = (state: Buffer): number => crc32c(state);

interface NamedSession extends Omit<Session, "results"> {
  readonly session: number;
  readonly results: readonly SequencedResult[];
}
interface SequencedResult {
  readonly sequence: number;
  readonly kept: KeptResult;
}
interface HashReport {
  readonly member: number;
  readonly hash: number;
}

const sessions: Codec<readonly NamedSession[]> = list(
  record<NamedSession>({
    session: uint,
    usedAt: uint,
    answeredBelow: uint,
    results: list(record<SequencedResult>({ sequence: uint, kept: keptResult })),
  }),
);
const deletedVolume = mapped(text, volumeId);
const hashReports = list(record<HashReport>({ member: uint, hash: uint }));

function writeGroup(
  to: ByteWriter,
  { view, run, hashReports: told, ...state }: CatalogState,
): void {
  list(memberRecord).write(
    to,
    sorted(view.members.values(), ({ node }) => node),
  );
  text.write(to, run);
  list(deletedVolume).write(to, state.deleted);
  to.uint(told.index);
  const reports = [...told.reports].map(([member, hash]) => ({ member, hash }));
  hashReports.write(
    to,
    sorted(reports, ({ member }) => member),
  );
  const named = [...state.sessions].map(([session, { results, ...used }]) => {
    const kept = [...results].map(([sequence, one]) => ({ sequence, kept: one }));
    return { session, ...used, results: sorted(kept, ({ sequence }) => sequence) };
  });
  sessions.write(
    to,
    sorted(named, ({ session }) => session),
  );
}

function readGroup(from: ByteReader, state: CatalogState): void {
  for (const one of list(memberRecord).read(from)) state.view.put({ kind: "member", record: one });
  state.run = text.read(from);
  state.deleted.push(...list(deletedVolume).read(from));
  const index = from.uint();
  const reports = hashReports.read(from).map(({ member, hash }) => [member, hash] as const);
  state.hashReports = { index, reports: new Map(reports) };
  for (const { session, results, ...used } of sessions.read(from)) {
    const kept = results.map(({ sequence, kept: one }) => [sequence, one] as const);
    state.sessions.set(session, { ...used, results: new Map(kept) });
  }
}
