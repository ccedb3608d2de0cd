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
  | {
      readonly kind: "write";
      readonly path: string;
      readonly position: number;
      readonly data: Buffer;
    }
  | { readonly kind: "sync"; readonly path: string };

/** Which sectors of unsynced writes reached the disk. */
export const SURVIVALS = ["none", "all", "writes", "sectors", "anyOrder"] as const;
export type Survival = (typeof SURVIVALS)[number];

/** Of files whose sizes do not change any more. */
export class RecordingDisk extends MemoryDisk {
  private readonly paths: readonly string[];
  private readonly records: DiskRecord[] = [];
  private base: ReadonlyMap<string, Buffer> | undefined;

  constructor(...paths: string[]) {
    super();
    this.paths = paths;
  }

  /** From here on: what is there now is durable. */
  record(): void {
    this.base = new Map(this.paths.map((path) => [path, Buffer.from(this.contentOf(path))]));
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
      if (this.base) this.records.push({ kind: "write", path, position, data: joined });
    };
    return {
      ...file,
      write,
      writeMany: (pieces) => writeEach(pieces, write),
      datasync: async () => {
        await file.datasync();
        if (this.base) this.records.push({ kind: "sync", path });
      },
    };
  }

  /**
   * Calls for each moment, in order, with how to make what a cut leaves then, of all files or of some: what was
   * not synced survives of each by itself.
   */
  async eachMoment(
    judge: (
      at: number,
      image: (survival: Survival, random: Random, paths?: readonly string[]) => Promise<Disk>,
    ) => Promise<void>,
  ): Promise<void> {
    const durable = new Map(
      [...(this.base ?? [])].map(([path, data]) => [path, Buffer.from(data)]),
    );
    const unsynced = new Map<string, Piece[]>(this.paths.map((path) => [path, []]));
    const image = async (
      survival: Survival,
      random: Random,
      paths: readonly string[] = this.paths,
    ): Promise<Disk> => {
      const disk = new MemoryDisk();
      for (const path of paths) {
        const content = Buffer.from(durable.get(path) ?? Buffer.alloc(0));
        for (const { position, data } of survivors(unsynced.get(path) ?? [], survival, random)) {
          data.copy(content, position);
        }
        const file = await disk.open(path, { mode: "create" });
        await file.write(0, [content]);
        await file.datasync();
      }
      return disk;
    };
    await judge(0, image);
    for (const [index, record] of this.records.entries()) {
      const pending = unsynced.get(record.path) ?? [];
      if (record.kind === "write") pending.push(record);
      else {
        const content = durable.get(record.path);
        for (const { position, data } of pending.splice(0))
          if (content) data.copy(content, position);
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
