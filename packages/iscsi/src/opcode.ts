// Constants of the wire (RFC 7143, section 11). Values are the protocol's own; names are its words.

/** Bits 5..0 of the first byte of a PDU. */
export const OPCODE = {
  nopOut: 0x00,
  scsiCommand: 0x01,
  taskManagementRequest: 0x02,
  loginRequest: 0x03,
  textRequest: 0x04,
  dataOut: 0x05,
  logoutRequest: 0x06,
  snackRequest: 0x10,
  nopIn: 0x20,
  scsiResponse: 0x21,
  taskManagementResponse: 0x22,
  loginResponse: 0x23,
  textResponse: 0x24,
  dataIn: 0x25,
  logoutResponse: 0x26,
  r2t: 0x31,
  asyncMessage: 0x32,
  reject: 0x3f,
} as const;

/** Bytes of a basic header segment. */
export const BHS_LENGTH = 48;
/** A tag that names no task or transfer. */
export const TAG_NONE = 0xffffffff;
/** The default TCP port of a portal. */
export const ISCSI_PORT = 3260;

export const STAGE = { security: 0, operational: 1, fullFeature: 3 } as const;
export type Stage = (typeof STAGE)[keyof typeof STAGE];

/** Task attributes of a SCSI command. */
export const TASK_ATTRIBUTE = {
  untagged: 0,
  simple: 1,
  ordered: 2,
  headOfQueue: 3,
  aca: 4,
} as const;

export const TASK_FUNCTION = {
  abortTask: 1,
  abortTaskSet: 2,
  clearAca: 3,
  clearTaskSet: 4,
  logicalUnitReset: 5,
  targetWarmReset: 6,
  targetColdReset: 7,
  taskReassign: 8,
} as const;

export const TASK_RESPONSE = {
  complete: 0,
  taskDoesNotExist: 1,
  lunDoesNotExist: 2,
  taskStillAllegiant: 3,
  reassignNotSupported: 4,
  functionNotSupported: 5,
  authorizationFailed: 6,
  rejected: 255,
} as const;

export const LOGOUT_REASON = { closeSession: 0, closeConnection: 1, recovery: 2 } as const;
export const LOGOUT_RESPONSE = {
  closed: 0,
  cidNotFound: 1,
  recoveryNotSupported: 2,
  cleanupFailed: 3,
} as const;

export const REJECT_REASON = {
  dataDigestError: 0x02,
  snackReject: 0x03,
  protocolError: 0x04,
  commandNotSupported: 0x05,
  immediateCommandReject: 0x06,
  taskInProgress: 0x07,
  invalidDataAck: 0x08,
  invalidPduField: 0x09,
  longOperation: 0x0a,
  negotiationReset: 0x0b,
  waitingForLogout: 0x0c,
} as const;

export const ASYNC_EVENT = {
  scsi: 0,
  logoutRequested: 1,
  connectionDropped: 2,
  sessionDropped: 3,
  renegotiate: 4,
} as const;

/** Class and detail of a login response as one number, class in the upper byte. */
export const LOGIN_STATUS = {
  success: 0x0000,
  movedTemporarily: 0x0101,
  movedPermanently: 0x0102,
  initiatorError: 0x0200,
  authenticationFailure: 0x0201,
  authorizationFailure: 0x0202,
  notFound: 0x0203,
  removed: 0x0204,
  unsupportedVersion: 0x0205,
  tooManyConnections: 0x0206,
  missingParameter: 0x0207,
  cannotInclude: 0x0208,
  sessionTypeNotSupported: 0x0209,
  sessionDoesNotExist: 0x020a,
  invalidDuringLogin: 0x020b,
  targetError: 0x0300,
  serviceUnavailable: 0x0301,
  outOfResources: 0x0302,
} as const;
export type LoginStatus = (typeof LOGIN_STATUS)[keyof typeof LOGIN_STATUS];
