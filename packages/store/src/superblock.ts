// The root of a store: who it belongs to, its layout, and where its last checkpoint is. Of the four
// copies a write replaces two, alternating, so that a torn write never touches the pair before it;
// the newest valid copy wins. A fallback to an older pair is noticed by the journal (its ring was
// released) or by the pages (theirs were reused), so it is never silently wrong.
import {
  type ClusterId,
  clusterId,
  crc32c,
  type DiskId,
  diskId,
  MIB,
  type NodeId,
  nodeId,
  type StoreUuid,
  SystemError,
  storeUuid,
} from "@ashlar/core";
import type { DiskFile } from "@ashlar/runtime";
import {
  BLOCK_SIZE,
  corrupt,
  FORMAT_VERSION,
  LABEL_END,
  LABEL_START,
  MAGIC,
  readU64,
  SUPERBLOCK_COPIES,
  writeU64,
} from "./format.ts";

export interface Superblock {
  readonly clusterId: ClusterId;
  readonly node: NodeId;
  readonly diskId: DiskId;
  readonly storeUuid: StoreUuid;
  readonly sizeBytes: number;
  readonly journalBytes: number;
  readonly chunkSize: number;
  /** Rises with each write of a superblock. */
  readonly sequence: number;
  /** Journal position where replay begins. */
  readonly replayFrom: number;
  /** First extent of the checkpoint's directory, 0 before the first checkpoint. */
  readonly directory: number;
  /** Of the checkpoint that wrote the directory: an older one in its place is not it. */
  readonly directorySequence: number;
}

const CRC_AT = 8;
const DEVICE_HEAD_BYTES = MIB;
const TEXT_BYTES = 64;
const TEXTS = ["clusterId", "node", "diskId", "storeUuid"] as const;
const NUMBERS = [
  "sizeBytes",
  "journalBytes",
  "chunkSize",
  "sequence",
  "replayFrom",
  "directory",
  "directorySequence",
] as const;
const TEXT_AT = 16;
const NUMBER_AT = TEXT_AT + TEXTS.length * TEXT_BYTES;

export function encodeSuperblock(superblock: Superblock): Buffer {
  const block = Buffer.alloc(BLOCK_SIZE);
  block.writeUInt32LE(MAGIC.superblock, 0);
  block.writeUInt16LE(FORMAT_VERSION, 4);
  TEXTS.forEach((field, index) => {
    block.write(superblock[field], TEXT_AT + index * TEXT_BYTES, TEXT_BYTES, "latin1");
  });
  NUMBERS.forEach((field, index) => {
    writeU64(block, superblock[field], NUMBER_AT + index * 8);
  });
  block.writeUInt32LE(crc32c(block), CRC_AT);
  return block;
}

/** Undefined when the block is not a whole superblock of a version we know. */
export function decodeSuperblock(source: Buffer): Superblock | undefined {
  if (source.readUInt32LE(0) !== MAGIC.superblock) return undefined;
  if (source.readUInt16LE(4) !== FORMAT_VERSION) return undefined;
  const block = Buffer.from(source);
  block.writeUInt32LE(0, CRC_AT);
  if (crc32c(block) !== source.readUInt32LE(CRC_AT)) return undefined;
  const text = (field: (typeof TEXTS)[number]): string => {
    const at = TEXT_AT + TEXTS.indexOf(field) * TEXT_BYTES;
    return block.toString("latin1", at, at + TEXT_BYTES).replace(/\0+$/, "");
  };
  const number = (field: (typeof NUMBERS)[number]): number =>
    readU64(block, NUMBER_AT + NUMBERS.indexOf(field) * 8);
  return {
    clusterId: clusterId(text("clusterId")),
    node: nodeId(text("node")),
    diskId: diskId(text("diskId")),
    storeUuid: storeUuid(text("storeUuid")),
    sizeBytes: number("sizeBytes"),
    journalBytes: number("journalBytes"),
    chunkSize: number("chunkSize"),
    sequence: number("sequence"),
    replayFrom: number("replayFrom"),
    directory: number("directory"),
    directorySequence: number("directorySequence"),
  };
}

/** The newest valid copy, undefined when there is none. */
export async function readSuperblock(file: DiskFile): Promise<Superblock | undefined> {
  const blocks = Buffer.alloc(SUPERBLOCK_COPIES * BLOCK_SIZE);
  await file.read(0, blocks);
  let newest: Superblock | undefined;
  for (let at = 0; at < blocks.length; at += BLOCK_SIZE) {
    const found = decodeSuperblock(blocks.subarray(at, at + BLOCK_SIZE));
    if (found && found.sequence > (newest?.sequence ?? -1)) newest = found;
  }
  return newest;
}

/** Why there is no superblock to be read, and whether nothing was ever written there. */
export async function absenceOf(
  file: DiskFile,
): Promise<{ readonly error: SystemError; readonly isBlank: boolean }> {
  const { path } = file;
  const block = Buffer.alloc(BLOCK_SIZE);
  for (let copy = 0; copy < SUPERBLOCK_COPIES; copy += 1) {
    await file.read(copy * BLOCK_SIZE, block);
    if (block.readUInt32LE(0) !== MAGIC.superblock) continue;
    const version = block.readUInt16LE(4);
    const error =
      version === FORMAT_VERSION ? corrupt("no superblock is whole") : ofVersion(file, version);
    return { error, isBlank: false };
  }
  const error = new SystemError("disk/foreign", `${path} holds no chunk store`, { path });
  // A device tells no size; what else may lie on one begins within this, and an operator has to wipe it.
  const head = Buffer.alloc(DEVICE_HEAD_BYTES);
  const sizeBytes = await file.sizeBytes();
  await file.read(0, head);
  // Of a file that is being made a mirror there may be a torn label, and nothing before it.
  const isLabelOnly = sizeBytes > 0 && sizeBytes <= LABEL_END;
  const isZero = head
    .subarray(0, isLabelOnly ? LABEL_START : undefined)
    .every((byte) => byte === 0);
  return { error, isBlank: isZero && (sizeBytes === 0 || isLabelOnly) };
}

function ofVersion({ path }: DiskFile, version: number): SystemError {
  const message = `${path} is a store of format ${version}; this program knows ${FORMAT_VERSION}`;
  return new SystemError("disk/foreign", message, {
    path,
    hint: "start the version that made it, or give the disk a new store",
  });
}

/** Replaces the older pair; durable after the next datasync. */
export async function writeSuperblock(file: DiskFile, superblock: Superblock): Promise<void> {
  const block = encodeSuperblock(superblock);
  await file.write((superblock.sequence % 2) * 2 * BLOCK_SIZE, [block, block]);
}
