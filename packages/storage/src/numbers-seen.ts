// The numbers of the cluster that this node has seen, told when it registers: a catalog that was restored
// from an older copy then gives none of them to something else. Families stand in the chunks that the
// stores hold. Of incarnations, the stores hold those of gateways whose operations they may be asked for
// again, and the mirror those of all processes for as long as this one lives. A gateway with the number
// of an earlier one would be told that its writes were done already.
//
// A process that the mirror has under an older number than before, or another one under the same number,
// proves that the catalog went back while this node went on: then it has to be told at once.
import type { CatalogChange, CatalogView, NodeRecord } from "@ashlar/catalog";
import { familyOf, type NodeId } from "@ashlar/core";
import type { ChunkStore } from "@ashlar/replica";
import type { StorageRegistration } from "@ashlar/rpc";
import type { DiskSet } from "./disk-set.ts";

type Process = Pick<NodeRecord, "incarnation" | "bootId">;

export class NumbersSeen {
  private readonly disks: Pick<DiskSet, "all">;
  private incarnation = 0;
  private readonly processes = new Map<NodeId, Process>();

  constructor({
    disks,
    view,
  }: { readonly disks: Pick<DiskSet, "all">; readonly view: CatalogView }) {
    this.disks = disks;
    for (const record of view.nodes.values()) this.follow(record.node, record);
    for (const record of view.gateways.values()) this.follow(record.gateway, record);
  }

  /** True if these are of a catalog that went back. */
  onChanges(changes: readonly CatalogChange[]): boolean {
    let wentBack = false;
    for (const change of changes) {
      const isNewer =
        change.kind === "node"
          ? this.follow(change.record.node, change.record)
          : change.kind !== "gateway" || this.follow(change.record.gateway, change.record);
      if (!isNewer) wentBack = true;
    }
    return wentBack;
  }

  numbers(): Pick<StorageRegistration, "familySeen" | "incarnationSeen"> {
    let familySeen = 0;
    for (const { store, failed } of this.disks.all) {
      if (failed) continue;
      for (const { chunk } of store.chunks()) {
        familySeen = Math.max(familySeen, familyOf(chunk));
        this.seeOperations(store.uncommitted(chunk));
        for (const { incarnation } of store.windows(chunk)) this.see(incarnation);
      }
    }
    return { familySeen, incarnationSeen: this.incarnation };
  }

  private seeOperations(entries: ReturnType<ChunkStore["uncommitted"]>): void {
    for (const { opId } of entries) this.see(opId.incarnation);
  }

  /** False if it is older than what was known. */
  private follow(name: NodeId, { incarnation, bootId }: Process): boolean {
    const known = this.processes.get(name);
    this.processes.set(name, { incarnation, bootId });
    this.see(incarnation);
    if (!known || known.incarnation < incarnation) return true;
    return known.incarnation === incarnation && known.bootId === bootId;
  }

  private see(incarnation: number): void {
    this.incarnation = Math.max(this.incarnation, incarnation);
  }
}
