// A gateway that the catalog took for dead is refused by every storage node until it has registered anew, which
// it cannot while it does not reach the metadata service. Its hosts have other paths and take them when this
// one is gone, not while it holds their commands: so after a short while its portals end their sessions and take
// no new ones, until it is registered again.
import type { Clock, Log, Startable, Timer } from "@ashlar/runtime";

/** Registering anew takes a few round trips where the metadata service is reached. */
export const EXILE_AFTER_MS = 1_000;
const RETURN_INTERVAL_MS = 100;

export interface ExileDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly registration: { readonly incarnation: number; again(superseded: number): void };
  readonly portals: readonly { shut(): void; reopen(): void }[];
}

export class Exile implements Startable {
  private readonly deps: ExileDeps;
  /** The incarnation that was refused last. */
  private refused = 0;
  private timer: Timer | undefined;
  private isShut = false;

  constructor(deps: ExileDeps) {
    this.deps = deps;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.timer?.cancel();
  }

  /**
   * A storage node said that the catalog took this incarnation for dead. Such words come late as well, when the
   * gateway has its next one: they say nothing of that.
   */
  onTakenForDead(refused: number): void {
    const { registration, clock } = this.deps;
    if (this.timer || refused !== registration.incarnation) return;
    this.refused = refused;
    registration.again(refused);
    this.timer = clock.after(EXILE_AFTER_MS, () => this.judge());
  }

  private judge(): void {
    const { registration, portals, clock, log } = this.deps;
    if (registration.incarnation !== this.refused) {
      this.timer = undefined;
      if (!this.isShut) return;
      this.isShut = false;
      log.info({ incarnation: registration.incarnation }, "registered again: portals serve");
      for (const portal of portals) portal.reopen();
      return;
    }
    if (!this.isShut) {
      this.isShut = true;
      log.warn(
        { incarnation: this.refused },
        "taken for dead and not registered: portals are shut",
      );
      for (const portal of portals) portal.shut();
    }
    this.timer = clock.after(RETURN_INTERVAL_MS, () => this.judge());
  }
}
