// Opens sessions for those who propose.
import { accepted } from "../refusal.ts";
import type { ReplicatedLog } from "../replicated-log.ts";

export async function openSession(log: ReplicatedLog): Promise<{ readonly session: number }> {
  return accepted((await log.propose({ kind: "openSession" })).result);
}
