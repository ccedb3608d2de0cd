export type {
  CommandRow,
  DataOutOffer,
  Nexus,
  ReadyCommand,
  ReservationRule,
  UnitSet,
} from "./command.ts";
export { COMMAND_TABLE } from "./command-table.ts";
export { resultOfError } from "./error-sense.ts";
export { identityOf, type UnitIdentity } from "./identity.ts";
export { LogicalUnit, type UnitLimits } from "./logical-unit.ts";
export { type CommandResult, checkCondition } from "./result.ts";
export { encodeSense, SENSE, SENSE_KEY, type Sense, STATUS, type Status } from "./sense.ts";
export { executeCommand, type PreparedCommand, type RefusedCommand, ScsiTarget } from "./target.ts";
