// Reservations that one process keeps: for tests, whose targets share them as gateways share those of a volume.
import {
  decide,
  type NexusId,
  NO_RESERVATIONS,
  type ReservationAction,
  type Reservations,
} from "@ashlar/reservations";
import type { RequestedAction, ReservationResult, UnitReservations } from "../reservation-port.ts";

export class LocalReservations implements UnitReservations {
  current: Reservations = NO_RESERVATIONS;
  private readonly ports: readonly number[];

  constructor({ ports = [1, 2] }: { readonly ports?: readonly number[] } = {}) {
    this.ports = ports;
  }

  async proved(): Promise<Reservations> {
    return this.current;
  }

  async nexusLost(nexus: NexusId): Promise<void> {
    await this.change({ kind: "give", nexus, seen: this.current.changes });
  }

  async change(action: RequestedAction): Promise<ReservationResult> {
    const whole = { gateway: 1, serial: 1, ...action } as ReservationAction;
    const outcome = decide(this.current, whole, { ports: this.ports });
    if (outcome.kind === "fault") return outcome.fault;
    if (outcome.kind === "changed") this.current = outcome.state;
    return outcome.kind;
  }
}
