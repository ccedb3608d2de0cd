export {
  ACCESS_STATE,
  type AccessibleUnit,
  type AccessState,
  type CommandRow,
  type DataOutOffer,
  type Nexus,
  type ReadyCommand,
  type TargetPort,
  type TargetSurroundings,
  type UnitSet,
} from "./command.ts";
export type { UnitIdentity } from "./identity.ts";
export { LogicalUnit, type UnitLimits } from "./logical-unit.ts";
export { OPEN, type ShownUnit, type UnitPolicy, type UnitView } from "./nexus-units.ts";
export type { RequestedAction, ReservationResult, UnitReservations } from "./reservation-port.ts";
export { nexusId } from "./reservation-port.ts";
export { type CommandResult, checkCondition } from "./result.ts";
export { SENSE, type Sense, STATUS, type Status } from "./sense.ts";
export {
  executeCommand,
  type PermittedCommand,
  type PreparedCommand,
  type RefusedCommand,
  ScsiTarget,
} from "./target.ts";
