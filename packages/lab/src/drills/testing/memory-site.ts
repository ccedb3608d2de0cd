// A small cluster in memory as the site of a drill: three storage nodes, three metadata members and two gateways, of
// which only the gateways are more than a state. Its volumes lie on devices that a test can make lie, and any of its
// deeds can be left undone, so that a test sees what a drill makes of it.
import { once } from "node:events";
import { KIB, MIB, nodeId, present, volumeId, volumeName } from "@ashlar/core";
import {
  type DeviceFaults,
  dialMemory,
  MemoryDevice,
  MemoryPortal,
  memoryTarget,
} from "@ashlar/initiator/testing";
import type { ClusterStatus, NodeStatus, VolumeStatus } from "@ashlar/rpc";
import type { ScsiTarget } from "@ashlar/scsi";
import type { DrillAdmin, DrillSite, SiteProcess } from "../site/drill-site.ts";
import { SkewedClock } from "./skewed-clock.ts";

/** Small: devices are read back many times, and a border is crossed often. */
const CHUNK_SIZE = 256 * KIB;
const CHUNKS = 4;
const NOTHING_AT_ALL = "iqn.2026-11.io.ashlar:00000000:nothing";

interface Member {
  readonly kind: SiteProcess["kind"];
  readonly id: string;
  isRunning: boolean;
  life: number;
}

export interface MemorySiteOptions {
  /** What the devices of volumes do wrong, all of them together. */
  readonly device?: (site: MemorySite) => DeviceFaults;
  /** Deeds that are told as done and are not. */
  readonly undone?: readonly ("kill" | "start")[];
  /** Chunks that nobody else has while a storage node is down. */
  readonly alone?: number;
  /** Operations that a slow disk holds up. */
  readonly slowed?: number;
  /** Who asks for the nodes while one is down gets no answer. */
  readonly silentWhileBroken?: boolean;
  /** What `volume check` finds. */
  readonly different?: number;
  readonly cannot?: DrillSite["cannot"];
}

const members = (kind: Member["kind"], count: number): Member[] =>
  Array.from({ length: count }, (_, at) => {
    return { kind, id: `${kind}-${at + 1}`, isRunning: true, life: 1 };
  });

export class MemorySite implements DrillSite {
  readonly name = "a cluster in memory";
  readonly killNote = "by setting a flag";
  readonly cannot: DrillSite["cannot"];
  readonly clock = new SkewedClock();
  readonly dial: ReturnType<typeof dialMemory>;
  /** What was done, `kill storage-1`, in order. */
  readonly deeds: string[] = [];
  /** Deleted ones are gone. */
  readonly volumes = new Map<string, VolumeStatus>();
  private readonly options: MemorySiteOptions;
  private readonly faults: DeviceFaults;
  /** Those that are not as they should be. */
  private readonly disks = new Map<string, "failed" | "retired">();
  private readonly all: readonly Member[];
  private readonly portalOf: ReadonlyMap<string, MemoryPortal>;
  private readonly targets = new Map<string, ScsiTarget>();

  constructor(options: MemorySiteOptions = {}) {
    this.options = options;
    this.cannot = options.cannot ?? {};
    this.faults = options.device?.(this) ?? {};
    this.all = [...members("metadata", 3), ...members("storage", 3), ...members("gateway", 2)];
    const portals = [1, 2].map((tpgt) => this.portal(tpgt));
    this.portalOf = new Map(portals.map((portal, at) => [`gateway-${at + 1}`, portal]));
    this.dial = dialMemory(new Map(portals.map((portal, at) => [at + 1, portal])));
  }

  /** Whether a fault lasts. */
  get isBroken(): boolean {
    return this.all.some(({ isRunning }) => !isRunning);
  }

  openAdmin(): DrillAdmin {
    return {
      clusterStatus: async () => this.status(),
      listNodes: async ({ signal }) => {
        if (this.isBroken && this.options.silentWhileBroken) await once(signal, "abort");
        return this.nodes();
      },
      listVolumes: async () => [...this.volumes.values()],
      createVolume: async ({ volume, name, sizeBytes, replicas = 2 }) => {
        const device = new MemoryDevice({ sizeBytes });
        device.faults = this.faults;
        const iqn = `iqn.2026-11.io.ashlar:00000000:${name}`;
        this.targets.set(iqn, memoryTarget(device, volume));
        const made = volumeNamed({ name, id: volume, iqn, sizeBytes, replicas });
        this.volumes.set(name, made);
        return made;
      },
      deleteVolume: async (name) => {
        this.volumes.delete(name);
      },
      checkVolume: async () => {
        const { different = 0 } = this.options;
        return { chunks: CHUNKS, replicas: 2 * CHUNKS, different, damaged: 0 };
      },
      retireDisk: async ({ node, disk }) => {
        this.deeds.push(`retire ${node}/${disk}`);
        this.disks.set(`${node}/${disk}`, "retired");
      },
      close: () => {},
    };
  }

  async processes(): Promise<readonly SiteProcess[]> {
    return this.all.map(({ kind, id, isRunning }) => {
      return { kind, id, machine: id, running: isRunning };
    });
  }

  async portals() {
    return [1, 2].map((port) => ({ gateway: `gateway-${port}`, address: `memory:${port}` }));
  }

  async metrics(id: string): Promise<string> {
    return `# HELP\nashlar_storage_resync_bytes ${this.member(id).life * 4096}\n`;
  }

  async kill(id: string): Promise<void> {
    this.deeds.push(`kill ${id}`);
    if (this.options.undone?.includes("kill")) return;
    this.member(id).isRunning = false;
    const portal = this.portalOf.get(id);
    if (portal) portal.refusing = true;
    portal?.cut();
  }

  stop(id: string): Promise<void> {
    return this.kill(id);
  }

  async start(id: string): Promise<void> {
    this.deeds.push(`start ${id}`);
    const member = this.member(id);
    if (member.isRunning || this.options.undone?.includes("start")) return;
    member.isRunning = true;
    member.life += 1;
    const portal = this.portalOf.get(id);
    if (portal) portal.refusing = false;
  }

  pause = (id: string): Promise<void> => this.kill(id);
  resume = (id: string): Promise<void> => this.start(id);
  isolate = (id: string): Promise<void> => this.kill(id);
  heal = (id: string): Promise<void> => this.start(id);

  async failDisk({ node, disk }: { readonly node: string; readonly disk: string }) {
    this.deeds.push(`fail ${node}/${disk}`);
    this.disks.set(`${node}/${disk}`, "failed");
    const end = async (): Promise<void> => void this.deeds.push(`mend ${node}/${disk}`);
    return { calls: () => undefined, end };
  }

  async slowDisk({ node, disk }: { readonly node: string; readonly disk: string }) {
    this.deeds.push(`slow ${node}/${disk}`);
    const end = async (): Promise<void> => void this.deeds.push(`mend ${node}/${disk}`);
    return { calls: () => this.options.slowed ?? 0, end };
  }

  async emptyDisk({ node, disk }: { readonly node: string; readonly disk: string }) {
    this.deeds.push(`empty ${node}/${disk}`);
    this.disks.delete(`${node}/${disk}`);
  }

  async wipe(id: string): Promise<void> {
    this.deeds.push(`wipe ${id}`);
  }

  private member(id: string): Member {
    return present(
      this.all.find((member) => member.id === id),
      "the site has this process",
    );
  }

  private portal(tpgt: number): MemoryPortal {
    const scsi = memoryTarget(new MemoryDevice({ sizeBytes: MIB }));
    const nowMs = (): number => this.clock.nowMs();
    return new MemoryPortal({
      targetName: NOTHING_AT_ALL,
      scsi,
      others: this.targets,
      tpgt,
      nowMs,
    });
  }

  private of(kind: Member["kind"]): Member[] {
    return this.all.filter((member) => member.kind === kind);
  }

  private status(): ClusterStatus {
    const processes = (kind: Member["kind"]) =>
      this.of(kind).map(({ id, isRunning, life }) => ({
        id: nodeId(id),
        state: isRunning ? ("up" as const) : ("down" as const),
        incarnation: life,
        address: id,
        portals: [],
      }));
    const leader = this.of("metadata").find(({ isRunning }) => isRunning)?.id;
    const degraded = this.of("storage").filter(({ isRunning }) => !isRunning).length;
    return {
      ...chunkCounts(degraded),
      unavailableChunks: degraded > 0 ? (this.options.alone ?? 0) : 0,
      clusterId: "00000000-0000-4000-8000-000000000000",
      chunkSize: CHUNK_SIZE,
      createdAt: "",
      appliedIndex: 0,
      metadata: processes("metadata").map(({ id, state, address }, at) => {
        const role = id === leader ? ("leader" as const) : ("follower" as const);
        return { id, state, address, role, member: at + 1, matchIndex: 0, lag: 0 };
      }),
      storage: processes("storage"),
      gateways: processes("gateway"),
      volumes: this.volumes.size,
      slowDisks: [],
      lostPaths: [],
    };
  }

  private disk(node: string): NodeStatus["disks"][number] {
    const id = "disk-1";
    const state = this.disks.get(`${node}/${id}`) ?? "up";
    const space = { sizeBytes: 0, freeBytes: 0, chunks: CHUNKS };
    return { id, storeUuid: node, state, ...space, scrub: null, mirror: null, slow: null };
  }

  private nodes(): NodeStatus[] {
    return this.of("storage").map(({ id, isRunning, life }) => ({
      id: nodeId(id),
      state: isRunning ? "up" : "down",
      service: "in",
      zone: "",
      incarnation: life,
      address: id,
      disks: [this.disk(id)],
      sizeBytes: 0,
      freeBytes: 0,
      chunks: CHUNKS,
      primaries: CHUNKS,
      degradedChunks: 0,
      resyncChunks: 0,
    }));
  }
}

const chunkCounts = (degradedChunks: number) => ({
  chunks: CHUNKS,
  degradedChunks,
  unavailableChunks: 0,
  resyncChunks: 0,
});

export const volumeNamed = (
  given: Pick<VolumeStatus, "name" | "id" | "iqn" | "sizeBytes" | "replicas">,
): VolumeStatus => ({
  ...chunkCounts(0),
  ...given,
  lun: 0,
  blockSize: 512,
  createdAt: "",
  family: 1,
  generation: 1,
  change: "",
  resets: 0,
  access: "any",
  mappings: [],
});

/** One that a user has, in a cluster with this drill's volumes. */
export const someVolume = (replicas: number): VolumeStatus =>
  volumeNamed({
    name: volumeName("theirs"),
    id: volumeId("0b0e4a52-5a0d-4c8b-9a53-0123456789ab"),
    iqn: "iqn.2026-11.io.ashlar:00000000:theirs",
    sizeBytes: CHUNKS * CHUNK_SIZE,
    replicas,
  });
