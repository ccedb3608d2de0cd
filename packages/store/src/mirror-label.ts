// What a member of a mirror pair says of the pair: how many events it has seen, and what it was then. An event is a
// change of who is current: a member that fails, or one that has caught up. It lies in the zeros behind the
// superblocks, which the store itself never writes, so that each of the two has its own.
import { crc32c, type StoreUuid, storeUuid } from "@ashlar/core";
import type { DiskFile } from "@ashlar/runtime";
import { BLOCK_SIZE, LABEL_START, MAGIC, readU64, writeU64 } from "./format.ts";

/**
 * `both`: the other one was current, too. `alone`: the other one misses what was written since. `behind`: this one
 * misses something, and is never read.
 */
const STATES = ["both", "alone", "behind"] as const;
export type LabelState = (typeof STATES)[number];

export interface MirrorLabel {
  readonly storeUuid: StoreUuid;
  /** Rises with each event, over both members. */
  readonly events: number;
  readonly state: LabelState;
  /** Events that the other one's label tells if it did not hear of the newest: so it is known for the other one. */
  readonly partnerEvents: number;
}

interface Written extends MirrorLabel {
  /** Rises with each write of the label. */
  readonly sequence: number;
}

const LABEL_COPIES = 2;

const LABEL_VERSION = 1;
const CRC_AT = 8;
const STATE_AT = 12;
const SEQUENCE_AT = 16;
const EVENTS_AT = 24;
const UUID_AT = 32;
const UUID_BYTES = 64;
const PARTNER_AT = UUID_AT + UUID_BYTES;

export function encodeLabel(label: Written): Buffer {
  const { storeUuid: uuid, events, state, sequence, partnerEvents } = label;
  const block = Buffer.alloc(BLOCK_SIZE);
  block.writeUInt32LE(MAGIC.mirror, 0);
  block.writeUInt16LE(LABEL_VERSION, 4);
  block.writeUInt32LE(STATES.indexOf(state), STATE_AT);
  writeU64(block, sequence, SEQUENCE_AT);
  writeU64(block, events, EVENTS_AT);
  writeU64(block, partnerEvents, PARTNER_AT);
  block.write(uuid, UUID_AT, UUID_BYTES, "latin1");
  block.writeUInt32LE(crc32c(block), CRC_AT);
  return block;
}

/** Undefined when the block is not a whole label of a version we know. */
export function decodeLabel(source: Buffer): Written | undefined {
  if (source.readUInt32LE(0) !== MAGIC.mirror) return undefined;
  if (source.readUInt16LE(4) !== LABEL_VERSION) return undefined;
  const block = Buffer.from(source);
  block.writeUInt32LE(0, CRC_AT);
  const state = STATES[block.readUInt32LE(STATE_AT)];
  if (!state || crc32c(block) !== source.readUInt32LE(CRC_AT)) return undefined;
  const text = block.toString("latin1", UUID_AT, UUID_AT + UUID_BYTES).replace(/\0+$/, "");
  return {
    storeUuid: storeUuid(text),
    events: readU64(block, EVENTS_AT),
    state,
    partnerEvents: readU64(block, PARTNER_AT),
    sequence: readU64(block, SEQUENCE_AT),
  };
}

async function readCopies(file: DiskFile): Promise<Written[]> {
  const area = Buffer.alloc(LABEL_COPIES * BLOCK_SIZE);
  await file.read(LABEL_START, area);
  const copies: Written[] = [];
  for (let at = 0; at < area.length; at += BLOCK_SIZE) {
    const label = decodeLabel(area.subarray(at, at + BLOCK_SIZE));
    if (label) copies.push(label);
  }
  return copies.sort((a, b) => b.sequence - a.sequence);
}

/** The newest whole copy; undefined of what never was a member of a pair. */
export async function readLabel(file: DiskFile): Promise<MirrorLabel | undefined> {
  const [newest] = await readCopies(file);
  if (!newest) return undefined;
  const { sequence, ...label } = newest;
  return label;
}

/** Durable in both copies when it resolves; the older copy goes first, so that one is always whole. */
export async function writeLabel(file: DiskFile, label: MirrorLabel): Promise<void> {
  const before = (await readCopies(file))[0]?.sequence ?? 0;
  for (const sequence of [before + 1, before + 2]) {
    const position = LABEL_START + (sequence % LABEL_COPIES) * BLOCK_SIZE;
    await file.write(position, [encodeLabel({ ...label, sequence })]);
    await file.datasync();
  }
}
