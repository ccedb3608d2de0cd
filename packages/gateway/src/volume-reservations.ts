// The reservations of a volume as a gateway knows them: a copy in the catalog's mirror, which may be old, and
// changes that the metadata service makes. Nothing is told to a host by an old copy.
import type { CatalogView, VolumeRecord } from "@ashlar/catalog";
import {
  type BlockDevice,
  NO_PATH,
  type OperationOptions,
  SystemError,
  toSystemError,
  type VolumeId,
} from "@ashlar/core";
import {
  type NexusId,
  NO_RESERVATIONS,
  type ReservationAction,
  type Reservations,
  sameNexus,
} from "@ashlar/reservations";
import { type Clock, type Log, sleep } from "@ashlar/runtime";
import type { ReservationResult, UnitReservations, WithoutGateway } from "@ashlar/scsi";

/** A change waits for the nodes that lead the volume's chunks, a failover included. */
const CHANGE_TIMEOUT_MS = 12_000;
/** Beyond this hosts take a command for lost; BUSY makes them ask again. */
const PROOF_TIMEOUT_MS = 10_000;

/** How long the end of a session waits until what it reserved is free; it is tried further afterwards. */
const GIVE_WAIT_MS = 2_000;
const GIVE_PAUSE_MS = 1_000;

/** The parts of the catalog client that are used here. */
export interface ReservationSource {
  readonly view: CatalogView;
  catchUp(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Resolves when the new record is in force and in `view`: see CatalogClient. */
  changeReservation(
    request: { readonly volume: VolumeId; readonly action: ReservationAction },
    options: { readonly signal: AbortSignal },
  ): Promise<ReservationResult>;
}

export interface VolumeReservationsDeps {
  readonly catalog: ReservationSource;
  readonly device: Pick<BlockDevice, "read" | "blockSize">;
  /** Of this gateway, as the catalog last gave it. */
  readonly incarnation: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

export class VolumeReservations implements UnitReservations {
  private readonly deps: VolumeReservationsDeps;
  private readonly volume: VolumeId;
  private readonly closed = new AbortController();

  constructor(deps: VolumeReservationsDeps, volume: VolumeId) {
    this.deps = deps;
    this.volume = volume;
  }

  get current(): Reservations {
    return this.record?.reservations ?? NO_RESERVATIONS;
  }

  /**
   * Proved by whoever answers first: the metadata service by its read index, or the nodes that lead the volume by
   * a read under the generation of the copy, which they refuse when there is a newer one. So what is reserved is
   * known without a metadata leader, and while the volume stands still.
   */
  async proved({ signal }: Pick<OperationOptions, "signal">): Promise<Reservations> {
    const enough = new AbortController();
    const limit = AbortSignal.timeout(PROOF_TIMEOUT_MS);
    const options = { signal: AbortSignal.any([signal, enough.signal, limit]) };
    try {
      return await Promise.any([this.provedByCatalog(options), this.provedByRead(options)]);
    } catch (thrown) {
      const [cause] = thrown instanceof AggregateError ? thrown.errors : [thrown];
      throw new SystemError("cluster/unavailable", "what is reserved cannot be proved", {}, cause);
    } finally {
      enough.abort(new SystemError("operation/aborted", "no more proof is needed"));
    }
  }

  /** Waits for it a little: whoever logs in next relies on it, but not for ever. */
  async nexusLost(nexus: NexusId): Promise<void> {
    if (!this.isReservedBy(nexus)) return;
    const { clock } = this.deps;
    const { signal } = this.closed;
    await Promise.race([this.give(nexus), sleep(clock, GIVE_WAIT_MS, { signal }).catch(() => {})]);
  }

  /** Gives up what it still tries. */
  close(): void {
    this.closed.abort(new SystemError("operation/aborted", "the volume was closed"));
  }

  async change(
    action: WithoutGateway,
    { signal }: Pick<OperationOptions, "signal">,
  ): Promise<ReservationResult> {
    const { catalog, incarnation } = this.deps;
    const { volume } = this;
    const whole = action.kind === "take" ? { ...action, gateway: incarnation() } : action;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(CHANGE_TIMEOUT_MS)]);
    return catalog.changeReservation({ volume, action: whole }, { signal: limited });
  }

  private isReservedBy(nexus: NexusId): boolean {
    const { reserved } = this.current;
    return reserved !== undefined && sameNexus(reserved, nexus);
  }

  private async give(nexus: NexusId): Promise<void> {
    const { clock, log } = this.deps;
    const { signal } = this.closed;
    while (this.isReservedBy(nexus) && !signal.aborted) {
      try {
        await this.change({ kind: "give", nexus }, { signal });
      } catch (thrown) {
        log.warn({ error: toSystemError(thrown) }, "cannot release what a lost nexus reserved");
        await sleep(clock, GIVE_PAUSE_MS, { signal }).catch(() => {});
      }
    }
  }

  private get record(): VolumeRecord | undefined {
    return this.deps.catalog.view.volumes.get(this.volume);
  }

  private async provedByCatalog(options: { readonly signal: AbortSignal }): Promise<Reservations> {
    await this.deps.catalog.catchUp(options);
    return this.current;
  }

  private async provedByRead(options: { readonly signal: AbortSignal }): Promise<Reservations> {
    const { device } = this.deps;
    for (;;) {
      const before = this.record;
      await device.read(0, device.blockSize, { ...options, path: NO_PATH });
      if (before && this.record?.generation === before.generation) return this.current;
      options.signal.throwIfAborted();
      if (!before) throw new SystemError("volume/not-found", "the volume is deleted");
    }
  }
}
