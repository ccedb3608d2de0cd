// What a lab tells about itself: the document of `lab up --json` and `lab status --json`, a stable
// contract.
import { hasCode, SystemError } from "@ashlar/core";
import type { VolumeStatus } from "@ashlar/rpc";
import type { SupervisorStatus } from "@ashlar/supervisor";
import { formatAddress } from "./addresses.ts";
import { isGateway, type LabDocument, type LabProcess } from "./lab-file.ts";
import { adminAddresses } from "./process-configs.ts";
import { ASKING_PATIENCE_MS, labAdmin } from "./readiness.ts";

export interface LabStatus {
  readonly dir: string;
  /** URL of the web console; null while there is none. */
  readonly console: string | null;
  /** host:port of the metadata members. */
  readonly admin: readonly string[];
  /** As told to initiators, in order of the gateways. */
  readonly portals: readonly string[];
  readonly volumes: readonly {
    readonly name: string;
    readonly iqn: string;
    readonly lun: number;
    readonly sizeBytes: number;
  }[];
  /** Every role process in fixed order; `pid` is null while it does not run. */
  readonly processes: readonly {
    readonly kind: LabProcess["kind"];
    readonly id: string;
    readonly pid: number | null;
  }[];
}

/** A status with what people want to know besides. */
export interface LabReport {
  readonly status: LabStatus;
  readonly states: ReadonlyMap<string, string>;
  readonly metrics: ReadonlyMap<string, string>;
  /** False when the metadata service does not answer: then `volumes` is empty. */
  readonly volumesKnown: boolean;
}

async function knownVolumes(
  lab: LabDocument,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly VolumeStatus[] | undefined> {
  const admin = labAdmin(lab, { patienceMs: ASKING_PATIENCE_MS });
  try {
    return await admin.listVolumes({ signal });
  } catch (thrown) {
    if (thrown instanceof SystemError && !hasCode(thrown, "internal")) return undefined;
    throw thrown;
  } finally {
    admin.close();
  }
}

/** Asks the supervisor's word for granted and the metadata service for the volumes. */
export async function reportLab(
  dir: string,
  lab: LabDocument,
  supervisor: SupervisorStatus,
  options: { readonly signal: AbortSignal },
): Promise<LabReport> {
  const volumes = await knownVolumes(lab, options);
  const byId = new Map(supervisor.processes.map((process) => [process.id, process]));
  const status: LabStatus = {
    dir,
    console: null,
    admin: adminAddresses(lab),
    portals: lab.processes
      .filter(isGateway)
      .map(({ advertise }) => formatAddress(advertise.host, advertise.port)),
    volumes: (volumes ?? []).map(({ name, iqn, lun, sizeBytes }) => ({
      name,
      iqn,
      lun,
      sizeBytes,
    })),
    processes: lab.processes.map(({ kind, id }) => ({ kind, id, pid: byId.get(id)?.pid ?? null })),
  };
  return {
    status,
    states: new Map(lab.processes.map(({ id }) => [id, byId.get(id)?.state ?? "down"])),
    metrics: new Map(
      lab.processes.map(({ id, host, metricsPort }) => [
        id,
        `http://${formatAddress(host, metricsPort)}/metrics`,
      ]),
    ),
    volumesKnown: volumes !== undefined,
  };
}
