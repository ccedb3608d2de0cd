// Status codes and sense data (SAM-5, SPC-4 4.5). Sense is always fixed format: D_SENSE is 0 and
// not changeable. Every sense this server can answer stands in the table below by name.

export const STATUS = {
  good: 0x00,
  checkCondition: 0x02,
  conditionMet: 0x04,
  busy: 0x08,
  reservationConflict: 0x18,
  taskSetFull: 0x28,
  taskAborted: 0x40,
} as const;
export type Status = (typeof STATUS)[keyof typeof STATUS];

export const SENSE_KEY = {
  noSense: 0x0,
  notReady: 0x2,
  mediumError: 0x3,
  hardwareError: 0x4,
  illegalRequest: 0x5,
  unitAttention: 0x6,
  dataProtect: 0x7,
  copyAborted: 0xa,
  abortedCommand: 0xb,
  miscompare: 0xe,
} as const;

export interface Sense {
  readonly key: number;
  readonly asc: number;
  readonly ascq: number;
  /** The INFORMATION field, below 2^32; sets VALID. */
  readonly information?: number;
  /** Byte of the CDB that is at fault. */
  readonly cdbByte?: number;
  /** Byte of the parameter list that is at fault. */
  readonly listByte?: number;
}

const sense = (key: number, asc: number, ascq: number): Sense => ({ key, asc, ascq });

export const SENSE = {
  none: sense(0x0, 0x00, 0x00),
  spaceAllocationInProgress: sense(0x2, 0x04, 0x14),
  unrecoveredReadError: sense(0x3, 0x11, 0x00),
  parameterListLengthError: sense(0x5, 0x1a, 0x00),
  invalidOpcode: sense(0x5, 0x20, 0x00),
  lbaOutOfRange: sense(0x5, 0x21, 0x00),
  invalidFieldInCdb: sense(0x5, 0x24, 0x00),
  unitNotSupported: sense(0x5, 0x25, 0x00),
  invalidFieldInParameterList: sense(0x5, 0x26, 0x00),
  invalidReleaseOfReservation: sense(0x5, 0x26, 0x04),
  tooManyCopyTargets: sense(0x5, 0x26, 0x06),
  unsupportedCopyTarget: sense(0x5, 0x26, 0x07),
  tooManySegments: sense(0x5, 0x26, 0x08),
  unsupportedSegment: sense(0x5, 0x26, 0x09),
  commandSequenceError: sense(0x5, 0x2c, 0x00),
  savingNotSupported: sense(0x5, 0x39, 0x00),
  insufficientRegistrationResources: sense(0x5, 0x55, 0x04),
  powerOn: sense(0x6, 0x29, 0x00),
  unitReset: sense(0x6, 0x29, 0x03),
  nexusLoss: sense(0x6, 0x29, 0x07),
  modeParametersChanged: sense(0x6, 0x2a, 0x01),
  reservationsPreempted: sense(0x6, 0x2a, 0x03),
  reservationsReleased: sense(0x6, 0x2a, 0x04),
  registrationsPreempted: sense(0x6, 0x2a, 0x05),
  accessStateChanged: sense(0x6, 0x2a, 0x06),
  capacityChanged: sense(0x6, 0x2a, 0x09),
  reportedLunsChanged: sense(0x6, 0x3f, 0x0e),
  writeProtected: sense(0x7, 0x27, 0x00),
  spaceAllocationFailed: sense(0x7, 0x27, 0x07),
  copyAborted: sense(0xa, 0x00, 0x00),
  unreachableCopyTarget: sense(0xa, 0x08, 0x04),
  copyTargetFailed: sense(0xa, 0x0d, 0x01),
  abortedCommand: sense(0xb, 0x00, 0x00),
  internalTargetFailure: sense(0xb, 0x44, 0x00),
  dataPhaseError: sense(0xb, 0x4b, 0x00),
  miscompare: sense(0xe, 0x1d, 0x00),
} as const satisfies Readonly<Record<string, Sense>>;

const SENSE_LENGTH = 18;
const CURRENT_FIXED = 0x70;
const VALID = 0x80;
const FIELD_POINTER_VALID = 0x80;
/** C/D: the field pointer is of the CDB, else of the parameter list. */
const IN_CDB = 0x40;

export function encodeSense(wanted: Sense): Buffer {
  const bytes = Buffer.alloc(SENSE_LENGTH);
  bytes[0] = CURRENT_FIXED;
  bytes[2] = wanted.key;
  bytes[7] = SENSE_LENGTH - 8;
  bytes[12] = wanted.asc;
  bytes[13] = wanted.ascq;
  if (wanted.information !== undefined) {
    bytes[0] = CURRENT_FIXED | VALID;
    bytes.writeUInt32BE(wanted.information, 3);
  }
  const faultyByte = wanted.cdbByte ?? wanted.listByte;
  if (faultyByte !== undefined) {
    bytes[15] = FIELD_POINTER_VALID | (wanted.cdbByte === undefined ? 0 : IN_CDB);
    bytes.writeUInt16BE(faultyByte, 16);
  }
  return bytes;
}
