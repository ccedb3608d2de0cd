// Catalog messages <-> domain. A step of the watch becomes one or more messages of at most
// CHUNKS_PER_MESSAGE_MAX chunk records each; the last one has `complete`.
import {
  ADVICE_MODES,
  type CatalogChange,
  type ChunkConfig,
  type ChunkMember,
  DISK_STATES,
  type DiskRecord,
  type GatewayRecord,
  type MemberRecord,
  NODE_SERVICES,
  type NodeRecord,
  REBALANCING,
  type SlowMark,
  type VolumeRecord,
} from "@ashlar/catalog";
import {
  chunkIdFromNumber,
  clusterId,
  diskId,
  familyId,
  hostName,
  nodeId,
  type StoreUuid,
  SystemError,
  storeUuid,
  volumeId,
  volumeName,
} from "@ashlar/core";
import type { Change, Change__Output } from "../gen/ashlar/v1/Change.ts";
import type { ChunkBatch, ChunkBatch__Output } from "../gen/ashlar/v1/ChunkBatch.ts";
import type { DiskRecord__Output } from "../gen/ashlar/v1/DiskRecord.ts";
import type { GatewayRecord__Output } from "../gen/ashlar/v1/GatewayRecord.ts";
import type { MemberRecord__Output } from "../gen/ashlar/v1/MemberRecord.ts";
import type { NodeRecord__Output } from "../gen/ashlar/v1/NodeRecord.ts";
import type { SlowMark__Output } from "../gen/ashlar/v1/SlowMark.ts";
import type { VolumeRecord__Output } from "../gen/ashlar/v1/VolumeRecord.ts";
import type { WatchMessage, WatchMessage__Output } from "../gen/ashlar/v1/WatchMessage.ts";
import { fromHost, fromSharedState, toHost, toSharedState } from "./access.ts";
import { fromCopySpeed } from "./copying.ts";
import { oneOf, safeNumber } from "./scalars.ts";
import { fromPortal } from "./sessions.ts";

/**
 * Version of the messages of the Catalog and Heartbeat services. 2: a volume has its change and its
 * resets, which who leads chunks and who serves hosts must not overlook. 3: and its reservations, and who may use it.
 * 4: pings tell the sender's program, and are told of a shutdown.
 *
 * Processes of neighbouring versions work together, since a cluster is upgraded one process at a time: a version adds
 * fields that its neighbours do without. A change that must not be overlooked is two versions.
 */
export const CATALOG_VERSION = 4;

/** @throws SystemError rpc/version for any but this version and its neighbours. */
export function checkCatalogVersion(version: number, who: string): void {
  if (Math.abs(version - CATALOG_VERSION) <= 1) return;
  const between = `${CATALOG_VERSION - 1} to ${CATALOG_VERSION + 1} are understood`;
  throw new SystemError("rpc/version", `${who} speaks version ${version}; ${between}`, {
    hint: "upgrade the older of the two processes, one release at a time",
  });
}
/** About 25 KiB a message: bounds memory, and keeps what one message takes from the loop below 10 ms. */
export const CHUNKS_PER_MESSAGE_MAX = 1024;
/** A volume whose reservations are as many as can be takes some 100 KiB; a message may have 16 MiB. */
const CHANGES_PER_MESSAGE_MAX = 64;
const UP_OR_DOWN = ["up", "down"] as const;

/** One step of a watch: all that changed up to entry `index`, or the whole catalog as of it. */
export interface WatchStep {
  /** Which log `index` counts in. */
  readonly logId: string;
  readonly index: number;
  readonly full: boolean;
  /** Of a full list, made while they are read. */
  readonly changes: Iterable<CatalogChange>;
}

export function* toWatchMessages(step: WatchStep): Generator<WatchMessage, void, undefined> {
  const { logId, index, full } = step;
  const head = { version: CATALOG_VERSION, logId, index, full };
  let changes: Change[] = [];
  let chunks: ChunkConfig[] = [];
  for (const change of step.changes) {
    if (change.kind === "chunk") chunks.push(change.record);
    else {
      // Changes are told in order; within a message they come before the chunks.
      if (chunks.length > 0) {
        yield { ...head, complete: false, changes, chunks: toBatch(chunks) };
        changes = [];
        chunks = [];
      }
      changes.push(toChange(change));
    }
    if (chunks.length === CHUNKS_PER_MESSAGE_MAX || changes.length === CHANGES_PER_MESSAGE_MAX) {
      yield { ...head, complete: false, changes, chunks: toBatch(chunks) };
      changes = [];
      chunks = [];
    }
  }
  yield { ...head, complete: true, changes, chunks: toBatch(chunks) };
}

export function* changesOf(message: WatchMessage__Output): Generator<CatalogChange> {
  for (const change of message.changes) yield fromChange(change);
  if (!message.chunks) return;
  for (const record of fromBatch(message.chunks)) yield { kind: "chunk", record };
}

function toChange(change: Exclude<CatalogChange, { kind: "chunk" }>): Change {
  switch (change.kind) {
    case "cluster":
      return {
        cluster: {
          ...change.record,
          ...change.record.copySpeed,
          familiesSkipped: [...change.record.familiesSkipped],
        },
      };
    case "node":
      return { node: { ...change.record, disks: [...change.record.disks] } };
    case "gateway":
      return { gateway: { ...change.record, portals: [...change.record.portals] } };
    case "member":
      return { member: change.record };
    case "nodeRemoved":
      return { nodeRemoved: { node: change.node } };
    case "memberRemoved":
      return { memberRemoved: { node: change.node } };
    case "volume":
      return { volume: { ...change.record, ...toSharedState(change.record) } };
    case "host":
      return { host: toHost(change.record) };
    case "hostDeleted":
      return { hostDeleted: { host: change.host } };
    case "volumeDeleted":
      return { volumeDeleted: { volume: change.volume, family: change.family } };
  }
}

function fromChange(change: Change__Output): CatalogChange {
  if (change.cluster) {
    const { clusterId: id, familiesSkipped, rebalancing, ...fields } = change.cluster;
    const { chunkSize, createdAt, familiesGiven } = fields;
    const ranges = familiesSkipped.map(({ first, last }) => ({ first, last }));
    return {
      kind: "cluster",
      record: {
        clusterId: clusterId(id),
        chunkSize,
        createdAt,
        familiesGiven,
        familiesSkipped: ranges,
        rebalancing: oneOf(REBALANCING, rebalancing),
        copySpeed: fromCopySpeed(fields),
        advice: oneOf(ADVICE_MODES, fields.advice || "manual"),
        ...(fields.keepsSlowDisks && { keepsSlowDisks: true as const }),
      },
    };
  }
  if (change.node) return { kind: "node", record: fromNode(change.node) };
  if (change.nodeRemoved) return { kind: "nodeRemoved", node: nodeId(change.nodeRemoved.node) };
  if (change.gateway) return { kind: "gateway", record: fromGateway(change.gateway) };
  if (change.member) return { kind: "member", record: fromMember(change.member) };
  if (change.memberRemoved) {
    return { kind: "memberRemoved", node: nodeId(change.memberRemoved.node) };
  }
  if (change.host) return { kind: "host", record: fromHost(change.host) };
  if (change.hostDeleted) return { kind: "hostDeleted", host: hostName(change.hostDeleted.host) };
  if (change.volume) return { kind: "volume", record: fromVolume(change.volume) };
  if (change.volumeDeleted) {
    const { volume, family } = change.volumeDeleted;
    return { kind: "volumeDeleted", volume: volumeId(volume), family: familyId(family) };
  }
  throw new SystemError("rpc/version", "the metadata service tells a change of an unknown kind");
}

export const fromDisk = (message: DiskRecord__Output): DiskRecord => ({
  disk: diskId(message.disk),
  storeUuid: storeUuid(message.storeUuid),
  sizeBytes: safeNumber(message.sizeBytes),
  state: oneOf(DISK_STATES, message.state),
  ...(message.slow && { slow: fromSlowMark(message.slow) }),
});

export const fromSlowMark = ({ reason, since }: SlowMark__Output): SlowMark => ({ reason, since });

const fromNode = (message: NodeRecord__Output): NodeRecord => ({
  node: nodeId(message.node),
  state: oneOf(UP_OR_DOWN, message.state),
  incarnation: safeNumber(message.incarnation),
  bootId: message.bootId,
  address: message.address,
  disks: message.disks.map(fromDisk),
  service: oneOf(NODE_SERVICES, message.service),
  zone: message.zone,
});

const fromGateway = (message: GatewayRecord__Output): GatewayRecord => ({
  gateway: nodeId(message.gateway),
  state: oneOf(UP_OR_DOWN, message.state),
  incarnation: safeNumber(message.incarnation),
  bootId: message.bootId,
  portals: message.portals.map(fromPortal),
  draining: message.draining,
});

const fromMember = (message: MemberRecord__Output): MemberRecord => ({
  node: nodeId(message.node),
  address: message.address,
  member: safeNumber(message.member),
});

const fromVolume = (message: VolumeRecord__Output): VolumeRecord => ({
  volume: volumeId(message.volume),
  name: volumeName(message.name),
  family: familyId(message.family),
  sizeBytes: safeNumber(message.sizeBytes),
  blockSize: message.blockSize,
  replicas: message.replicas,
  generation: safeNumber(message.generation),
  iqn: message.iqn,
  lun: message.lun,
  createdAt: message.createdAt,
  ...fromSharedState(message),
  resets: safeNumber(message.resets),
});

/** Places in a table that grows as values appear. */
class PlaceTable<T> {
  readonly values: T[] = [];
  private readonly places = new Map<string, number>();

  place(key: string, value: T): number {
    const known = this.places.get(key);
    if (known !== undefined) return known;
    const place = this.values.push(value) - 1;
    this.places.set(key, place);
    return place;
  }
}

function toBatch(chunks: readonly ChunkConfig[]): ChunkBatch | null {
  if (chunks.length === 0) return null;
  const stores = new PlaceTable<ChunkMember>();
  const nodes = new PlaceTable<string>();
  const records = chunks.map((config) => {
    const { chunk, epoch, version, members, isr, learners, leaving = [], primary } = config;
    const places = members.map((one) => stores.place(`${one.storeUuid}/${one.node}`, one));
    const placesOf = (uuids: readonly StoreUuid[]): number[] =>
      places.filter((place) => uuids.includes(stores.values[place]?.storeUuid as StoreUuid));
    return {
      chunk,
      epoch,
      version,
      members: places,
      isr: placesOf(isr),
      learners: placesOf(learners),
      leaving: placesOf(leaving),
      primaryNode: nodes.place(primary.node, primary.node),
      primaryIncarnation: primary.incarnation,
    };
  });
  return { stores: stores.values, nodes: nodes.values, chunks: records };
}

function* fromBatch(batch: ChunkBatch__Output): Generator<ChunkConfig> {
  const stores = batch.stores.map((one) => ({
    node: nodeId(one.node),
    disk: diskId(one.disk),
    storeUuid: storeUuid(one.storeUuid),
  }));
  const nodes = batch.nodes.map(nodeId);
  for (const record of batch.chunks) {
    const members = record.members.map((place) => entryOf(stores, place));
    const uuids = (places: readonly number[]): StoreUuid[] =>
      places.map((place) => entryOf(stores, place).storeUuid);
    yield {
      chunk: chunkIdFromNumber(safeNumber(record.chunk)),
      epoch: record.epoch,
      version: safeNumber(record.version),
      members,
      isr: uuids(record.isr),
      learners: uuids(record.learners),
      ...(record.leaving.length > 0 && { leaving: uuids(record.leaving) }),
      primary: {
        node: entryOf(nodes, record.primaryNode),
        incarnation: safeNumber(record.primaryIncarnation),
      },
    };
  }
}

function entryOf<T>(table: readonly T[], place: number): T {
  const entry = table[place];
  if (entry === undefined) throw new SystemError("rpc/bad-frame", "a chunk names no known store");
  return entry;
}
