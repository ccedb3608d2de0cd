// The drills there are. Each is loaded when it is begun: its initiators are of no use to other commands.
import type { AdminClient } from "@ashlar/rpc";
import type { Lab } from "../lab.ts";
import type { RehearsalOptions } from "./cluster-validation/rehearsal.ts";
import type { DrillOptions } from "./drill.ts";
import type { FaultDrillOptions } from "./faults/run-fault-drill.ts";
import type { Receipt } from "./receipt.ts";
import type { DrillSite } from "./site/drill-site.ts";

/** `cluster-validation`. @throws what rehearse throws, before anything is changed. */
export async function rehearseValidation(
  admin: AdminClient,
  options: RehearsalOptions,
  watched: Omit<DrillOptions, "clock">,
): Promise<Receipt> {
  const { rehearse } = await import("./cluster-validation/rehearsal.ts");
  return rehearse(admin, options, watched);
}

/** A drill with faults, by its name in {@link FAULT_DRILLS}. @throws what runFaultDrill throws. */
export async function runFaults(
  name: string,
  site: DrillSite,
  options: FaultDrillOptions,
  watched: Omit<DrillOptions, "clock"> & { readonly tell?: (line: string) => void },
): Promise<Receipt> {
  const { findFaultDrill } = await import("./faults/fault-drills.ts");
  const { runFaultDrill } = await import("./faults/run-fault-drill.ts");
  return runFaultDrill(findFaultDrill(name), { site }, options, watched);
}

/** A lab as the site of drills. @throws SystemError lab/not-found, lab/not-running */
export async function openLabSite(lab: Lab): Promise<DrillSite> {
  const { LabSite } = await import("./site/lab-site.ts");
  return LabSite.open(lab);
}

/** A compose project as the site of drills. @throws SystemError drill/impossible */
export async function openComposeSite(
  project: string,
  options: { readonly signal: AbortSignal },
): Promise<DrillSite> {
  const { ComposeSite } = await import("./site/compose/compose-site.ts");
  const { DOCKER_HOST: dockerHost } = process.env;
  return ComposeSite.open({ project, dockerHost }, options);
}
