export type {
  CommandRow,
  DataOutOffer,
  Nexus,
  ReadyCommand,
  ReservationRule,
  UnitSet,
} from "./command.ts";
export type { UnitIdentity } from "./identity.ts";
export { LogicalUnit, type UnitLimits } from "./logical-unit.ts";
export { OPEN, type ShownUnit, type UnitPolicy, type UnitView } from "./nexus-units.ts";
export { type CommandResult, checkCondition } from "./result.ts";
export { SENSE, type Sense, STATUS, type Status } from "./sense.ts";
export {
  executeCommand,
  type PermittedCommand,
  type PreparedCommand,
  type RefusedCommand,
  ScsiTarget,
} from "./target.ts";
