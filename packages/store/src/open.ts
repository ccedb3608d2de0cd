// Creating and opening the store of one disk: the two doors of this package.
import {
  type ClusterId,
  type DiskId,
  EXTENT_SIZE,
  isAligned,
  MIB,
  type NodeId,
  type StoreUuid,
  SystemError,
} from "@ashlar/core";
import {
  type Clock,
  type Disk,
  type DiskFile,
  type Log,
  nodeClock,
  type Registry,
} from "@ashlar/runtime";
import { DiskChunkStore } from "./disk-chunk-store.ts";
import { FIRST_GROWTH_BYTES, layoutOf } from "./format.ts";
import { writeZeros } from "./growth.ts";
import { noWitness, openMembers } from "./mirror.ts";
import type { MirrorWitness } from "./mirror-file.ts";
import { readLabel } from "./mirror-label.ts";
import { recover } from "./recovery.ts";
import { recoveryPorts } from "./recovery-ports.ts";
import { StoreEngine } from "./store-engine.ts";
import { exportGauges, storeMetrics } from "./store-metrics.ts";
import { absenceOf, readSuperblock, type Superblock, writeSuperblock } from "./superblock.ts";

export interface StoreIdentity {
  readonly clusterId: ClusterId;
  readonly node: NodeId;
  readonly diskId: DiskId;
}

export interface OpenStoreOptions extends StoreIdentity {
  /** File or block device. */
  readonly path: string;
  /** Of the cluster; the same for the whole life of the store. */
  readonly chunkSize: number;
  /** Whether a store of the cluster's that belongs to another node or disk is this one's from now on. */
  readonly adopts?: (owner: StoreOwner) => boolean;
  /** Where the same lies once more, on another disk; it is made when it is not there. */
  readonly mirrorPath?: string | undefined;
  /** That of the store that is meant; any of this disk's when it is not known. */
  readonly expected?: StoreUuid | undefined;
  /** Memory for the checksums of content that was used last; default 64 MiB. */
  readonly pageCacheBytes?: number;
}

/** Who a store says it belongs to. */
export interface StoreOwner {
  readonly node: NodeId;
  readonly diskId: DiskId;
  readonly storeUuid: StoreUuid;
}

export interface CreateStoreOptions extends OpenStoreOptions {
  /** The whole store, journal included; a file grows to it in steps. */
  readonly sizeBytes: number;
  readonly storeUuid: StoreUuid;
  /** Default: min(64 MiB, sizeBytes / 8). */
  readonly journalBytes?: number;
}

export interface StorePorts {
  readonly log: Log;
  readonly registry?: Registry;
  /** For the work in the background; the node's own by default. */
  readonly clock?: Clock;
  /** Remembers what became of the members of mirrors; without it one of a pair is not opened alone. */
  readonly witness?: MirrorWitness;
}

/** How often a store looks whether it is idle enough for a checkpoint, or short of grown space. */
const TICK_MS = 1000;
/** Checksums of 54 GiB of content. */
const PAGE_CACHE_BYTES = 64 * MIB;

/**
 * Makes an empty store; nothing is left behind when it fails. An existing file is refused unless it
 * is empty, as a block device looks that no store was made on.
 * @throws SystemError disk/no-space, disk/failed (also when the file exists), argument/invalid.
 */
export async function createStore(
  disk: Disk,
  options: CreateStoreOptions,
  { log }: Pick<StorePorts, "log">,
): Promise<void> {
  const { path, sizeBytes, clusterId, node, diskId, storeUuid, chunkSize } = options;
  const layout = layoutOf(sizeBytes, options.journalBytes);
  if (chunkSize < EXTENT_SIZE || !isAligned(chunkSize, EXTENT_SIZE)) {
    throw new SystemError("argument/invalid", `a chunk of ${chunkSize} bytes is no whole extents`);
  }
  const existed = await disk.exists(path);
  const file = await disk.open(path, { mode: existed ? "open" : "create", lock: true });
  try {
    if (existed) await refuseUsed(file);
    const end = layout.dataStart + layout.extentCount * EXTENT_SIZE;
    await writeZeros(file, 0, Math.min(end, layout.dataStart + FIRST_GROWTH_BYTES));
    const { journalBytes } = layout;
    const fixed = { clusterId, node, diskId, storeUuid, sizeBytes, journalBytes, chunkSize };
    for (const sequence of [0, 1]) {
      const empty = { sequence, replayFrom: 0, directory: 0, directorySequence: 0 };
      await writeSuperblock(file, { ...fixed, ...empty });
    }
    await file.datasync();
    await file.close();
  } catch (thrown) {
    await file.close().catch(() => {});
    if (!existed) await disk.remove(path);
    throw thrown;
  }
  log.info({ path, sizeBytes, storeUuid }, "store created");
}

async function refuseUsed(file: DiskFile): Promise<void> {
  const { isBlank } = await absenceOf(file);
  if (!isBlank || (await readSuperblock(file)) || (await readLabel(file))) {
    throw new SystemError("disk/failed", `${file.path} exists already`, {
      path: file.path,
      hint: "remove it, or name another file",
    });
  }
}

/**
 * Opens a store, replaying its journal; what it tells afterwards is durable.
 * @throws SystemError disk/foreign (another cluster's, node's or disk's store, another format's, or none),
 *   disk/locked (another process has it open), disk/corrupt, disk/failed (no such file, among
 *   others).
 */
export async function openStore(
  disk: Disk,
  options: OpenStoreOptions,
  { log, registry, clock = nodeClock, witness = noWitness }: StorePorts,
): Promise<DiskChunkStore> {
  const { path, mirrorPath } = options;
  const opened = await openMembers(
    { disk, log, clock, witness },
    { path, mirrorPath, refuse: (superblock) => refuseForeign(superblock, options) },
  );
  const { file, superblock: found, freeBytes, mirror, copy } = opened;
  try {
    const { node, diskId } = options;
    // Written again: it may have been only in the page cache of a process that died.
    const superblock = { ...found, node, diskId, sequence: found.sequence + 1 };
    const metrics = storeMetrics(registry, options.diskId);
    const { pageCacheBytes = PAGE_CACHE_BYTES } = options;
    const cached = { pageCacheBytes, onLoad: () => metrics.pageLoads.inc() };
    const ports = await recoveryPorts(file, superblock, cached);
    const recovered = await recover(ports, superblock);
    await writeSuperblock(file, superblock);
    await file.datasync();
    const engine = new StoreEngine({
      ...ports,
      freeBytes,
      superblock,
      recovered,
      log,
      clock,
      metrics,
    });
    const store = new DiskChunkStore(engine, mirror);
    if (registry) {
      exportGauges(registry, options.diskId, {
        journalLiveBytes: () => store.journalLiveBytes,
        freeBytes: () => store.space().freeBytes,
        overlayBytes: () => store.overlayBytes,
        pageCacheBytes: () => ports.cache.bytes,
        mirrorDegraded: () => ((mirror?.status.state ?? "both") === "both" ? 0 : 1),
      });
    }
    copy?.();
    await engine.start((tick) => clock.every(TICK_MS, tick));
    const chunks = recovered.chunks.size;
    log.info({ path: options.path, chunks, batches: recovered.batches }, "store opened");
    return store;
  } catch (thrown) {
    await file.close().catch(() => {});
    throw thrown;
  }
}

const FIXED = ["clusterId", "node", "diskId", "chunkSize"] as const;

function refuseForeign(found: Superblock, expected: OpenStoreOptions): void {
  if (expected.expected !== undefined && found.storeUuid !== expected.expected) {
    const message = `${expected.path} holds another store: ${found.storeUuid}, not ${expected.expected}`;
    throw new SystemError("disk/foreign", message, {
      path: expected.path,
      hint: "put the disk back that was there, or retire it",
    });
  }
  const different = FIXED.filter((field) => found[field] !== expected[field]);
  if (different.length === 0) return;
  const isOfCluster = different.every((field) => field === "node" || field === "diskId");
  if (isOfCluster && expected.adopts?.(found)) return;
  const [field = "clusterId"] = different;
  throw new SystemError(
    "disk/foreign",
    `${expected.path} belongs elsewhere: its ${field} is ${found[field]}, not ${expected[field]}`,
    { path: expected.path, hint: "check the disk's path in the configuration" },
  );
}
