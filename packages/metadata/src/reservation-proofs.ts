// Which state of a volume's reservations may be told. What takes no right away is in force before all nodes know of it,
// and one that does not proves the state before to a gateway that is as late. So a state is told when all nodes have
// closed the generation before it, and not before: then nobody can prove an older one, and what is told never goes back.
import type { VolumeRecord } from "@ashlar/catalog";
import type { Reservations } from "@ashlar/reservations";
import type { GenerationCloser } from "./generation-closer.ts";

export class ReservationProofs {
  private readonly closer: Pick<GenerationCloser, "close">;
  /**
   * States of which that is known. A state is never changed in place, and is the same object in all generations that
   * leave it alone; of a restored catalog it is another one, and asked for anew.
   */
  private readonly proven = new WeakSet<Reservations>();

  constructor(closer: Pick<GenerationCloser, "close">) {
    this.closer = closer;
  }

  /** All nodes have closed the generation before that of the record. */
  add({ reservations }: VolumeRecord): void {
    this.proven.add(reservations);
  }

  /** Resolves when the record's state may be told. @throws SystemError volume/not-fenced, the signal's reason. */
  async prove(
    record: VolumeRecord,
    options: { readonly signal: AbortSignal; readonly limitMs: number },
  ): Promise<void> {
    if (this.proven.has(record.reservations)) return;
    const { family, generation } = record;
    await this.closer.close({ family, generation: generation - 1 }, options);
    this.add(record);
  }
}
