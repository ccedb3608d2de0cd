// The targets this gateway serves: every volume of the catalog's mirror is a target of its own, under
// the same name and with the same identity through every gateway, to those who may use it. A volume that is
// deleted takes its sessions along; a host that may not use it any more keeps its sessions, and sees no unit.
import { isDeepStrictEqual } from "node:util";
import {
  accessOf,
  type CatalogChange,
  type CatalogView,
  type GatewayRecord,
  type VolumeRecord,
} from "@ashlar/catalog";
import type { BlockDevice, VolumeId } from "@ashlar/core";
import type { DiscoveredTarget, TargetDirectory, TargetLookup, TargetQuery } from "@ashlar/iscsi";
import type { Clock, Log, Startable } from "@ashlar/runtime";
import {
  type AccessibleUnit,
  LogicalUnit,
  type Nexus,
  ScsiTarget,
  SENSE,
  type TargetPort,
  type UnitView,
} from "@ashlar/scsi";
import { authenticationOf } from "./authentication.ts";
import { shownPortals, targetPorts } from "./portal-list.ts";
import type { SessionRegistry } from "./session-registry.ts";
import { type ReservationSource, VolumeReservations } from "./volume-reservations.ts";

/** Longest time to ask the metadata service before a login is told to come again. */
const CATCH_UP_TIMEOUT_MS = 3_000;

/**
 * A reset waits for the nodes that lead the volume's chunks, a failover included. Hosts wait for 15 s and
 * more before they try a stronger means.
 */
const RESET_TIMEOUT_MS = 12_000;

/** What sessions need: a directory, look-ups that may ask before they say "unknown", and resets. */
export interface TargetFinder extends TargetDirectory {
  find(query: TargetQuery): Promise<TargetLookup>;
  /**
   * Resets a logical unit of a target, by its own number, or all, for all hosts and gateways: when it resolves, tasks are
   * aborted here, and nothing that was begun before can reach a disk any more, through any gateway.
   * @throws SystemError when it cannot be had, as without a metadata leader.
   */
  reset(scsi: ScsiTarget, ownLun: number | undefined): Promise<void>;
}

/** The parts of the catalog client that are used here. */
export interface CatalogSource extends ReservationSource {
  readonly view: CatalogView;
  onChanges(listen: (changes: readonly CatalogChange[]) => void): () => void;
  /** Resolves when `view` has all that was committed at the time of the call. */
  catchUp(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Resolves when the next generation is in force and in `view`: see CatalogClient. */
  fenceVolume(
    request: { readonly volume: VolumeId; readonly reset: boolean },
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

export interface WatchedDevice extends BlockDevice {
  /** Later operations are refused. */
  close(): void;
}

interface Served {
  readonly record: VolumeRecord;
  readonly scsi: ScsiTarget;
  readonly unit: LogicalUnit;
  readonly device: WatchedDevice;
  readonly reservations: VolumeReservations;
}

export interface WatcherDependencies {
  readonly catalog: CatalogSource;
  readonly openDevice: (record: VolumeRecord) => WatchedDevice;
  readonly registry: SessionRegistry;
  /** Of this gateway, as the catalog last gave it. */
  readonly incarnation: () => number;
  readonly clock: Clock;
  /**
   * Resolves when nothing that a former process of this gateway was asked can take effect any more:
   * who logs in here may rely on it (P9).
   */
  readonly outliveFormer: () => Promise<void>;
  readonly log: Log;
}

export class TargetWatcher implements TargetFinder, Startable {
  private readonly dependencies: WatcherDependencies;
  /** This gateway's portals: told even when the mirror does not know them, and as working. */
  private readonly ownPortals: () => GatewayRecord["portals"];
  private readonly served = new Map<string, Served>();
  private ports: readonly TargetPort[] = [];
  private readonly stopListening: () => void;
  private started = false;

  /**
   * Listens to the catalog from now on, to be heard before whoever sends operations: see serving.ts.
   */
  constructor(dependencies: WatcherDependencies, ownPortals: () => GatewayRecord["portals"]) {
    this.dependencies = dependencies;
    this.ownPortals = ownPortals;
    this.stopListening = dependencies.catalog.onChanges((changes) => {
      if (this.started) this.onChanges(changes);
    });
  }

  get targetCount(): number {
    return this.served.size;
  }

  async start(): Promise<void> {
    this.started = true;
    this.reconcile();
  }

  async stop(): Promise<void> {
    this.stopListening();
    for (const served of this.served.values()) close(served);
  }

  async find({ initiatorName, targetName }: TargetQuery): Promise<TargetLookup> {
    if (targetName === undefined) {
      const host = this.view.hostOf(initiatorName);
      return { kind: "discovery", authentication: authenticationOf(host, initiatorName) };
    }
    await this.dependencies.outliveFormer();
    const known = this.lookUp(targetName, initiatorName);
    if (known?.kind === "found") return known;
    // The volume or its mapping may be newer than the mirror; "not found" would make hosts give up a disk.
    try {
      await this.dependencies.catalog.catchUp({ signal: AbortSignal.timeout(CATCH_UP_TIMEOUT_MS) });
    } catch {
      return { kind: "unavailable" };
    }
    return this.lookUp(targetName, initiatorName) ?? { kind: "unknown" };
  }

  async reset(scsi: ScsiTarget, ownLun: number | undefined): Promise<void> {
    const signal = AbortSignal.timeout(RESET_TIMEOUT_MS);
    const hit = [...this.served.values()].filter(
      ({ record, ...served }) => served.scsi === scsi && (ownLun ?? record.lun) === record.lun,
    );
    await Promise.all(
      hit.map(({ record: { volume } }) =>
        this.dependencies.catalog.fenceVolume({ volume, reset: true }, { signal }),
      ),
    );
  }

  list(initiatorName: string): readonly DiscoveredTarget[] {
    const addresses = shownPortals(this.gateways, this.ownPortals());
    return [...this.served.values()]
      .filter(({ record }) => accessOf(this.view, record, initiatorName).kind !== "none")
      .map(({ record: { iqn } }) => ({ name: iqn, addresses }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private get view(): CatalogView {
    return this.dependencies.catalog.view;
  }

  private lookUp(targetName: string, initiatorName: string): TargetLookup | undefined {
    const served = this.served.get(targetName);
    if (!served) return undefined;
    const { record, scsi } = served;
    if (accessOf(this.view, record, initiatorName).kind === "none") return { kind: "forbidden" };
    const host = this.view.hostOf(initiatorName);
    const authentication = authenticationOf(host, initiatorName);
    return { kind: "found", scsi, authentication, admittedAs: host?.host };
  }

  /**
   * What a session sees of its target's unit. One that did not log in as the host that is mapped has not
   * proven what that host must: it may have begun before its initiator belonged to it.
   */
  private viewFor(iqn: string, { initiatorName, admittedAs }: Nexus): UnitView | undefined {
    const record = this.served.get(iqn)?.record;
    if (!record) return undefined;
    const access = accessOf(this.view, record, initiatorName);
    if (access.kind === "none") return undefined;
    const host = record.access === "mapped" ? this.view.hostOf(initiatorName) : undefined;
    if (host?.chap && host.host !== admittedAs) return undefined;
    return { lun: access.lun, readOnly: access.kind === "readOnly" };
  }

  /** A unit of any target, if the session may use it. */
  private findUnit(naa: Buffer, nexus: Nexus): AccessibleUnit | undefined {
    for (const { record, unit } of this.served.values()) {
      if (!unit.identity.naa.equals(naa)) continue;
      const view = this.viewFor(record.iqn, nexus);
      return view && { unit, readOnly: view.readOnly };
    }
    return undefined;
  }

  private onChanges(changes: readonly CatalogChange[]): void {
    const kinds = new Set(changes.map(({ kind }) => kind));
    kinds.delete("chunk");
    kinds.delete("node");
    if (kinds.size === 0) return;
    this.reconcile();
    if (!kinds.has("host") && !kinds.has("hostDeleted")) return;
    for (const { scsi } of this.served.values()) this.dependencies.registry.accessChanged(scsi);
  }

  /** Brings what is served in line with the mirror. */
  private reconcile(): void {
    const { view } = this;
    this.comparePorts();
    for (const served of [...this.served.values()]) {
      if (!view.volumes.has(served.record.volume)) this.remove(served);
    }
    for (const record of view.volumes.values()) {
      const served = this.served.get(record.iqn);
      if (!served) this.add(record);
      else if (served.record !== record) this.update(served, record);
    }
  }

  private get gateways(): Iterable<GatewayRecord> {
    return this.dependencies.catalog.view.gateways.values();
  }

  /** Tells hosts when a portal came or went, or its gateway did, or is being drained. */
  private comparePorts(): void {
    const ports = targetPorts(this.gateways, this.ownPortals());
    if (isDeepStrictEqual(ports, this.ports)) return;
    this.ports = ports;
    for (const { scsi } of this.served.values()) scsi.portsChanged();
  }

  private add(record: VolumeRecord): void {
    const { openDevice, ...deps } = this.dependencies;
    const { volume, iqn } = record;
    const device = openDevice(record);
    const reservations = new VolumeReservations({ ...deps, device }, volume);
    const unit = new LogicalUnit({ device, volume, reservations });
    const scsi = new ScsiTarget({
      policy: (nexus) => this.viewFor(iqn, nexus),
      surroundings: {
        targetPorts: () => this.ports,
        findUnit: (naa, nexus) => this.findUnit(naa, nexus),
      },
    });
    this.served.set(iqn, { record, scsi, unit, device, reservations });
    scsi.addUnit(record.lun, unit);
    this.dependencies.log.info({ volume: record.name, target: record.iqn }, "target added");
  }

  private update(served: Served, record: VolumeRecord): void {
    const { scsi, unit, record: before } = served;
    this.served.set(record.iqn, { ...served, record });
    if (before.access !== record.access || before.mappings !== record.mappings) {
      this.dependencies.registry.accessChanged(scsi);
    }
    if (before.resets !== record.resets) {
      this.dependencies.registry.unitReset(scsi, record.lun);
      this.dependencies.log.info({ volume: record.name, resets: record.resets }, "unit was reset");
    }
    if (before.reservations !== record.reservations) {
      const change = { before: before.reservations, after: record.reservations };
      this.dependencies.registry.reservationsChanged(scsi, { ownLun: record.lun, unit }, change);
    }
    if (before.sizeBytes !== record.sizeBytes) unit.attentions.raise(SENSE.capacityChanged);
  }

  private remove(served: Served): void {
    const { record, scsi } = served;
    this.served.delete(record.iqn);
    scsi.removeUnit(record.lun);
    close(served);
    this.dependencies.log.info({ volume: record.name, target: record.iqn }, "target removed");
    void this.dependencies.registry.endTarget(scsi);
  }
}

function close({ device, reservations }: Served): void {
  device.close();
  reservations.close();
}
