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
  type Holding,
  type NexusId,
  NO_RESERVATIONS,
  type ReservationAction,
  type Reservations,
} from "@ashlar/reservations";
import { type Clock, type Log, sleep } from "@ashlar/runtime";
import type { RequestedAction, ReservationResult, UnitReservations } from "@ashlar/scsi";

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
  /** Resolves with the newest state's count of changes when `view` has it, or a newer one: see CatalogClient. */
  proveReservations(
    volume: VolumeId,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly changes: number }>;
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

interface Held extends Holding {
  /** When it is known whether it was reserved. */
  readonly settled: Promise<unknown>;
}

export class VolumeReservations implements UnitReservations {
  private readonly deps: VolumeReservationsDeps;
  private readonly volume: VolumeId;
  private readonly closed = new AbortController();
  /** What sessions have reserved by RESERVE(6) and (10), or may have. */
  private readonly held = new Map<string, Held>();
  private serial = 0;

  constructor(deps: VolumeReservationsDeps, volume: VolumeId) {
    this.deps = deps;
    this.volume = volume;
  }

  get current(): Reservations {
    return this.deps.catalog.view.volumes.get(this.volume)?.reservations ?? NO_RESERVATIONS;
  }

  /**
   * Proved by whoever answers first: the metadata service, or the nodes that lead the volume by a read under the
   * generation of the copy, which they refuse when there is a newer one. So what is reserved is known without a metadata
   * leader, and while the volume stands still.
   */
  async proved({ signal }: Pick<OperationOptions, "signal">): Promise<Reservations> {
    const enough = new AbortController();
    const limit = AbortSignal.timeout(PROOF_TIMEOUT_MS);
    const options = { signal: AbortSignal.any([signal, enough.signal, limit]) };
    try {
      return await Promise.any([this.provedByCatalog(options), this.provedByRead(options)]);
    } catch (thrown) {
      const [cause] = thrown instanceof AggregateError ? thrown.errors : [thrown];
      throw unavailable("what is reserved cannot be proved", cause);
    } finally {
      enough.abort(new SystemError("operation/aborted", "no more proof is needed"));
    }
  }

  /**
   * What has been asked for may be done whatever becomes of the command, so an abort waits for it; but not longer
   * than the limit.
   */
  async change(action: RequestedAction): Promise<ReservationResult> {
    if (action.kind === "take") return this.take(action);
    const holding = this.holdingOf(action.nexus);
    return this.ask(action.kind === "give" ? { ...action, ...holding } : action);
  }

  /** Waits for it a little: whoever logs in next relies on it, but not for ever. */
  async nexusLost(nexus: NexusId): Promise<void> {
    const key = keyOf(nexus);
    const held = this.held.get(key);
    if (!held) return;
    this.held.delete(key);
    const { signal } = this.closed;
    const wait = sleep(this.deps.clock, GIVE_WAIT_MS, { signal }).catch(() => {});
    await Promise.race([this.give(nexus, held), wait]);
  }

  /** Gives up what it still tries. */
  close(): void {
    this.closed.abort(new SystemError("operation/aborted", "the volume was closed"));
  }

  private async take(
    action: Extract<RequestedAction, { readonly kind: "take" }>,
  ): Promise<ReservationResult> {
    const key = keyOf(action.nexus);
    const before = this.held.get(key);
    const gateway = this.deps.incarnation();
    // A session asks again for the one that it has, or may have.
    if (before?.gateway !== gateway) this.serial += 1;
    const holding = { gateway, serial: before?.gateway === gateway ? before.serial : this.serial };
    const answer = this.ask({ ...action, ...holding });
    // Before it is known what comes of it: the session may end meanwhile.
    const settled = Promise.allSettled([before?.settled, answer]);
    this.held.set(key, { ...holding, settled });
    return answer;
  }

  /** What is released by name; a nexus that holds nothing names nothing. */
  private holdingOf(nexus: NexusId): Holding {
    const { gateway, serial } = this.held.get(keyOf(nexus)) ?? { gateway: 0, serial: 0 };
    return { gateway, serial };
  }

  /** Until it is certain that what the lost session had reserved is free; its successor's is another one. */
  private async give(nexus: NexusId, { settled, ...holding }: Held): Promise<void> {
    const { clock, log } = this.deps;
    const { signal } = this.closed;
    await settled.catch(() => {});
    while (!signal.aborted) {
      try {
        const { changes: seen } = this.current;
        const result = await this.ask({ kind: "give", nexus, seen, ...holding });
        // By a copy that was old: the next one will have seen it.
        if (result !== "aborted") return;
        await sleep(clock, GIVE_PAUSE_MS, { signal }).catch(() => {});
      } catch (thrown) {
        log.warn({ error: toSystemError(thrown) }, "cannot release what a lost nexus reserved");
        await sleep(clock, GIVE_PAUSE_MS, { signal }).catch(() => {});
      }
    }
  }

  private async ask(action: ReservationAction): Promise<ReservationResult> {
    const signal = AbortSignal.any([this.closed.signal, AbortSignal.timeout(CHANGE_TIMEOUT_MS)]);
    try {
      return await this.deps.catalog.changeReservation({ volume: this.volume, action }, { signal });
    } catch (thrown) {
      throw thrown instanceof SystemError
        ? thrown
        : unavailable("the reservations could not be changed in time", thrown);
    }
  }

  private get record(): VolumeRecord {
    const record = this.deps.catalog.view.volumes.get(this.volume);
    if (record) return record;
    throw new SystemError("volume/not-found", "the volume is deleted");
  }

  private async provedByCatalog(options: { readonly signal: AbortSignal }): Promise<Reservations> {
    for (;;) {
      const { changes } = await this.deps.catalog.proveReservations(this.volume, options);
      const { reservations } = this.record;
      // A newer one is not proved yet.
      if (reservations.changes === changes) return reservations;
      options.signal.throwIfAborted();
    }
  }

  private async provedByRead(options: { readonly signal: AbortSignal }): Promise<Reservations> {
    const { device } = this.deps;
    for (;;) {
      const { generation } = this.record;
      await device.read(0, device.blockSize, { ...options, path: NO_PATH });
      if (this.record.generation === generation) return this.record.reservations;
      options.signal.throwIfAborted();
    }
  }
}

const keyOf = ({ initiatorPort, targetPort }: NexusId): string => `${initiatorPort} ${targetPort}`;

const unavailable = (what: string, cause: unknown): SystemError =>
  new SystemError("cluster/unavailable", what, {}, cause);
