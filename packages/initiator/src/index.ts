export { INCIDENT_KINDS, type Incident, type IncidentKind, IncidentLog } from "./incidents.ts";
export { type Capacity, LogicalUnit, type LogicalUnitOptions } from "./logical-unit.ts";
export {
  type MultipathDependencies,
  MultipathDevice,
  type MultipathOptions,
  openMultipath,
  type PathObserver,
  type PathPolicy,
  type PathStatus,
  randomIsid,
} from "./multipath.ts";
export * as cdb from "./scsi/cdb.ts";
export type { CommandExecutor, Residual, ScsiCommand, ScsiResult } from "./scsi/command.ts";
export { type Designator, parseDesignators, unitIdentity } from "./scsi/identity.ts";
export {
  type BlockLimits,
  type Inquiry,
  type Provisioning,
  parseBlockLimits,
  parseInquiry,
  parseProvisioning,
  parseRotationRate,
  parseSerialNumber,
  parseSupportedPages,
  parseVpdPage,
  type VpdPage,
} from "./scsi/inquiry-pages.ts";
export {
  type FullStatus,
  initiatorPortOf,
  NO_KEY,
  type RegisteredKeys,
  type ReservationKey,
  type ReservationState,
  type ReserveCapabilities,
  type ReserveInAction,
  type ReserveOut,
  type ReserveOutAction,
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY,
} from "./scsi/persistent-reserve.ts";
export {
  PathReservations,
  type PathReservationsOptions,
  RESERVE_IN_NAMES,
  RESERVE_OUT_NAMES,
} from "./scsi/reservations.ts";
export { formatSense, parseSense, SENSE_KEY, type Sense, STATUS } from "./scsi/sense.ts";
export { isActiveOptimized, type TargetPortGroup } from "./scsi/target-port-groups.ts";
export type { LoginRefused, SessionEffect } from "./session/effects.ts";
export type { LoginIdentity } from "./session/initiator-login.ts";
export type { LoginProof } from "./session/initiator-security.ts";
export { openSession } from "./session/open-session.ts";
export {
  OFFERED_DEFAULT,
  type OfferedParameters,
  type SessionParameters,
} from "./session/parameters.ts";
export type { DiscoveredTarget, Session } from "./session/session.ts";
export { type Begun, SessionMachine } from "./session/session-machine.ts";
export type { SessionDependencies, SessionOptions } from "./session/session-options.ts";
export type { TaskManagement } from "./session/task-management.ts";
export { type Dial, dialTcp, type Wire, type WireEvents } from "./session/wire.ts";
export {
  formatIscsiUrl,
  formatPortal,
  type IscsiUrl,
  type PortalAddress,
  parseIscsiUrl,
  parsePortal,
} from "./url.ts";
export {
  FAULT_KINDS,
  type Fault,
  type FaultKind,
  isClean,
  OPERATION_KINDS,
  type OperationError,
  type OperationKind,
  type OperationSummary,
  type VerifierReport,
} from "./verifier/report.ts";
export {
  formatFaults,
  type PathOptions,
  type ReadBackOptions,
  type RunOptions,
  Verifier,
  type VerifierOptions,
  type VerifierPath,
} from "./verifier/verifier.ts";
