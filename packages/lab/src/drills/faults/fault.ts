// A fault as a drill sees it: what is done, how it is undone, and what only it can have caused. Planned anew for each
// round, from how the cluster stands.
import type { Random } from "@ashlar/runtime";
import type {
  DrillAdmin,
  DrillSite,
  SiteAbility,
  SiteProcess,
  SiteProcessKind,
} from "../site/drill-site.ts";
import type { ClusterTraces } from "./cluster-watch.ts";
import type { ClusterState } from "./redundancy.ts";

export interface FaultCall {
  readonly signal: AbortSignal;
}

export interface Fault {
  /** For people: `SIGKILL of storage-2 (leads 3 chunks)`. */
  readonly text: string;
  readonly begin: (call: FaultCall) => Promise<void>;
  /** Everything as it was; also after half a begin, and twice. */
  readonly end: (call: FaultCall) => Promise<void>;
  /** What shows that it took place; undefined: nothing does. */
  readonly trace: (traces: ClusterTraces) => string | undefined;
  /** How long it lasts where that is not the drill's choice. */
  readonly holdMs?: number;
}

export interface PlanContext {
  readonly site: DrillSite;
  readonly admin: Pick<DrillAdmin, "retireDisk">;
  /** How the cluster stands now. */
  readonly look: (call: FaultCall) => Promise<ClusterState>;
  /** Resolves when it stands so. @throws SystemError process/failed when it does not in time. */
  readonly until: (
    what: string,
    good: (state: ClusterState) => boolean,
    call: FaultCall,
  ) => Promise<void>;
  readonly state: ClusterState;
  readonly processes: readonly SiteProcess[];
  readonly random: Random;
  /** Counted from 1. */
  readonly round: number;
  readonly holdMs: number;
}

export type RoundCount =
  | { readonly kind: "fixed"; readonly rounds: number }
  /** One for every process there is. */
  | { readonly kind: "each-process" }
  /** Until --seconds are over. */
  | { readonly kind: "until-time" };

export interface FaultDrill {
  readonly name: string;
  /** For --help. */
  readonly description: string;
  readonly needs: readonly SiteAbility[];
  /** Kinds of processes that the fault takes away: what is left of them must be enough. */
  readonly touches: readonly SiteProcessKind[];
  /** False: the whole cluster is away for a while, and hosts wait for it. */
  readonly servedThroughout: boolean;
  /** What --seconds means: how long each fault lasts, or the whole drill. */
  readonly seconds: number;
  readonly rounds: RoundCount;
  readonly plan: (context: PlanContext) => Fault;
}

/** Ends what it began, in the order of the processes. */
export const restart = async (
  { site }: Pick<PlanContext, "site">,
  ids: readonly string[],
  call: FaultCall,
): Promise<void> => {
  for (const id of ids) await site.start(id, call);
};
