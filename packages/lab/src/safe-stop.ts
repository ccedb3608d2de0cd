// Whether a process of a lab is missed when it stops, as the process itself asks when it is told to.
import { clusterId, nodeId, SystemError } from "@ashlar/core";
import { askMayStop, type SafetySubject } from "@ashlar/rpc";
import { nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";
import { isMetadata, type LabDocument, type LabProcess } from "./lab-file.ts";
import { memberAddress } from "./process-configs.ts";

const SUBJECTS = { storage: "node", gateway: "gateway", metadata: "member" } as const;

export const safetySubject = ({ kind, id }: LabProcess): SafetySubject => ({
  kind: SUBJECTS[kind],
  id: nodeId(id),
});

/** @throws SystemError process/needed, or that nobody could be asked. */
export async function requireDispensableProcess(
  lab: LabDocument,
  process: LabProcess,
): Promise<void> {
  const metadata = lab.processes.filter(isMetadata).map(memberAddress);
  const question = {
    subject: safetySubject(process),
    clusterId: clusterId(lab.clusterId),
    metadata,
  };
  const ports = { clock: nodeClock, random: nodeRandom, log: silentLog };
  const reasons = await askMayStop(question, ports);
  if (reasons.length === 0) return;
  throw new SystemError("process/needed", `${process.id} ${reasons.join("; ")}`, {
    hint: "wait with `ashlar safe … --wait`, or stop it without --if-safe",
  });
}
