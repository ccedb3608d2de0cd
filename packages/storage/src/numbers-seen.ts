// The numbers of the cluster that this node has seen, told when it registers: a catalog that was restored
// from an older copy then gives none of them to something else. Families stand in the chunks that the
// stores hold. Of incarnations, the stores hold those of gateways whose operations they may be asked for
// again, and the mirror those of all processes for as long as this one lives. A gateway with the number
// of an earlier one would be told that its writes were done already.
import type { CatalogChange, CatalogView } from "@ashlar/catalog";
import { familyOf } from "@ashlar/core";
import type { ChunkStore } from "@ashlar/replica";
import type { StorageRegistration } from "@ashlar/rpc";
import type { DiskSet } from "./disk-set.ts";

export class NumbersSeen {
  private readonly disks: Pick<DiskSet, "all">;
  private incarnation = 0;

  constructor({
    disks,
    view,
  }: { readonly disks: Pick<DiskSet, "all">; readonly view: CatalogView }) {
    this.disks = disks;
    for (const { incarnation } of view.nodes.values()) this.see(incarnation);
    for (const { incarnation } of view.gateways.values()) this.see(incarnation);
  }

  onChanges(changes: readonly CatalogChange[]): void {
    for (const change of changes) {
      if (change.kind === "node" || change.kind === "gateway") this.see(change.record.incarnation);
    }
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

  private see(incarnation: number): void {
    this.incarnation = Math.max(this.incarnation, incarnation);
  }
}
