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
import { sorted } from "./format.ts";
import { chunk, member } from "./record-codecs.ts";
import type { ChunkConfig, ChunkMember } from "./records.ts";
import type { CatalogState } from "./state.ts";

/** Members by their place in one table of stores, sorted, so that equal states give equal bytes. */
export function writeChunks(to: ByteWriter, { view: { chunks } }: CatalogState): void {
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
