// Identities. Every id that crosses a process border is branded, so that a node can never be passed
// where a store is wanted. Text ids are checked once, by the function that makes them.
import { assert } from "./assert.ts";
import { SystemError } from "./errors.ts";

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** UUID of a cluster, made once by the first metadata member. */
export type ClusterId = Branded<string, "ClusterId">;
/** Name of a process of any kind in the cluster: `storage-1`, `gateway-2`, `metadata-1`. */
export type NodeId = Branded<string, "NodeId">;
/** Name of a disk within its node: `disk-1`. */
export type DiskId = Branded<string, "DiskId">;
/** UUID of one chunk store; a store that lost or re-created anything takes a new one. */
export type StoreUuid = Branded<string, "StoreUuid">;
/** UUID of a volume; the NAA identity of its logical unit is derived from it. */
export type VolumeId = Branded<string, "VolumeId">;
/** Name of a volume, `[a-z0-9.-]{1,63}`. */
export type VolumeName = Branded<string, "VolumeName">;
/** Name of a host, as people call it: of the form of a volume's name. */
export type HostName = Branded<string, "HostName">;

/**
 * One chunk of a family (a volume with all its layers), as a safe integer: family * 2^22 + index.
 * 2^22 chunks of 16 MiB are 64 TiB, the largest volume; family numbers are never used again and
 * stay below 2^31, so the value stays below 2^53.
 */
export type ChunkId = Branded<number, "ChunkId">;
/** Number of a family within the cluster, 1 .. 2^31 - 1, assigned by the catalog. */
export type FamilyId = Branded<number, "FamilyId">;

/** Chunks of one family: the largest index is CHUNKS_PER_FAMILY_MAX - 1. */
export const CHUNKS_PER_FAMILY_MAX = 2 ** 22;
export const FAMILY_ID_MAX = 2 ** 31 - 1;

const NODE_ID = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME = /^(?=.{1,63}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function parseUuid(text: string, what: string): string {
  const lower = text.toLowerCase();
  if (!UUID.test(lower)) {
    throw new SystemError("argument/invalid", `${what} must be a UUID, got "${text}"`);
  }
  return lower;
}

export const clusterId = (text: string): ClusterId => parseUuid(text, "cluster id") as ClusterId;
export const storeUuid = (text: string): StoreUuid => parseUuid(text, "store id") as StoreUuid;
export const volumeId = (text: string): VolumeId => parseUuid(text, "volume id") as VolumeId;

export function nodeId(text: string): NodeId {
  if (!NODE_ID.test(text)) {
    throw new SystemError(
      "argument/invalid",
      `node id must be 1 to 63 of a-z 0-9 and inner "-", got "${text}"`,
    );
  }
  return text as NodeId;
}

export function diskId(text: string): DiskId {
  if (!NODE_ID.test(text)) {
    throw new SystemError(
      "argument/invalid",
      `disk id must be 1 to 63 of a-z 0-9 and inner "-", got "${text}"`,
    );
  }
  return text as DiskId;
}

function requireName(what: string, text: string): void {
  if (NAME.test(text)) return;
  throw new SystemError(
    "argument/invalid",
    `${what} name must be 1 to 63 of a-z 0-9 with inner "." and "-", got "${text}"`,
  );
}

export function volumeName(text: string): VolumeName {
  requireName("volume", text);
  return text as VolumeName;
}

export function hostName(text: string): HostName {
  requireName("host", text);
  return text as HostName;
}

export function familyId(value: number): FamilyId {
  assert(Number.isSafeInteger(value) && value >= 1 && value <= FAMILY_ID_MAX, "family id range");
  return value as FamilyId;
}

export function chunkId(family: FamilyId, index: number): ChunkId {
  assert(index >= 0 && index < CHUNKS_PER_FAMILY_MAX, "chunk index range");
  return (family * CHUNKS_PER_FAMILY_MAX + index) as ChunkId;
}

/** Checks a chunk id that came from a disk or the network. */
export function chunkIdFromNumber(value: number): ChunkId {
  assert(Number.isSafeInteger(value) && value >= CHUNKS_PER_FAMILY_MAX, "chunk id range");
  return value as ChunkId;
}

export const familyOf = (chunk: ChunkId): FamilyId =>
  Math.floor(chunk / CHUNKS_PER_FAMILY_MAX) as FamilyId;
export const chunkIndexOf = (chunk: ChunkId): number => chunk % CHUNKS_PER_FAMILY_MAX;
/** `7/12` for chunk 12 of family 7: the form of logs and messages. */
export const formatChunkId = (chunk: ChunkId): string =>
  `${familyOf(chunk)}/${chunkIndexOf(chunk)}`;
