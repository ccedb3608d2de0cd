// A disk that writes down every write and sync, so that what a power cut may leave can be made for any
// moment: all that was synced, and of the later writes any sectors, whichever order they went out in.
import { type ScatterList, scatterJoin } from "@ashlar/core";
import {
  type Disk,
  type DiskFile,
  type OpenOptions,
  type Random,
  writeEach,
} from "@ashlar/runtime";
import { MemoryDisk } from "@ashlar/runtime/testing";

/** What a disk writes as one, and what a torn write is torn into. */
export const SECTOR_BYTES = 512;

type DiskRecord =
  | { readonly kind: "write"; readonly position: number; readonly data: Buffer }
  | { readonly kind: "sync" };

/** Which sectors of unsynced writes reached the disk. */
export const SURVIVALS = ["none", "all", "writes", "sectors", "anyOrder"] as const;
export type Survival = (typeof SURVIVALS)[number];

/** Of one file, whose size does not change any more. */
export class RecordingDisk extends MemoryDisk {
  private readonly path: string;
  private readonly records: DiskRecord[] = [];
  private base: Buffer | undefined;

  constructor(path: string) {
    super();
    this.path = path;
  }

  /** From here on: what is there now is durable. */
  record(): void {
    this.base = Buffer.from(this.contentOf(this.path));
  }

  /** Writes and syncs so far. */
  get length(): number {
    return this.records.length;
  }

  override async open(path: string, options: OpenOptions): Promise<DiskFile> {
    const file = await super.open(path, options);
    const write = async (position: number, data: ScatterList): Promise<void> => {
      const joined = Buffer.from(scatterJoin(data));
      await file.write(position, [joined]);
      if (this.base) this.records.push({ kind: "write", position, data: joined });
    };
    return {
      ...file,
      write,
      writeMany: (pieces) => writeEach(pieces, write),
      datasync: async () => {
        await file.datasync();
        if (this.base) this.records.push({ kind: "sync" });
      },
    };
  }

  /** Calls for each moment, in order, with how to make what a cut leaves then. */
  async eachMoment(
    judge: (
      at: number,
      image: (survival: Survival, random: Random) => Promise<Disk>,
    ) => Promise<void>,
  ): Promise<void> {
    const durable = Buffer.from(this.base ?? Buffer.alloc(0));
    let unsynced: (DiskRecord & { kind: "write" })[] = [];
    const image = async (survival: Survival, random: Random): Promise<Disk> => {
      const content = Buffer.from(durable);
      for (const { position, data } of survivors(unsynced, survival, random)) {
        data.copy(content, position);
      }
      const disk = new MemoryDisk();
      const file = await disk.open(this.path, { mode: "create" });
      await file.write(0, [content]);
      await file.datasync();
      return disk;
    };
    await judge(0, image);
    for (const [index, record] of this.records.entries()) {
      if (record.kind === "write") unsynced.push(record);
      else {
        for (const { position, data } of unsynced) data.copy(durable, position);
        unsynced = [];
      }
      await judge(index + 1, image);
    }
  }
}

interface Piece {
  readonly position: number;
  readonly data: Buffer;
}

function* sectorsOf({ position, data }: Piece): Generator<Piece> {
  for (let at = 0; at < data.length; at += SECTOR_BYTES) {
    yield { position: position + at, data: data.subarray(at, at + SECTOR_BYTES) };
  }
}

function survivors(writes: readonly Piece[], survival: Survival, random: Random): readonly Piece[] {
  if (survival === "none") return [];
  if (survival === "all") return writes;
  if (survival === "writes") return writes.filter(() => random.below(2) === 0);
  const sectors = writes.flatMap((write) => [...sectorsOf(write)]);
  const kept = sectors.filter(() => random.below(2) === 0);
  return survival === "sectors" ? kept : shuffled(kept, random);
}

function shuffled(pieces: readonly Piece[], random: Random): Piece[] {
  const all = [...pieces];
  for (let at = all.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [all[at], all[other]] = [all[other] as Piece, all[at] as Piece];
  }
  return all;
}
