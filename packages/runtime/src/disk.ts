// Durable bytes as a port: what store and logs need of a file or a block device, and no more. The
// Node adapter is real; the test adapter loses what was not synced, as a power cut does.
import type { ScatterList } from "@ashlar/core";

export interface DiskFile {
  readonly path: string;
  sizeBytes(): Promise<number>;
  /** Fills `target` from `position`; bytes past the end are zeros. */
  read(position: number, target: Buffer): Promise<void>;
  /** Writes the whole list at `position`; not durable before the next datasync resolves. */
  write(position: number, data: ScatterList): Promise<void>;
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
