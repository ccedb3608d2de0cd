// What storage nodes and gateways ask: thin, each request is a proposal or a read of the log.
import type { IsrCandidate, ReservationOutcome, SessionPath } from "@ashlar/catalog";
import { formatChunkId, SystemError, type VolumeId } from "@ashlar/core";
import type { ReservationAction } from "@ashlar/reservations";
import type {
  CatalogService,
  GatewayRegistration,
  ProposalContext,
  Registered,
  StorageRegistration,
  WatchStep,
} from "@ashlar/rpc";
import type { GenerationChanges } from "../generation-changes.ts";
import { accepted } from "../refusal.ts";
import type { ReplicatedLog } from "../replicated-log.ts";
import type { SessionPlacement } from "../session-placement.ts";
import type { WatchHub } from "../watch-hub.ts";

type Changes = Pick<GenerationChanges, "fence" | "changeReservation" | "proveReservations">;

/** One command carries at most this many; a storage node's batches are far smaller. */
const ITEMS_MAX = 65_536;

export class LogCatalogService implements CatalogService {
  private readonly log: ReplicatedLog;
  private readonly hub: WatchHub;
  private readonly changes: Changes;
  private readonly placement: Pick<SessionPlacement, "place">;
  private readonly pingIntervalMs: number;

  constructor(
    {
      log,
      hub,
      changes,
      placement,
    }: {
      readonly log: ReplicatedLog;
      readonly hub: WatchHub;
      readonly changes: Changes;
      readonly placement: Pick<SessionPlacement, "place">;
    },
    { pingIntervalMs }: { readonly pingIntervalMs: number },
  ) {
    this.log = log;
    this.hub = hub;
    this.changes = changes;
    this.placement = placement;
    this.pingIntervalMs = pingIntervalMs;
  }

  async registerStorage(
    registration: StorageRegistration,
    { proposal }: ProposalContext,
  ): Promise<Registered> {
    const command = { kind: "nodeUp", ...registration } as const;
    const { index, result } = await this.log.propose(command, proposal);
    const { pingIntervalMs } = this;
    return { ...accepted(result), index, pingIntervalMs };
  }

  async registerGateway(
    registration: GatewayRegistration,
    { proposal }: ProposalContext,
  ): Promise<Registered> {
    const command = { kind: "gatewayUp", ...registration } as const;
    const { index, result } = await this.log.propose(command, proposal);
    const { pingIntervalMs } = this;
    return { ...accepted(result), index, pingIntervalMs };
  }

  watch(
    from: { readonly logId: string; readonly index: number },
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<WatchStep> {
    return this.hub.watch(from, options);
  }

  async addToIsr(
    items: readonly IsrCandidate[],
    { proposal }: ProposalContext,
  ): Promise<{ readonly index: number }> {
    if (items.length > ITEMS_MAX) {
      throw new SystemError("argument/invalid", `at most ${ITEMS_MAX} stores in one request`);
    }
    const { index, result } = await this.log.propose({ kind: "addToIsr", items }, proposal);
    const { conflicts } = accepted(result);
    if (conflicts.length === 0) return { index };
    const first = conflicts.slice(0, 8).map(formatChunkId).join(", ");
    throw new SystemError(
      "catalog/conflict",
      `${conflicts.length} of ${items.length} chunks changed meanwhile: ${first}`,
      { conflicts: conflicts.slice(0, 256) },
    );
  }

  async storeDown(
    store: IsrCandidate["store"],
    { proposal }: ProposalContext,
  ): Promise<{ readonly index: number }> {
    const { index, result } = await this.log.propose({ kind: "storeDown", store }, proposal);
    accepted(result);
    return { index };
  }

  fenceVolume(
    request: { readonly volume: VolumeId; readonly reset: boolean },
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly index: number }> {
    return this.changes.fence(request, options);
  }

  changeReservation(
    request: { readonly volume: VolumeId; readonly action: ReservationAction },
    options: ProposalContext & { readonly signal: AbortSignal },
  ): Promise<{ readonly index: number; readonly outcome: ReservationOutcome }> {
    return this.changes.changeReservation(request, options);
  }

  proveReservations(
    volume: VolumeId,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly index: number; readonly changes: number }> {
    return this.changes.proveReservations(volume, options);
  }

  placeSession(path: SessionPath): string | undefined {
    return this.placement.place(path);
  }

  async readIndex(): Promise<{ readonly index: number }> {
    return { index: await this.log.readIndex() };
  }
}
