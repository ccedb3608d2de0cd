// Creating and opening the store of one disk: the two doors of this package.
import type { ClusterId, DiskId, NodeId, StoreUuid } from "@ashlar/core";
import type { ChunkStore } from "@ashlar/replica";
import type { Disk, Log, Registry } from "@ashlar/runtime";

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
}

export interface CreateStoreOptions extends OpenStoreOptions {
  /** The whole store, journal included; a file grows to it in steps. */
  readonly sizeBytes: number;
  readonly storeUuid: StoreUuid;
  /** Default: min(64 MiB, sizeBytes / 8). */
  readonly journalBytes?: number;
}

/**
 * Makes an empty store; nothing is left behind when it fails.
 * @throws SystemError disk/no-space, disk/failed (also when the file exists), argument/invalid.
 */
export async function createStore(
  _disk: Disk,
  _options: CreateStoreOptions,
  _ports: { readonly log: Log },
): Promise<void> {
  throw new Error("not built yet");
}

/**
 * Opens a store, replaying its journal; what it tells afterwards is durable.
 * @throws SystemError disk/foreign (another cluster's, node's or disk's store, or none),
 *   disk/locked (another process has it open), disk/corrupt, disk/failed.
 */
export async function openStore(
  _disk: Disk,
  _options: OpenStoreOptions,
  _ports: { readonly log: Log; readonly registry?: Registry },
): Promise<ChunkStore> {
  throw new Error("not built yet");
}
