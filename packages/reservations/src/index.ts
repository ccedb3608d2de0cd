export {
  type ActionKind,
  afterGatewayLoss,
  afterReset,
  decide,
  FAULTS,
  type Fault,
  type Outcome,
  type ReservationAction,
  type TargetPorts,
} from "./action.ts";
export { abortedSince, noticeFor } from "./attention.ts";
export { type ReservationRule, type Rights, rightsOf, wasAborted } from "./rights.ts";
export {
  type Abort,
  holds,
  isHeldByAll,
  isReservationType,
  type NexusId,
  NO_KEY,
  NO_RESERVATIONS,
  NOTICES,
  type Notice,
  type NoticeKind,
  REGISTRANTS_MAX,
  RESERVATION_TYPE,
  type Registrant,
  type ReservationKey,
  type Reservations,
  type ReservationType,
  registrationOf,
  sameNexus,
} from "./state.ts";
