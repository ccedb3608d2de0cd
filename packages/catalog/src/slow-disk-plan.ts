// Which chunks are led from a slow disk and could be led from another one in sync: all of them at once, since their hosts
// wait; that leading is spread evenly again is another plan's matter (primary-plan.ts), which leaves slow disks out.
// Pure; the work pauses often, since who plans has others to answer meanwhile.
import type { NodeId, StoreUuid } from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import type { IsrCandidate } from "./command.ts";
import type { CatalogMirror } from "./mirror.ts";
import { disksForCopies, openDisks } from "./placement.ts";
import type { ChunkMember } from "./records.ts";

/** Chunks looked at between two pauses: well below a millisecond. */
const CHUNKS_PER_PAUSE = 1024;

/** At most `movesMax` moves of leading, each to the member whose node leads least. */
export function* planOffSlowDisksInParts(
  { nodes, volumes, chunks }: CatalogMirror,
  movesMax: number,
): Generator<void, readonly IsrCandidate[], undefined> {
  const records = [...nodes.values()];
  const slow = new Set<StoreUuid>();
  const open = new Set<StoreUuid>();
  const preferred = new Set<StoreUuid>();
  for (const record of records) {
    for (const { storeUuid, slow: mark } of record.disks) if (mark) slow.add(storeUuid);
    for (const { storeUuid } of openDisks(record)) open.add(storeUuid);
    for (const { storeUuid } of disksForCopies(record)) preferred.add(storeUuid);
  }
  if (slow.size === 0) return [];
  const led = new Map<NodeId, number>();
  for (const { member, load } of chunks.loads()) {
    led.set(member.node, (led.get(member.node) ?? 0) + load.primaries);
  }
  const costOf = ({ node, storeUuid }: ChunkMember): readonly [number, number] => [
    preferred.has(storeUuid) ? 0 : 1,
    led.get(node) ?? 0,
  ];
  const items: IsrCandidate[] = [];
  const visit = (row: ChunkRow): void => {
    if (items.length >= movesMax) return;
    const { chunk, epoch, version, members, primary } = row;
    if (!slow.has(primary.storeUuid)) return;
    const [best] = members
      .filter((member, slot) => {
        const { node, storeUuid } = member;
        const serves = row.roleAt(slot) === "isr" && open.has(storeUuid);
        return serves && node !== primary.node && !slow.has(storeUuid);
      })
      .sort((a, b) => compare(costOf(a), costOf(b)));
    if (!best) return;
    led.set(best.node, (led.get(best.node) ?? 0) + 1);
    items.push({ chunk, epoch, version, store: best.storeUuid });
  };
  const frozen = chunks.frozen();
  for (const { family } of [...volumes.values()].sort((a, b) => a.family - b.family)) {
    for (let from = 0; from < frozen.rowsOf(family); from += CHUNKS_PER_PAUSE) {
      frozen.scan(family, visit, { from, until: from + CHUNKS_PER_PAUSE });
      yield;
      if (items.length >= movesMax) return items;
    }
  }
  return items;
}

const compare = (a: readonly [number, number], b: readonly [number, number]): number =>
  a[0] - b[0] || a[1] - b[1];
