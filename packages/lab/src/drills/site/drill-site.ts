// What a drill needs of the world in which a cluster runs: to end, hold and cut off its processes and to take its
// disks away, on machines, in a lab, in containers. A site need not be able to do everything; what it cannot do it
// names with the reason, and a drill that needs it refuses before anything was touched.
//
// Each call does its deed and no more: whether the cluster noticed, and when it is whole again, the drill finds out
// by itself. All of them are idempotent: what is down may be killed, what was never cut off may be healed.
import { SystemError } from "@ashlar/core";
import type { AdminClient } from "@ashlar/rpc";

export type SiteProcessKind = "metadata" | "storage" | "gateway";

export interface SiteProcess {
  readonly kind: SiteProcessKind;
  /** As the cluster names it. */
  readonly id: string;
  /** What is cut off from the network as a whole; of a lab every process is a machine of its own. */
  readonly machine: string;
  readonly running: boolean;
}

/** Where hosts find a gateway, as it is reached from where the drill runs. */
export interface SitePortal {
  readonly gateway: string;
  /** host:port */
  readonly address: string;
}

export interface SiteDisk {
  /** Id of the storage process. */
  readonly node: string;
  readonly disk: string;
}

/** A disk that misbehaves until `end`. */
export interface DiskFault {
  /** Operations of the disk that were failed or delayed so far; undefined when the site cannot tell. */
  calls(): number | undefined;
  /** Resolves when the disk is as it was; twice is as good as once. */
  end(): Promise<void>;
}

export const SITE_ABILITIES = [
  "kill",
  "stop",
  "pause",
  "isolate",
  "fail-disk",
  "slow-disk",
  "empty-disk",
  "wipe",
] as const;
export type SiteAbility = (typeof SITE_ABILITIES)[number];

/** Why a site cannot do something, and what to do about it. */
export interface Inability {
  readonly reason: string;
  /** One sentence without a full stop. */
  readonly hint: string;
}

interface Call {
  readonly signal: AbortSignal;
}

/** What a drill asks of the cluster itself. */
export type DrillAdmin = Pick<
  AdminClient,
  | "clusterStatus"
  | "listNodes"
  | "listVolumes"
  | "createVolume"
  | "deleteVolume"
  | "checkVolume"
  | "retireDisk"
  | "close"
>;

export interface DrillSite {
  /** For receipts: `the lab in ./lab`. */
  readonly name: string;
  /** What it cannot do; absent is what it can. */
  readonly cannot: Readonly<Partial<Record<SiteAbility, Inability>>>;
  /** How a killed process is told from a lost machine: for receipts, one sentence without a full stop. */
  readonly killNote: string;

  /** A client of the cluster's metadata members, for the length of the drill; the caller closes it. */
  openAdmin(): DrillAdmin;
  /** In fixed order, those that do not run included. */
  processes(call: Call): Promise<readonly SiteProcess[]>;
  portals(call: Call): Promise<readonly SitePortal[]>;
  /** Metrics of a process in Prometheus' text form; undefined while it does not answer. */
  metrics(id: string, call: Call): Promise<string | undefined>;

  /** SIGKILL; resolves when the process is gone. It stays down until started. */
  kill(id: string, call: Call): Promise<void>;
  /** Asks it to end in order (SIGTERM); resolves when it is gone. It stays down until started. */
  stop(id: string, call: Call): Promise<void>;
  /** Resolves when the process was started, which is before it serves. */
  start(id: string, call: Call): Promise<void>;
  /** Holds the process where it is (SIGSTOP, the freezer): its connections stand and nothing answers. */
  pause(id: string, call: Call): Promise<void>;
  resume(id: string, call: Call): Promise<void>;
  /** From now on nothing passes between the machine and any other one, hosts included, either way. */
  isolate(machine: string, call: Call): Promise<void>;
  heal(machine: string, call: Call): Promise<void>;
  /** From now on every operation of the disk fails, under the process that uses it. */
  failDisk(disk: SiteDisk, call: Call): Promise<DiskFault>;
  /** From now on every operation of the disk takes so much longer. */
  slowDisk(disk: SiteDisk, delayMs: number, call: Call): Promise<DiskFault>;
  /** Puts an empty disk in the place of one whose storage process is down. */
  emptyDisk(disk: SiteDisk, call: Call): Promise<void>;
  /** An empty machine in the place of a process that is down: nothing of its data is left. */
  wipe(id: string, call: Call): Promise<void>;
}

/** @throws SystemError drill/impossible naming the first thing that the site cannot do. */
export function requireAbilities(
  { name, cannot }: Pick<DrillSite, "name" | "cannot">,
  needed: readonly SiteAbility[],
): void {
  for (const ability of needed) {
    const inability = cannot[ability];
    if (!inability) continue;
    const { reason, hint } = inability;
    throw new SystemError("drill/impossible", `${name} cannot do this drill: ${reason}`, { hint });
  }
}
