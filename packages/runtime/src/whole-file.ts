// Files that are there as a whole or not at all: written beside, synced, renamed into place.
import type { ScatterList } from "@ashlar/core";
import type { Disk } from "./disk.ts";

/** Ending of a file that is being written; one that is found was never finished. */
const PART = ".part";

/**
 * Replaces `path` by `data`, durable when resolved.
 * @throws SystemError disk/no-space, disk/failed: what stood at `path` before stands there still,
 * unless the failing step was the last one.
 */
export async function writeWholeFile(disk: Disk, path: string, data: ScatterList): Promise<void> {
  const part = `${path}${PART}`;
  await disk.remove(part);
  const file = await disk.open(part, { mode: "create" });
  try {
    await file.write(0, data);
    await file.datasync();
  } catch (thrown) {
    await file.close();
    await disk.remove(part);
    throw thrown;
  }
  await file.close();
  await disk.rename(part, path);
}

/** Removes a file for good: unlike a removal, a rename is durable, and nobody reads a part. */
export async function removeWholeFile(disk: Disk, path: string): Promise<void> {
  const part = `${path}${PART}`;
  await disk.rename(path, part);
  await disk.remove(part);
}

export async function readWholeFile(disk: Disk, path: string): Promise<Buffer> {
  const file = await disk.open(path, { mode: "open" });
  try {
    const found = Buffer.alloc(await file.sizeBytes());
    await file.read(0, found);
    return found;
  } finally {
    await file.close();
  }
}
