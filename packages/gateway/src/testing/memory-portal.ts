// A portal over volumes in memory: everything of a gateway but the cluster behind it.
import {
  type CatalogChange,
  CatalogMirror,
  type GatewayRecord,
  type PortalRole,
  type SessionPath,
  UNUSED_STATE,
  type VolumeRecord,
} from "@ashlar/catalog";
import {
  familyId,
  nodeId,
  present,
  SystemError,
  type VolumeId,
  volumeId,
  volumeName,
} from "@ashlar/core";
import { MemoryBlockDevice } from "@ashlar/core/testing";
import type { Authentication, TargetLookup, TargetQuery } from "@ashlar/iscsi";
import { afterReset, decide, type ReservationAction } from "@ashlar/reservations";
import { type LogoutRequest, nodeNetwork } from "@ashlar/rpc";
import { nodeClock, nodeRandom, Registry, silentLog } from "@ashlar/runtime";
import type { ReservationResult } from "@ashlar/scsi";
import { GatewayMetrics } from "../gateway-metrics.ts";
import { LoginPlacement } from "../login-placement.ts";
import { LogoutRequests } from "../logout-requests.ts";
import { PortalServer } from "../portal.ts";
import { SessionRegistry } from "../session-registry.ts";
import {
  type CatalogSource,
  type TargetFinder,
  TargetWatcher,
  type WatchedDevice,
} from "../target-watcher.ts";

class MemoryVolume extends MemoryBlockDevice implements WatchedDevice {
  close(): void {}
}

/** A catalog that holds volumes, hosts and gateways, and nothing else. */
class MemoryCatalog implements CatalogSource {
  readonly view = new CatalogMirror();
  private readonly listeners = new Set<(changes: readonly CatalogChange[]) => void>();

  onChanges(listen: (changes: readonly CatalogChange[]) => void): () => void {
    this.listeners.add(listen);
    return () => this.listeners.delete(listen);
  }

  private readonly ports: () => readonly number[];

  constructor(ports: () => readonly number[]) {
    this.ports = ports;
  }

  /** Why there are no changes, as without a leader. */
  refusal: Error | undefined;
  /** What is known to the metadata service and has not come here yet. */
  unseen: CatalogChange[] = [];

  async placeSession(_path: SessionPath): Promise<string | undefined> {
    throw new SystemError("cluster/unavailable", "no leader");
  }

  async catchUp(): Promise<void> {
    if (this.refusal) throw this.refusal;
    for (const change of this.unseen.splice(0)) this.tell(change);
  }

  async proveReservations(volume: VolumeId): Promise<{ readonly changes: number }> {
    await this.catchUp();
    return present(this.view.volumes.get(volume), "a volume of the portal").reservations;
  }

  async changeReservation({
    volume,
    action,
  }: {
    volume: VolumeId;
    action: ReservationAction;
  }): Promise<ReservationResult> {
    if (this.refusal) throw this.refusal;
    const record = present(this.view.volumes.get(volume), "a volume of the portal");
    const outcome = decide(record.reservations, action, { ports: this.ports() });
    if (outcome.kind === "fault") return outcome.fault;
    if (outcome.kind === "changed") this.tell(next(record, { reservations: outcome.state }));
    return outcome.kind;
  }

  async fenceVolume({ volume, reset }: { volume: VolumeId; reset: boolean }): Promise<void> {
    if (this.refusal) throw this.refusal;
    const record = present(this.view.volumes.get(volume), "a volume of the portal");
    const resets = record.resets + (reset ? 1 : 0);
    const reservations = reset ? afterReset(record.reservations) : record.reservations;
    this.tell(next(record, { resets, reservations }));
  }

  named(name: string): VolumeRecord {
    const record = [...this.view.volumes.values()].find((volume) => volume.name === name);
    if (!record) throw new Error(`no volume ${name}`);
    return record;
  }

  tell(change: CatalogChange): void {
    this.view.apply([change], this.view.appliedIndex + 1);
    for (const listen of this.listeners) listen([change]);
  }
}

export interface MemoryVolumeOptions {
  readonly name: string;
  readonly sizeBytes: number;
  readonly blockSize?: number;
  /** What logins to it must prove. */
  readonly authentication?: Authentication;
  /** Index of the one portal that serves it; the others send logins there. */
  readonly servedBy?: number;
}

export interface MemoryPortalOptions {
  readonly portals?: number;
  readonly port?: number;
  /** What discovery must prove. */
  readonly discovery?: Authentication;
  /** Of each portal, direct if absent. */
  readonly roles?: readonly PortalRole[];
  /** Where the leader sends a login; without it there is none. */
  readonly place?: (path: SessionPath) => Promise<string | undefined>;
}

export interface MemoryPortal {
  /** `127.0.0.1:port` of each portal. */
  readonly addresses: readonly string[];
  readonly registry: SessionRegistry;
  readonly metrics: Registry;
  iqnOf(name: string): string;
  deviceOf(name: string): MemoryBlockDevice;
  deleteVolume(name: string): void;
  /** As when the catalog learned of another gateway, or what became of it. */
  setGateway(record: GatewayRecord): void;
  /** As when another gateway was asked. */
  resetVolume(name: string): Promise<void>;
  /** What the metadata service tells of hosts. */
  tell(change: CatalogChange): void;
  /** As when people ask for it: a change that is in force. */
  changeVolume(name: string, part: Partial<VolumeRecord>): void;
  /** The same, and this portal hears of it only when it asks. */
  changeVolumeLater(name: string, part: Partial<VolumeRecord>): void;
  /** As the leader of the metadata service does. */
  requestLogouts(requests: readonly LogoutRequest[]): void;
  /** As a gateway does that stops in order. */
  dismiss(): Promise<void>;
  /** The catalog takes no changes any more. */
  refuseChanges(refusal: Error): void;
  stop(): Promise<void>;
}

const IQN_PREFIX = "iqn.2026-11.io.ashlar:00000000";

function recordOf({ name, sizeBytes, blockSize = 512 }: MemoryVolumeOptions, index: number) {
  const digit = String(index + 1).padStart(12, "0");
  const record: VolumeRecord = {
    volume: volumeId(`0f8fad5b-d9cb-469f-a165-${digit}`),
    name: volumeName(name),
    family: familyId(index + 1),
    sizeBytes,
    blockSize,
    replicas: 1,
    ...UNUSED_STATE,
    iqn: `${IQN_PREFIX}:${name}`,
    lun: 0,
    createdAt: "2026-11-22T00:00:00.000Z",
    access: "any",
    mappings: [],
  };
  return record;
}

/** What a gateway without a cluster knows of its own past. */
const ALONE = {
  incarnation: () => 1,
  outliveFormer: async () => {},
  clock: nodeClock,
  log: silentLog,
};
const next = (before: VolumeRecord, part: Partial<VolumeRecord>): CatalogChange => ({
  kind: "volume",
  record: { ...before, generation: before.generation + 1, ...part },
});

/** What a test has the metadata service say. */
const directing = (
  catalog: MemoryCatalog,
): Pick<
  MemoryPortal,
  | "deleteVolume"
  | "resetVolume"
  | "setGateway"
  | "tell"
  | "changeVolume"
  | "changeVolumeLater"
  | "refuseChanges"
> => ({
  deleteVolume: (name) => {
    const { volume, family } = catalog.named(name);
    catalog.tell({ kind: "volumeDeleted", volume, family });
  },
  resetVolume: (name) => catalog.fenceVolume({ volume: catalog.named(name).volume, reset: true }),
  setGateway: (record) => catalog.tell({ kind: "gateway", record }),
  tell: (change) => catalog.tell(change),
  changeVolume: (name, part) => catalog.tell(next(catalog.named(name), part)),
  changeVolumeLater: (name, part) => void catalog.unseen.push(next(catalog.named(name), part)),
  refuseChanges: (refusal) => {
    catalog.refusal = refusal;
  },
});

interface LoginRules {
  readonly volumes: readonly MemoryVolumeOptions[];
  readonly discovery: Authentication | undefined;
  readonly addresses: () => readonly string[];
}

/** What a portal of this index finds: as the watcher says, with what the test wants logins to prove. */
function withRules(
  watcher: TargetWatcher,
  { volumes, discovery, addresses }: LoginRules,
  index: number,
): TargetFinder {
  const find = async (query: TargetQuery): Promise<TargetLookup> => {
    const found = await watcher.find(query);
    if (found.kind === "discovery") {
      return { ...found, authentication: discovery ?? found.authentication };
    }
    if (found.kind !== "found") return found;
    const volume = volumes.find(({ name }) => query.targetName === `${IQN_PREFIX}:${name}`);
    const { authentication = found.authentication, servedBy = index } = volume ?? {};
    if (servedBy === index) return { ...found, authentication };
    const address = present(addresses()[servedBy], "a portal of that index");
    return { kind: "redirect", address, authentication };
  };
  return {
    find,
    list: (initiatorName) => watcher.list(initiatorName),
    reset: (scsi, lun) => watcher.reset(scsi, lun),
  };
}
const portalsOf = (
  addresses: readonly string[],
  roles: readonly PortalRole[],
): GatewayRecord["portals"] =>
  addresses.map((address, index) => ({
    address,
    tpgt: index + 1,
    role: roles[index] ?? "direct",
  }));

const gatewayOf = (portals: GatewayRecord["portals"]): GatewayRecord => ({
  gateway: nodeId("gateway-1"),
  state: "up",
  incarnation: 1,
  bootId: "memory",
  portals,
  draining: false,
});

/** The gateway's own configuration, as far as its portals have started. */
const selfOf = (started: () => GatewayRecord["portals"]) => ({
  nodeId: nodeId("gateway-1"),
  get portals() {
    return started().map(({ address, ...portal }) => ({
      ...portal,
      listen: address,
      advertise: address,
    }));
  },
});

/** Starts `portals` portals, with tags from 1, that serve the same volumes. */
export async function startMemoryPortal(
  volumes: readonly MemoryVolumeOptions[],
  { portals = 1, port = 0, discovery, roles = [], place }: MemoryPortalOptions = {},
): Promise<MemoryPortal> {
  const catalog = new MemoryCatalog(() => servers.map((_, index) => index + 1));
  volumes.forEach((options, index) => {
    catalog.tell({ kind: "volume", record: recordOf(options, index) });
  });
  const devices = new Map<string, MemoryVolume>();
  const servers: PortalServer[] = [];
  const addresses = (): string[] => servers.map((server) => `127.0.0.1:${server.port}`);
  const registry = new SessionRegistry();
  const openDevice = ({ name, sizeBytes, blockSize }: VolumeRecord): WatchedDevice => {
    const device = new MemoryVolume({ sizeBytes, blockSize });
    devices.set(name, device);
    return device;
  };
  const targets = new TargetWatcher({ catalog, openDevice, registry, ...ALONE }, () =>
    portalsOf(addresses(), roles),
  );
  await targets.start();
  const metricsRegistry = new Registry();
  const metrics = new GatewayMetrics(metricsRegistry, {
    connections: () => servers.reduce((sum, { connectionCount }) => sum + connectionCount, 0),
    sessions: () => registry.count,
    tasks: () => servers.reduce((sum, { taskCount }) => sum + taskCount, 0),
  });
  const ports = { clock: nodeClock, random: nodeRandom, network: nodeNetwork, log: silentLog };
  const self = selfOf(() => portalsOf(addresses(), roles));
  const logouts = new LogoutRequests({ registry, ...ports });
  catalog.placeSession = place ?? catalog.placeSession;
  const rules = { volumes, discovery, addresses };
  for (let index = 0; index < portals; index += 1) {
    const listen = `127.0.0.1:${port === 0 ? 0 : port + index}`;
    const role = roles[index] ?? "direct";
    const asked = withRules(targets, rules, index);
    const placement = new LoginPlacement({ targets: asked, catalog, ...ports }, self);
    const driving = { targets: placement.at({ role }), registry, metrics, ...ports };
    const server = new PortalServer(driving, { listen, tpgt: index + 1 });
    await server.start();
    servers.push(server);
  }
  catalog.tell({ kind: "gateway", record: gatewayOf(portalsOf(addresses(), roles)) });
  return {
    addresses: addresses(),
    registry,
    metrics: metricsRegistry,
    requestLogouts: (requests) => logouts.take(requests),
    dismiss: async () => void (await Promise.all(servers.map((server) => server.dismiss()))),
    iqnOf: (name) => catalog.named(name).iqn,
    deviceOf: (name) => {
      const device = devices.get(catalog.named(name).name);
      if (!device) throw new Error(`volume ${name} is not open`);
      return device;
    },
    ...directing(catalog),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      await logouts.stop();
      await targets.stop();
    },
  };
}
