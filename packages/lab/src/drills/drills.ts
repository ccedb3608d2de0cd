// The drills there are. Each is loaded when it is begun: its initiators are of no use to other commands.
import type { AdminClient } from "@ashlar/rpc";
import type { RehearsalOptions } from "./cluster-validation/rehearsal.ts";
import type { DrillOptions } from "./drill.ts";
import type { Receipt } from "./receipt.ts";

/** `cluster-validation`. @throws what rehearse throws, before anything is changed. */
export async function rehearseValidation(
  admin: AdminClient,
  options: RehearsalOptions,
  watched: Omit<DrillOptions, "clock">,
): Promise<Receipt> {
  const { rehearse } = await import("./cluster-validation/rehearsal.ts");
  return rehearse(admin, options, watched);
}
