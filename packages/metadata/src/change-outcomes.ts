// How changes of volumes in two phases ended, as the log tells it to every member: a volume's record alone
// does not say, since other changes may have followed. A commit and a reset after it, and a change that
// was given up, leave the same generation.
import type { CatalogChange, VolumeRecord } from "@ashlar/catalog";
import type { VolumeId } from "@ashlar/core";

export type ChangeOutcome = "done" | "givenUp";

/** Far more than end within the time in which somebody may ask again. */
export const OUTCOMES_KEPT_MAX = 1024;

interface Named {
  readonly volume: VolumeId;
  /** The one that was prepared. */
  readonly generation: number;
}

const keyOf = ({ volume, generation }: Named): string => `${volume}/${generation}`;

export class ChangeOutcomes {
  /** The generation that is prepared, by volume. */
  private readonly prepared = new Map<VolumeId, number>();
  private readonly ended = new Map<string, ChangeOutcome>();

  constructor(volumes: Iterable<VolumeRecord>) {
    this.restore(volumes);
  }

  /** The state was replaced: what ended meanwhile is not known. */
  restore(volumes: Iterable<VolumeRecord>): void {
    this.prepared.clear();
    for (const record of volumes) this.see(record);
  }

  /** What one entry changed. */
  onChanges(changes: readonly CatalogChange[]): void {
    for (const change of changes) {
      if (change.kind === "volume") this.see(change.record);
      else if (change.kind === "volumeDeleted") this.end(change.volume, "done");
    }
  }

  /** Undefined when it has not ended, or this member did not see how. */
  of(change: Named): ChangeOutcome | undefined {
    return this.ended.get(keyOf(change));
  }

  private see({ volume, generation, change }: VolumeRecord): void {
    if (change) this.prepared.set(volume, generation + 1);
    else this.end(volume, generation === this.prepared.get(volume) ? "done" : "givenUp");
  }

  private end(volume: VolumeId, outcome: ChangeOutcome): void {
    const generation = this.prepared.get(volume);
    if (generation === undefined) return;
    this.prepared.delete(volume);
    this.ended.set(keyOf({ volume, generation }), outcome);
    const [oldest] = this.ended.keys();
    if (this.ended.size > OUTCOMES_KEPT_MAX && oldest) this.ended.delete(oldest);
  }
}
