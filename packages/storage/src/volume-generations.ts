// Which generation of each volume this node admits operations of, as its mirror of the catalog says: the
// mirror is also the only source of the configurations it leads by, so whoever leads an epoch knows at
// least what was in force when the epoch was named. It never goes back, whatever it is told (P11).
import type { CatalogChange, VolumeRecord } from "@ashlar/catalog";
import type { FamilyId } from "@ashlar/core";
import type { Log } from "@ashlar/runtime";

interface Known {
  readonly generation: number;
  /** A change is prepared, or the volume is deleted. */
  readonly closed: boolean;
}

const DELETED: Known = { generation: Number.POSITIVE_INFINITY, closed: true };

const isBehind = (a: Known, b: Known): boolean =>
  a.generation < b.generation || (a.generation === b.generation && b.closed && !a.closed);

export class VolumeGenerations {
  private readonly log: Log;
  private readonly known = new Map<FamilyId, Known>();

  constructor({ log }: { readonly log: Log }, volumes: Iterable<VolumeRecord>) {
    this.log = log;
    for (const record of volumes) this.learn(record);
  }

  onChanges(changes: readonly CatalogChange[]): void {
    for (const change of changes) {
      if (change.kind === "volume") this.learn(change.record);
      else if (change.kind === "volumeDeleted") this.known.set(change.family, DELETED);
    }
  }

  /** The one whose operations are admitted; undefined when there is none. */
  openOf(family: FamilyId): number | undefined {
    const known = this.known.get(family);
    return known === undefined || known.closed ? undefined : known.generation;
  }

  /** Whether no operation of this generation, or of an older one, is admitted any more. */
  isClosed(family: FamilyId, generation: number): boolean {
    const open = this.openOf(family);
    return open === undefined || open > generation;
  }

  private learn({ volume, family, generation, change }: VolumeRecord): void {
    const told: Known = { generation, closed: change !== undefined };
    const known = this.known.get(family);
    if (known === undefined || !isBehind(told, known)) this.known.set(family, told);
    else this.log.error({ volume, told, known }, "the catalog went back: the volume stays closed");
  }
}
