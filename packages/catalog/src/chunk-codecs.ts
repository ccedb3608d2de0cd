// Chunk configurations in a snapshot: by far its largest part, so members are named by their places in
// one table of stores.
import {
  type ByteReader,
  type ByteWriter,
  CodecError,
  list,
  present,
  type StoreUuid,
} from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import type { ChunkTables } from "./chunk-tables.ts";
import { sorted } from "./format.ts";
import { chunk, member } from "./record-codecs.ts";
import type { ChunkConfig, ChunkMember } from "./records.ts";

const MEMBER_IN_ISR = 1;
const MEMBER_LEARNS = 2;
/** Beside the role, since state format 7. */
const MEMBER_LEAVES = 4;
const ROLE = { isr: MEMBER_IN_ISR, learner: MEMBER_LEARNS, out: 0 } as const;
/** Chunks written between two pauses: well below a millisecond. */
const CHUNKS_PER_PAUSE = 1024;

/**
 * Members by their place in one table of stores, sorted, so that equal states give equal bytes. Pauses
 * often; `chunks` stay as they are meanwhile.
 */
export function* writeChunks(
  to: ByteWriter,
  chunks: ChunkTables,
): Generator<void, void, undefined> {
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
  for (const family of families) {
    to.uint(chunks.countOf(family));
    const rows = chunks.rowsOf(family);
    for (let from = 0; from < rows; from += CHUNKS_PER_PAUSE) {
      chunks.scan(family, (row) => writeChunk(to, row, places), {
        from,
        until: from + CHUNKS_PER_PAUSE,
      });
      yield;
    }
  }
}

function writeChunk(to: ByteWriter, row: ChunkRow, places: ReadonlyMap<ChunkMember, number>): void {
  const { members, primary } = row;
  to.uint(row.chunk);
  to.uint(row.epoch);
  to.uint(row.version);
  to.uint(row.primaryIncarnation);
  to.u8(members.indexOf(primary));
  to.u8(members.length);
  for (let slot = 0; slot < members.length; slot += 1) {
    const one = present(members[slot], "within the list");
    to.uint(present(places.get(one), "loads name it"));
    to.u8(ROLE[row.roleAt(slot)] | (row.isLeaving(slot) ? MEMBER_LEAVES : 0));
  }
}

export function* readChunks(from: ByteReader): Generator<ChunkConfig, void, undefined> {
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
  const leaving: StoreUuid[] = [];
  for (let count = from.u8(); count > 0; count -= 1) {
    const one = stores[from.uint()];
    if (!one) throw new CodecError("a chunk names an unknown store");
    const flags = from.u8();
    const role = flags & ~MEMBER_LEAVES;
    members.push(one);
    if (role !== flags) leaving.push(one.storeUuid);
    if (role === MEMBER_IN_ISR) isr.push(one.storeUuid);
    if (role === MEMBER_LEARNS) learners.push(one.storeUuid);
  }
  const primary = members[primarySlot];
  if (!primary) throw new CodecError("a chunk has no primary");
  return {
    ...head,
    members,
    isr,
    learners,
    ...(leaving.length > 0 && { leaving }),
    primary: { node: primary.node, incarnation },
  };
}
