// A replicated volume as a BlockDevice: a range of the volume becomes operations on its chunks, of at
// most OP_LENGTH_MAX each, done side by side and joined in order without copying. The chunk map is the
// catalog's mirror; the router brings each part to its primary.
//
// Atomicity ends at a part: a write that crosses a chunk border, or is longer than OP_LENGTH_MAX, may
// be partly done when it fails. Hosts are told so by the limits in VPD page B0.

import { setMaxListeners } from "node:events";
import type { VolumeRecord } from "@ashlar/catalog";
import {
  alignDown,
  alignUp,
  type BlockDevice,
  CHECKSUM_UNIT,
  CHUNK_SIZE_DEFAULT,
  type ChunkRange,
  chunkId,
  OP_LENGTH_MAX,
  type OperationOptions,
  PartEnds,
  type ScatterList,
  SystemError,
  scatterLength,
  scatterSlice,
  splitRange,
  toSystemError,
  unitChecksums,
  type VolumeId,
} from "@ashlar/core";
import type { CatalogClient } from "@ashlar/rpc";
import type { OperationRouter } from "./operation-router.ts";

/** Parts of one command on their way at a time: enough to keep every node of a volume at work. */
const PARTS_IN_FLIGHT_MAX = 16;

export interface VolumeDependencies {
  readonly client: CatalogClient;
  /** Shared by all volumes of the gateway. */
  readonly router: OperationRouter;
}

/**
 * Opens a volume that the catalog's mirror knows.
 * @throws SystemError volume/not-found.
 */
export function openVolume(
  dependencies: VolumeDependencies,
  { volume }: { readonly volume: VolumeId },
): ReplicatedVolume {
  const record = dependencies.client.view.volumes.get(volume);
  if (!record) throw new SystemError("volume/not-found", `there is no volume ${volume}`);
  return new ReplicatedVolume(dependencies, record);
}

/** What a payload may do to a range as long as itself. */
type Change = "write" | "orWrite";

interface UnmapPiece {
  readonly offset: number;
  readonly length: number;
  /** Zeros are written there. */
  readonly isEdge: boolean;
}

export class ReplicatedVolume implements BlockDevice {
  readonly blockSize: number;
  private readonly client: CatalogClient;
  private readonly router: OperationRouter;
  private readonly opened: VolumeRecord;
  private closed = false;

  constructor({ client, router }: VolumeDependencies, record: VolumeRecord) {
    this.client = client;
    this.router = router;
    this.opened = record;
    this.blockSize = record.blockSize;
  }

  get sizeBytes(): number {
    return (this.client.view.volumes.get(this.opened.volume) ?? this.opened).sizeBytes;
  }

  /**
   * Asked of the primary are whole checksum units, so that the checksums of the disk itself prove
   * what arrives here.
   */
  async read(offset: number, length: number, options: OperationOptions): Promise<ScatterList> {
    this.check(offset, length, options);
    const from = alignDown(offset, CHECKSUM_UNIT);
    const units = alignUp(offset + length, CHECKSUM_UNIT) - from;
    const data = await this.readUnits(from, units, options);
    return units === length ? data : scatterSlice(data, offset - from, length);
  }

  write(offset: number, data: ScatterList, options: OperationOptions): Promise<void> {
    return this.change("write", { offset, data }, options);
  }

  /** Each part is one operation of its primary. */
  orWrite(offset: number, data: ScatterList, options: OperationOptions): Promise<void> {
    return this.change("orWrite", { offset, data }, options);
  }

  async unmapBlocks(offset: number, length: number, options: OperationOptions): Promise<void> {
    this.check(offset, length, options);
    const end = offset + length;
    const innerFrom = Math.min(alignUp(offset, CHECKSUM_UNIT), end);
    const innerTo = Math.max(innerFrom, alignDown(end, CHECKSUM_UNIT));
    const { chunkSize } = this;
    const pieces = unmapPieces([offset, innerFrom, innerTo, end], chunkSize);
    await eachPart(pieces, options, async (piece) => {
      if (piece.isEdge) return this.write(piece.offset, [Buffer.alloc(piece.length)], options);
      const index = Math.floor(piece.offset / chunkSize);
      await this.router.execute(
        {
          kind: "unmap",
          volume: this.opened.volume,
          chunk: chunkId(this.opened.family, index),
          offset: piece.offset - index * chunkSize,
          length: piece.length,
        },
        options,
      );
    });
  }

  /** Every acknowledged write is durable on all in-sync replicas already (WCE=0). */
  async flush(options: OperationOptions): Promise<void> {
    this.check(0, 0, options);
  }

  async compareAndWrite(
    offset: number,
    expected: ScatterList,
    data: ScatterList,
    options: OperationOptions,
  ): Promise<void> {
    const length = scatterLength(data);
    this.check(offset, length, options);
    const [part, ...more] = splitRange(offset, length, this.chunkSize);
    if (!part || more.length > 0 || scatterLength(expected) !== length) {
      throw new SystemError(
        "argument/invalid",
        `compare-and-write of ${length} bytes at ${offset} is not one part of one chunk`,
        { hint: `keep it within ${OP_LENGTH_MAX} bytes and off chunk borders` },
      );
    }
    const payload = [...expected, ...data];
    const chunk = chunkId(this.opened.family, part.index);
    await this.router.execute(
      {
        kind: "compareAndWrite",
        volume: this.opened.volume,
        chunk,
        offset: part.offset,
        length,
        data: payload,
        checksums: unitChecksums(chunk, part.offset, payload),
      },
      options,
    );
  }

  /** Later operations are refused; those under way end as they would. */
  close(): void {
    this.closed = true;
  }

  private get chunkSize(): number {
    return this.client.view.cluster?.chunkSize ?? CHUNK_SIZE_DEFAULT;
  }

  private async readUnits(
    offset: number,
    length: number,
    options: OperationOptions,
  ): Promise<ScatterList> {
    const parts = splitRange(offset, length, this.chunkSize);
    const [only] = parts;
    if (only && parts.length === 1) return this.readPart(only, options);
    const replies: ScatterList[] = new Array(parts.length);
    await eachPart(parts, options, async (part, index) => {
      replies[index] = await this.readPart(part, options);
    });
    return replies.flat();
  }

  private async readPart(part: ChunkRange, options: OperationOptions): Promise<ScatterList> {
    const reply = await this.router.execute(
      {
        kind: "read",
        volume: this.opened.volume,
        chunk: chunkId(this.opened.family, part.index),
        offset: part.offset,
        length: part.length,
      },
      options,
    );
    return reply.data;
  }

  private async change(
    kind: Change,
    { offset, data }: { readonly offset: number; readonly data: ScatterList },
    options: OperationOptions,
  ): Promise<void> {
    const length = scatterLength(data);
    this.check(offset, length, options);
    const parts = splitRange(offset, length, this.chunkSize);
    const [only] = parts;
    if (only && parts.length === 1) return this.changePart(kind, { part: only, data }, options);
    await eachPart(parts, options, (part) =>
      this.changePart(kind, { part, data: scatterSlice(data, part.at, part.length) }, options),
    );
  }

  private async changePart(
    kind: Change,
    { part, data }: { readonly part: ChunkRange; readonly data: ScatterList },
    options: OperationOptions,
  ): Promise<void> {
    const chunk = chunkId(this.opened.family, part.index);
    await this.router.execute(
      {
        kind,
        volume: this.opened.volume,
        chunk,
        offset: part.offset,
        length: part.length,
        data,
        checksums: unitChecksums(chunk, part.offset, data),
      },
      options,
    );
  }

  private check(offset: number, length: number, { signal }: OperationOptions): void {
    if (this.closed) throw new SystemError("operation/aborted", "the volume was closed");
    if (signal.aborted) throw toSystemError(signal.reason, "operation/aborted");
    if (offset % this.blockSize !== 0 || length % this.blockSize !== 0 || offset < 0) {
      throw new SystemError("argument/invalid", `${offset}+${length} is not whole blocks`);
    }
    if (offset + length > this.sizeBytes) {
      throw new SystemError(
        "volume/out-of-range",
        `${offset}+${length} lies beyond the volume's ${this.sizeBytes} bytes`,
      );
    }
  }
}

/**
 * Pieces of [from, to) cut at chunk borders, but for edges of less than a checksum unit; made as they are used: a volume
 * has many chunks.
 */
function* unmapPieces(
  [from, innerFrom, innerTo, to]: readonly [number, number, number, number],
  chunkSize: number,
): Generator<UnmapPiece> {
  if (from < innerFrom) yield { offset: from, length: innerFrom - from, isEdge: true };
  if (innerTo < to) yield { offset: innerTo, length: to - innerTo, isEdge: true };
  for (let offset = innerFrom; offset < innerTo; ) {
    const length = Math.min(innerTo - offset, chunkSize - (offset % chunkSize));
    yield { offset, length, isEdge: false };
    offset += length;
  }
}

/**
 * Calls `each` for every part, PARTS_IN_FLIGHT_MAX at a time. After a failure no further part begins, and it throws
 * when all that ran are settled: until then their payload is in use.
 */
async function eachPart<P>(
  parts: Iterable<P>,
  { signal }: OperationOptions,
  each: (part: P, index: number) => Promise<void>,
): Promise<void> {
  // Each part listens to the signal; Node would call that a leak from the eleventh on.
  setMaxListeners(2 * PARTS_IN_FLIGHT_MAX, signal);
  const queue = parts[Symbol.iterator]();
  let index = 0;
  const ends = new PartEnds();
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !next.done && !ends.hasFailed; next = queue.next()) {
      const [end] = await Promise.allSettled([each(next.value, index++)]);
      ends.add(end);
    }
  };
  await Promise.all(Array.from({ length: PARTS_IN_FLIGHT_MAX }, lane));
  ends.settle();
}
