// What a replay fills: nothing is known of the store yet but its superblock.
import { EXTENT_SIZE } from "@ashlar/core";
import type { DiskFile } from "@ashlar/runtime";
import { Allocator } from "./allocator.ts";
import { type Layout, layoutOf, storeSeed } from "./format.ts";
import { PageCache } from "./page-cache.ts";
import type { RecoveryPorts } from "./recovery.ts";
import { SlotPool } from "./slot-pool.ts";
import type { Superblock } from "./superblock.ts";

export async function recoveryPorts(
  file: DiskFile,
  superblock: Superblock,
  {
    pageCacheBytes,
    onLoad = () => {},
  }: { readonly pageCacheBytes: number; readonly onLoad?: () => void },
): Promise<RecoveryPorts> {
  const layout = layoutOf(superblock.sizeBytes, superblock.journalBytes);
  const seed = storeSeed(superblock.storeUuid);
  const allocator = new Allocator(layout.extentCount, await grownExtents(file, layout));
  const slots = new SlotPool(allocator);
  const cache = new PageCache({ file, layout, seed, onLoad }, pageCacheBytes);
  return { file, layout, seed, allocator, slots, cache };
}

/** Extents that lie on the disk already; a device, whose file size says 0, has them all. */
async function grownExtents(
  file: DiskFile,
  { dataStart, extentCount }: Pick<Layout, "dataStart" | "extentCount">,
): Promise<number> {
  const sizeBytes = await file.sizeBytes();
  if (sizeBytes === 0) return extentCount;
  return Math.max(0, Math.floor((sizeBytes - dataStart) / EXTENT_SIZE));
}
