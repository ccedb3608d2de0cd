// Which gateway incarnations the catalog has declared dead: their operations are refused, and what the
// stores remember of them goes.
//
// Incarnations come from one counter of the cluster, and the mirror follows the catalog in its order. So
// of all that were given up to the greatest one in the mirror, those live that a gateway's record names
// and calls up; a greater one is of a gateway that the mirror has not heard of yet, and may live.
//
// A mirror that lags does no harm. Whoever dropped a window had heard of the death, and a chunk is led
// only by a node whose mirror has passed the entry that names its epoch. Whatever a predecessor dropped,
// or gave a learner without, lies before the learner's admission and that entry: the next primary knows
// of the death as well, and refuses what the window would have caught (P10).
import type { CatalogChange, CatalogView } from "@ashlar/catalog";
import type { DiskSet } from "./disk-set.ts";

export class GatewayLives {
  private readonly view: Pick<CatalogView, "nodes" | "gateways">;
  private readonly disks: Pick<DiskSet, "all">;
  /** Incarnations up to here were given when the mirror was as it is. */
  private givenUpTo = 0;
  private live: ReadonlySet<number> = new Set();

  constructor({
    view,
    disks,
  }: {
    readonly view: Pick<CatalogView, "nodes" | "gateways">;
    readonly disks: Pick<DiskSet, "all">;
  }) {
    this.view = view;
    this.disks = disks;
    this.look();
  }

  onChanges(changes: readonly CatalogChange[]): void {
    if (changes.some(({ kind }) => kind === "gateway" || kind === "node")) this.look();
  }

  isDead(incarnation: number): boolean {
    return incarnation <= this.givenUpTo && !this.live.has(incarnation);
  }

  private look(): void {
    const { nodes, gateways } = this.view;
    const before = this.live;
    const given = [...nodes.values(), ...gateways.values()].map(({ incarnation }) => incarnation);
    const newest = Math.max(0, ...given);
    // A mirror goes back when the catalog was restored from an older copy. Who registered since lives,
    // although that one has not heard of it, and keeps its windows. It is told what this node has seen
    // (numbers-seen.ts): then its gateways register anew, under newer numbers.
    if (newest < this.givenUpTo) return;
    this.givenUpTo = newest;
    const up = [...gateways.values()].filter(({ state }) => state === "up");
    this.live = new Set(up.map(({ incarnation }) => incarnation));
    // Also at start: one may have died while this node did not run.
    const someDied =
      before.size === 0 || [...before].some((incarnation) => this.isDead(incarnation));
    if (someDied) this.forget();
  }

  private forget(): void {
    for (const { store, failed } of this.disks.all) {
      if (!failed) store.forgetGateways((incarnation) => this.isDead(incarnation));
    }
  }
}
