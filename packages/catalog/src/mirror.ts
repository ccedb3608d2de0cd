// A catalog as its changes describe it. Watchers keep one to follow the metadata service, and the
// replicated state keeps its visible part in one: both go through apply, so they cannot drift apart.
import type { ChunkId, FamilyId, HostName, NodeId, VolumeId } from "@ashlar/core";
import { assertNever } from "@ashlar/core";
import { ChunkTables } from "./chunk-tables.ts";
import type {
  CatalogChange,
  CatalogView,
  ChunkConfig,
  ClusterRecord,
  GatewayRecord,
  HostRecord,
  MemberRecord,
  NodeRecord,
  VolumeRecord,
} from "./records.ts";

export class CatalogMirror implements CatalogView {
  readonly nodes = new Map<NodeId, NodeRecord>();
  readonly gateways = new Map<NodeId, GatewayRecord>();
  readonly members = new Map<NodeId, MemberRecord>();
  readonly hosts = new Map<HostName, HostRecord>();
  readonly volumes = new Map<VolumeId, VolumeRecord>();
  /** Chunk configurations, for those who scan. */
  readonly chunks = new ChunkTables();
  private clusterRecord: ClusterRecord | undefined;
  private readonly initiators = new Map<string, HostName>();
  private index = 0;

  get cluster(): ClusterRecord | undefined {
    return this.clusterRecord;
  }

  get appliedIndex(): number {
    return this.index;
  }

  hostOf(initiatorName: string): HostRecord | undefined {
    const host = this.initiators.get(initiatorName);
    return host === undefined ? undefined : this.hosts.get(host);
  }

  chunk(chunk: ChunkId): ChunkConfig | undefined {
    return this.chunks.get(chunk);
  }

  chunksOf(family: FamilyId): readonly ChunkConfig[] {
    return [...this.chunks.recordsOf(family)];
  }

  /** Takes in what entry `index` changed. */
  apply(changes: readonly CatalogChange[], index: number): void {
    for (const change of changes) this.put(change);
    this.index = index;
  }

  /**
   * Becomes the catalog that `list` describes in full, as of entry `index`.
   * @returns the list preceded by the deletion of volumes, hosts, nodes and members that are in it no more.
   */
  replace(list: readonly CatalogChange[], index: number): readonly CatalogChange[] {
    const gone = this.missingIn(list);
    this.nodes.clear();
    this.gateways.clear();
    this.members.clear();
    this.hosts.clear();
    this.initiators.clear();
    this.volumes.clear();
    this.chunks.clear();
    this.clusterRecord = undefined;
    this.apply(list, index);
    return [...gone, ...list];
  }

  /**
   * The whole content as changes, in an order that names things before they are used: as it is now, also
   * when it is read later and piece by piece. Each time it is read, the records of chunks are made anew.
   */
  list(): Iterable<CatalogChange> {
    const heads: CatalogChange[] = [];
    if (this.clusterRecord) heads.push({ kind: "cluster", record: this.clusterRecord });
    for (const record of this.nodes.values()) heads.push({ kind: "node", record });
    for (const record of this.gateways.values()) heads.push({ kind: "gateway", record });
    for (const record of this.members.values()) heads.push({ kind: "member", record });
    for (const record of this.hosts.values()) heads.push({ kind: "host", record });
    for (const record of this.volumes.values()) heads.push({ kind: "volume", record });
    const chunks = this.chunks.frozen();
    return { [Symbol.iterator]: () => listed(heads, chunks) };
  }

  /** One change of the entry in hand; {@link apply} closes it. */
  put(change: CatalogChange): void {
    switch (change.kind) {
      case "cluster":
        this.clusterRecord = change.record;
        break;
      case "node":
        this.nodes.set(change.record.node, change.record);
        break;
      case "nodeRemoved":
        this.nodes.delete(change.node);
        break;
      case "gateway":
        this.gateways.set(change.record.gateway, change.record);
        break;
      case "member":
        this.members.set(change.record.node, change.record);
        break;
      case "memberRemoved":
        this.members.delete(change.node);
        break;
      case "host":
        this.forgetHost(change.record.host);
        this.hosts.set(change.record.host, change.record);
        for (const name of change.record.initiators) this.initiators.set(name, change.record.host);
        break;
      case "hostDeleted":
        this.forgetHost(change.host);
        this.hosts.delete(change.host);
        break;
      case "volume":
        this.volumes.set(change.record.volume, change.record);
        break;
      case "volumeDeleted":
        this.volumes.delete(change.volume);
        this.chunks.removeFamily(change.family);
        break;
      case "chunk":
        this.chunks.set(change.record);
        break;
      default:
        assertNever(change);
    }
  }

  /** Its initiators belong to nobody; a name that went to another host stays there. */
  private forgetHost(host: HostName): void {
    for (const name of this.hosts.get(host)?.initiators ?? []) {
      if (this.initiators.get(name) === host) this.initiators.delete(name);
    }
  }

  private missingIn(list: readonly CatalogChange[]): CatalogChange[] {
    const volumes = new Map(this.volumes);
    const members = new Map(this.members);
    const hosts = new Map(this.hosts);
    const nodes = new Map(this.nodes);
    for (const change of list) {
      if (change.kind === "node") nodes.delete(change.record.node);
      if (change.kind === "volume") volumes.delete(change.record.volume);
      if (change.kind === "member") members.delete(change.record.node);
      if (change.kind === "host") hosts.delete(change.record.host);
    }
    return [
      ...[...nodes.keys()].map((node) => ({ kind: "nodeRemoved" as const, node })),
      ...[...members.keys()].map((node) => ({ kind: "memberRemoved" as const, node })),
      ...[...hosts.keys()].map((host) => ({ kind: "hostDeleted" as const, host })),
      ...[...volumes.values()].map(({ volume, family }) => ({
        kind: "volumeDeleted" as const,
        volume,
        family,
      })),
    ];
  }
}

function* listed(
  heads: readonly CatalogChange[],
  chunks: ChunkTables,
): Generator<CatalogChange, void, undefined> {
  yield* heads;
  for (const family of chunks.families()) {
    for (const record of chunks.recordsOf(family)) yield { kind: "chunk", record };
  }
}
