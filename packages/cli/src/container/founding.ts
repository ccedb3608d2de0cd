// The founding of a site's cluster, once: before any member starts, with the volume of the member
// that founds it. Every further start of the site comes by here too and finds it done.
import { hasCode } from "@ashlar/core";
import type { Disk, Random } from "@ashlar/runtime";
import { type ClusterNote, clusterNote, findNote } from "./cluster-note.ts";
import { roleDocument } from "./documents.ts";
import type { Settings } from "./settings.ts";

interface Ports {
  readonly disk: Disk;
  readonly random: Random;
}

/**
 * Founds the cluster unless that was done. The note of the chosen id comes first: an attempt that was
 * cut short goes on under the same one, and until the note says `founded` no other process runs that
 * could know of the cluster, so even a folder that was lost meanwhile is made again without harm.
 */
export async function foundOnce(
  { disk, random }: Ports,
  settings: Settings,
  { note: notePath, data }: { readonly note: string; readonly data: string },
): Promise<{ readonly clusterId: string; readonly isNew: boolean }> {
  const { parseConfig, writeWholeFile } = await import("@ashlar/runtime");
  const { foundCluster, METADATA_CONFIG } = await import("@ashlar/metadata");
  const write = (note: ClusterNote): Promise<void> =>
    writeWholeFile(disk, notePath, [Buffer.from(`${JSON.stringify(note)}\n`)]);
  const known = await findNote(notePath);
  if (known?.stage === "founded") return { clusterId: known.clusterId, isNew: false };
  const clusterId = known?.clusterId ?? random.uuid();
  if (!known) await write(clusterNote(clusterId, "chosen"));
  const document = { ...roleDocument(settings, clusterId), dataDir: data };
  const config = parseConfig(document, METADATA_CONFIG, settings.id);
  try {
    await foundCluster({ disk, random }, config);
  } catch (thrown) {
    if (!hasCode(thrown, "cluster/exists")) throw thrown;
  }
  await write(clusterNote(clusterId, "founded"));
  return { clusterId, isNew: true };
}
