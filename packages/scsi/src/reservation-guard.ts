// Keeps commands from a unit that another host has reserved. The rules stand with each command in the table;
// what they mean for a nexus is asked when the command runs, and again whenever it is sent anew under another
// state of the volume: the storage nodes refuse what was decided under an old one (P11).
import { hasCode, type OperationOptions, SystemError } from "@ashlar/core";
import {
  type ReservationRule,
  type Reservations,
  type Rights,
  rightsOf,
  wasAborted,
} from "@ashlar/reservations";
import type { Nexus } from "./command.ts";
import { nexusId, type UnitReservations } from "./reservation-port.ts";

/** Stands in the way of one command. */
export interface Guard {
  /** @throws SystemError volume/reserved, operation/aborted. */
  check(): void;
  /** The same, for an attempt of an operation that belongs to the command. */
  permit(): void;
  /** Something of the command was permitted, and may have been done. */
  readonly permitted: boolean;
  /** Whether the command is in conflict also under a state that is proved to be no older than this call. */
  isRefused(options: OperationOptions): Promise<boolean>;
}

/**
 * Runs what the guard permits, and again as long as only an old state forbids it: by that a host would be told that
 * it has lost what it still has. But not again when a part of it may have been done: another host may have written there
 * since. @throws what `run` throws, SystemError volume/reserved, cluster/unavailable.
 */
export async function guarded<T>(
  guard: Guard | undefined,
  options: OperationOptions,
  run: () => T | Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      guard?.check();
      return await run();
    } catch (thrown) {
      if (!guard || !hasCode(thrown, "volume/reserved")) throw thrown;
      if (await guard.isRefused(options)) throw thrown;
      if (guard.permitted) throw new SystemError("cluster/unavailable", "reserved in between");
    }
  }
}

interface Known {
  readonly state: Reservations;
  readonly rights: Rights;
}

const isFree = ({ held, reserved, aborts }: Reservations): boolean =>
  held === undefined && reserved === undefined && aborts.length === 0;

export class ReservationGuard {
  private readonly reservations: UnitReservations;
  /** By session: the same few are asked for with every command. */
  private readonly known = new WeakMap<Nexus, Known>();

  constructor(reservations: UnitReservations) {
    this.reservations = reservations;
  }

  /** For a command that arrives now; undefined for one that is always allowed. */
  of(nexus: Nexus, rule: ReservationRule): Guard | undefined {
    if (rule === "always") return undefined;
    const begunAt = this.reservations.current.changes;
    let permitted = false;
    const check = (): void => {
      const { current } = this.reservations;
      if (isFree(current)) return;
      if (current.aborts.length > 0 && wasAborted(current, nexusId(nexus), begunAt)) {
        throw new SystemError("operation/aborted", "another host pre-empted this one");
      }
      if (this.rights(nexus, current)[rule]) return;
      throw new SystemError("volume/reserved", "another host has reserved the volume");
    };
    return {
      check,
      permit: () => {
        check();
        permitted = true;
      },
      get permitted() {
        return permitted;
      },
      isRefused: async (options) =>
        !this.rights(nexus, await this.reservations.proved(options))[rule],
    };
  }

  private rights(nexus: Nexus, state: Reservations): Rights {
    const known = this.known.get(nexus);
    if (known?.state === state) return known.rights;
    const rights = rightsOf(state, nexusId(nexus));
    this.known.set(nexus, { state, rights });
    return rights;
  }
}
