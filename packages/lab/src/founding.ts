// The founding of a lab's cluster: one metadata member's folder is formatted as the founder's, once in
// the lab's life and before any process runs. All other members start blank and join, and so does the
// founder itself should its folder be lost: founded a second time it would be another cluster.
import { hasCode, present } from "@ashlar/core";
import { nodeDisk, type Random, readConfig } from "@ashlar/runtime";
import { isMetadata, type LabDocument, writeLab } from "./lab-file.ts";
import { labPaths } from "./lab-paths.ts";

/** The lab with a cluster in it; its configuration files are written. */
export async function foundOnce(
  { random }: { readonly random: Random },
  dir: string,
  lab: LabDocument,
): Promise<LabDocument> {
  if (lab.stage !== "planned") return lab;
  const founder = present(lab.processes.find(isMetadata), "a lab has a metadata member");
  // Loaded here, since nothing else of a lab needs the metadata service's own code.
  const { foundCluster, METADATA_CONFIG } = await import("@ashlar/metadata");
  const config = await readConfig(labPaths(dir).configOf(founder.id), METADATA_CONFIG);
  try {
    await foundCluster({ disk: nodeDisk, random }, config);
  } catch (thrown) {
    // An earlier first up was killed between the founding and the note of it.
    if (!hasCode(thrown, "cluster/exists")) throw thrown;
  }
  const founded: LabDocument = { ...lab, stage: "founded" };
  await writeLab(dir, founded);
  return founded;
}
