// Reading committed content. Where everything lies is captured in one turn, once its checksums are in
// memory, so that a read sees one committed state, and the extents are pinned until it is done. A checkpoint may meanwhile apply a
// newer small write in place; the checksum captured with the old content shows it, and the read is
// taken again from the newer state. What still differs then is damage.
import {
  CHECKSUM_UNIT,
  type ChunkId,
  EXTENT_SIZE,
  UNITS_PER_EXTENT,
  unitChecksum,
  unitChecksums,
  zeroUnitChecksum,
} from "@ashlar/core";
import type { ReadResult } from "@ashlar/replica";
import type { DiskFile } from "@ashlar/runtime";
import type { Allocator } from "./allocator.ts";
import type { ChunkState } from "./chunk-state.ts";
import { extentPosition, type Layout } from "./format.ts";
import type { PageCache } from "./page-cache.ts";

/** Applies of the same unit that one read may meet; each takes a datasync at least. */
const ATTEMPTS_MAX = 4;

export interface UnitRange {
  readonly chunk: ChunkId;
  readonly firstUnit: number;
  readonly unitCount: number;
}

interface Capture {
  readonly target: Buffer;
  readonly checksums: Uint32Array;
  /** 1 for each unit that comes from the data area. */
  readonly fromDisk: Uint8Array;
  readonly runs: { readonly position: number; readonly at: number; length: number }[];
  readonly pinned: readonly number[];
}

export interface ReaderPorts {
  readonly file: Pick<DiskFile, "read">;
  readonly layout: Layout;
  readonly allocator: Allocator;
  readonly cache: PageCache;
}

function capture(
  state: ChunkState | undefined,
  { chunk, firstUnit, unitCount }: UnitRange,
  { layout, allocator }: ReaderPorts,
): Capture {
  const target = Buffer.allocUnsafe(unitCount * CHECKSUM_UNIT);
  const checksums = new Uint32Array(unitCount);
  const fromDisk = new Uint8Array(unitCount);
  const runs: Capture["runs"] = [];
  const pinned: number[] = [];
  for (let done = 0; done < unitCount; ) {
    const extent = Math.floor((firstUnit + done) / UNITS_PER_EXTENT);
    const from = (firstUnit + done) % UNITS_PER_EXTENT;
    const end = Math.min(UNITS_PER_EXTENT, from + unitCount - done);
    const place = state?.find(extent);
    const waiting = state?.overlay.get(extent);
    const physical = place?.page.physical(place.index) ?? 0;
    const units = place?.page.units(place.index) ?? 0;
    if (physical !== 0) {
      allocator.pin(physical);
      pinned.push(physical);
    }
    for (let unit = from; unit < end; unit += 1, done += 1) {
      const at = done * CHECKSUM_UNIT;
      const block = waiting?.blocks[unit];
      if (block) {
        block.data.copy(target, at);
        checksums[done] = block.checksum;
      } else if (place && (units >>> unit) & 1) {
        checksums[done] = place.page.checksum(place.index, unit);
        fromDisk[done] = 1;
        const position = extentPosition(layout, physical) + unit * CHECKSUM_UNIT;
        const run = runs.at(-1);
        const joins = run?.position === position - (run?.length ?? 0) && run.at + run.length === at;
        if (run && joins) run.length += CHECKSUM_UNIT;
        else runs.push({ position, at, length: CHECKSUM_UNIT });
      } else {
        target.fill(0, at, at + CHECKSUM_UNIT);
        checksums[done] = zeroUnitChecksum(chunk, firstUnit + done);
      }
    }
  }
  return { target, checksums, fromDisk, runs, pinned };
}

/** Units of the chunk whose bytes are not what their checksum says. */
function badUnits(
  { target, checksums, fromDisk }: Capture,
  { chunk, firstUnit }: UnitRange,
): number[] {
  const bad: number[] = [];
  for (let unit = 0; unit < fromDisk.length; unit += 1) {
    if (fromDisk[unit] === 0) continue;
    const at = unit * CHECKSUM_UNIT;
    const bytes = target.subarray(at, at + CHECKSUM_UNIT);
    if (unitChecksum(chunk, firstUnit + unit, bytes) !== checksums[unit])
      bad.push(firstUnit + unit);
  }
  return bad;
}

export interface UnitsRead {
  readonly data: Buffer;
  readonly checksums: Uint32Array;
  /** Units of the chunk whose content is damaged. */
  readonly bad: readonly number[];
}

/** `state` is looked up anew for each attempt. */
export async function readUnits(
  state: () => ChunkState | undefined,
  range: UnitRange,
  ports: ReaderPorts,
): Promise<UnitsRead> {
  const { chunk, firstUnit, unitCount } = range;
  const firstExtent = Math.floor(firstUnit / UNITS_PER_EXTENT);
  const extents = Math.floor((firstUnit + unitCount - 1) / UNITS_PER_EXTENT) - firstExtent + 1;
  for (let attempt = 1; ; attempt += 1) {
    const captured = await ports.cache.whole(
      chunk,
      () => state()?.pagesOf(firstExtent, extents) ?? [],
      () => capture(state(), range, ports),
    );
    try {
      await Promise.all(
        captured.runs.map(({ position, at, length }) =>
          ports.file.read(position, captured.target.subarray(at, at + length)),
        ),
      );
    } finally {
      for (const physical of captured.pinned) ports.allocator.unpin(physical);
    }
    const bad = badUnits(captured, range);
    if (bad.length === 0 || attempt === ATTEMPTS_MAX) {
      return { data: captured.target, checksums: captured.checksums, bad };
    }
  }
}

/** The byte range of what was read, with checksums as the port wants them. */
export function trimmed(
  { data, checksums }: UnitsRead,
  { chunk, offset, length }: { chunk: ChunkId; offset: number; length: number },
): ReadResult {
  const skip = offset % CHECKSUM_UNIT;
  if (skip === 0 && length === data.length) return { data: [data], checksums };
  const part = [data.subarray(skip, skip + length)];
  return { data: part, checksums: unitChecksums(chunk, offset, part) };
}

/** Range of units that covers one extent. */
export const unitsOfExtent = (extent: number): { firstUnit: number; unitCount: number } => ({
  firstUnit: (extent * EXTENT_SIZE) / CHECKSUM_UNIT,
  unitCount: UNITS_PER_EXTENT,
});
