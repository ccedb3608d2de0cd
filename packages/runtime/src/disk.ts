// Durable bytes as a port: what store and logs need of a file or a block device, and no more. The
// Node adapter is real; the test adapter loses what was not synced, as a power cut does.
import type { ScatterList } from "@ashlar/core";

/** Bytes and where in a file they go. */
export interface Piece {
  readonly position: number;
  readonly data: ScatterList;
}

export interface DiskFile {
  readonly path: string;
  sizeBytes(): Promise<number>;
  /** Fills `target` from `position`; bytes past the end are zeros. */
  read(position: number, target: Buffer): Promise<void>;
  /** Writes the whole list at `position`; not durable before the next datasync resolves. */
  write(position: number, data: ScatterList): Promise<void>;
  /**
   * Writes very many small pieces (each at most 128 KiB, none over another) in whatever order; otherwise
   * as `write`. After a failure any of them may be there.
   */
  writeMany(pieces: readonly Piece[]): Promise<void>;
  /** Everything whose write had resolved before the call is durable when this resolves. */
  datasync(): Promise<void>;
  /** Cuts or extends (with zeros) to exactly `sizeBytes`. */
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** `create` fails if the file exists, `open` if it does not. */
  readonly mode: "create" | "open" | "openOrCreate";
  /** Takes an exclusive lock that dies with the process; disk/locked when another holds it. */
  readonly lock?: boolean;
}

/** Errors are SystemErrors: disk/no-space, disk/failed, disk/locked, with the errno in meta. */
export interface Disk {
  open(path: string, options: OpenOptions): Promise<DiskFile>;
  exists(path: string): Promise<boolean>;
  /** Makes a folder and its parents, and makes the new entry durable. */
  makeFolder(path: string): Promise<void>;
  list(folder: string): Promise<string[]>;
  /** Atomic replacement of a file, or a folder moved to a free name; durable when resolved. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Free bytes of the file system that holds `path`. */
  freeBytes(path: string): Promise<number>;
}

/** Of one `writeMany`: enough to keep a pool of threads busy, few enough for reads beside. */
const WRITES_IN_FLIGHT = 4;

/** `writeMany` by single writes, for disks that have nothing better. */
export async function writeEach(pieces: readonly Piece[], write: DiskFile["write"]): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let piece = pieces[next]; piece; piece = pieces[next]) {
      next += 1;
      await write(piece.position, piece.data);
    }
  };
  await Promise.all(Array.from({ length: WRITES_IN_FLIGHT }, worker));
}
