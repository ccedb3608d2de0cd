// A catalog as its changes describe it. Watchers keep one to follow the metadata service, and the
// replicated state keeps its visible part in one: both go through apply, so they cannot drift apart.
import type { ChunkId, FamilyId, NodeId, VolumeId } from "@ashlar/core";
import { assertNever } from "@ashlar/core";
import { ChunkTables } from "./chunk-tables.ts";
import type {
  CatalogChange,
  CatalogView,
  ChunkConfig,
  ClusterRecord,
  GatewayRecord,
  NodeRecord,
  VolumeRecord,
} from "./records.ts";

export class CatalogMirror implements CatalogView {
  readonly nodes = new Map<NodeId, NodeRecord>();
  readonly gateways = new Map<NodeId, GatewayRecord>();
  readonly volumes = new Map<VolumeId, VolumeRecord>();
  /** Chunk configurations, for those who scan. */
  readonly chunks = new ChunkTables();
  private clusterRecord: ClusterRecord | undefined;
  private index = 0;

  get cluster(): ClusterRecord | undefined {
    return this.clusterRecord;
  }

  get appliedIndex(): number {
    return this.index;
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
   * @returns the list preceded by the deletion of volumes that are in it no more.
   */
  replace(list: readonly CatalogChange[], index: number): readonly CatalogChange[] {
    const kept = new Set<VolumeId>();
    for (const change of list) if (change.kind === "volume") kept.add(change.record.volume);
    const deleted: CatalogChange[] = [...this.volumes.values()]
      .filter(({ volume }) => !kept.has(volume))
      .map(({ volume, family }) => ({ kind: "volumeDeleted", volume, family }));
    this.nodes.clear();
    this.gateways.clear();
    this.volumes.clear();
    this.chunks.clear();
    this.clusterRecord = undefined;
    this.apply(list, index);
    return [...deleted, ...list];
  }

  /** The whole content as changes, in an order that names things before they are used. */
  *list(): Generator<CatalogChange, void, undefined> {
    if (this.clusterRecord) yield { kind: "cluster", record: this.clusterRecord };
    for (const record of this.nodes.values()) yield { kind: "node", record };
    for (const record of this.gateways.values()) yield { kind: "gateway", record };
    for (const record of this.volumes.values()) yield { kind: "volume", record };
    for (const family of this.chunks.families()) {
      for (const record of this.chunks.recordsOf(family)) yield { kind: "chunk", record };
    }
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
      case "gateway":
        this.gateways.set(change.record.gateway, change.record);
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
}
