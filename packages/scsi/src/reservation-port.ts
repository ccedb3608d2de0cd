// The port between a logical unit and the one state of its reservations, which all gateways share.
import type { OperationOptions } from "@ashlar/core";
import type {
  Fault,
  Holding,
  NexusId,
  ReservationAction,
  Reservations,
} from "@ashlar/reservations";

export type ReservationResult = "changed" | "unchanged" | "conflict" | Fault;

export interface UnitReservations {
  /** The newest that is known here: others may have changed it since. */
  readonly current: Reservations;
  /**
   * The state as it was at some time after the call.
   * @throws SystemError when that cannot be had: nothing is to be answered by what may be old.
   */
  proved(options: OperationOptions): Promise<Reservations>;
  /** A nexus is no more: what it had reserved by RESERVE(6) or (10) is free again, soon if not at once. */
  nexusLost(nexus: NexusId): Promise<void>;
  /**
   * Resolves when nothing that was admitted before can take effect any more, through any gateway.
   * @throws SystemError when it was not done, or is not known to be.
   */
  change(action: RequestedAction, options: OperationOptions): Promise<ReservationResult>;
}

type OmitHolding<A> = A extends Holding ? Omit<A, keyof Holding> : A;
/** As a command asks for it: whoever shares the state adds which of the gateway's RESERVEs it is. */
export type RequestedAction = OmitHolding<ReservationAction>;

/** What reservations need to know of a session. */
export const nexusId = ({
  initiatorPort,
  tpgt,
}: {
  readonly initiatorPort: string;
  readonly tpgt: number;
}): NexusId => ({ initiatorPort, targetPort: tpgt });
