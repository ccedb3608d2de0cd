// A log that must not be used any more is kept for whoever wants to know why: renamed, never deleted.
import type { Disk } from "@ashlar/runtime";

/**
 * Renames a folder, in one step, to the first free of `folder.damaged-1`, `-2` and so on; the new
 * name, or undefined when there is no such folder.
 */
export async function setAside(disk: Disk, folder: string): Promise<string | undefined> {
  if (!(await disk.exists(folder))) return undefined;
  for (let number = 1; ; number += 1) {
    const aside = `${folder}.damaged-${number}`;
    if (await disk.exists(aside)) continue;
    await disk.rename(folder, aside);
    return aside;
  }
}
