// SCSI status and sense as an initiator reads them (SAM-5 5.3, SPC-4 4.5), and what they become as
// errors of a block device.
import { type ErrorCode, SystemError } from "@ashlar/core";

export const STATUS = {
  good: 0x00,
  checkCondition: 0x02,
  conditionMet: 0x04,
  busy: 0x08,
  reservationConflict: 0x18,
  taskSetFull: 0x28,
  acaActive: 0x30,
  taskAborted: 0x40,
} as const;

export const SENSE_KEY = {
  noSense: 0x0,
  recoveredError: 0x1,
  notReady: 0x2,
  mediumError: 0x3,
  hardwareError: 0x4,
  illegalRequest: 0x5,
  unitAttention: 0x6,
  dataProtect: 0x7,
  abortedCommand: 0xb,
  miscompare: 0xe,
} as const;

export interface Sense {
  readonly key: number;
  readonly asc: number;
  readonly ascq: number;
  /** INFORMATION field, where the sense says it is valid. */
  readonly information?: number;
}

/** Reads fixed (70h, 71h) and descriptor (72h, 73h) sense; undefined for anything else. */
export function parseSense(bytes: Buffer): Sense | undefined {
  if (bytes.length < 4) return undefined;
  const code = bytes.readUInt8(0) & 0x7f;
  if (code === 0x72 || code === 0x73) {
    return {
      key: bytes.readUInt8(1) & 0x0f,
      asc: bytes.readUInt8(2),
      ascq: bytes.readUInt8(3),
    };
  }
  if ((code !== 0x70 && code !== 0x71) || bytes.length < 14) return undefined;
  const sense = {
    key: bytes.readUInt8(2) & 0x0f,
    asc: bytes.readUInt8(12),
    ascq: bytes.readUInt8(13),
  };
  const valid = (bytes.readUInt8(0) & 0x80) !== 0;
  return valid ? { ...sense, information: bytes.readUInt32BE(3) } : sense;
}

const hex2 = (value: number): string => value.toString(16).padStart(2, "0");

/** `06/29/00`: key, ASC, ASCQ. */
export const formatSense = (sense: Sense): string =>
  `${hex2(sense.key)}/${hex2(sense.asc)}/${hex2(sense.ascq)}`;

const CODE_OF_SENSE_KEY: Readonly<Record<number, ErrorCode>> = {
  [SENSE_KEY.notReady]: "cluster/unavailable",
  [SENSE_KEY.mediumError]: "disk/failed",
  [SENSE_KEY.hardwareError]: "disk/failed",
  [SENSE_KEY.illegalRequest]: "argument/invalid",
  [SENSE_KEY.unitAttention]: "cluster/unavailable",
  [SENSE_KEY.dataProtect]: "disk/no-space",
  [SENSE_KEY.abortedCommand]: "operation/aborted",
  [SENSE_KEY.miscompare]: "operation/miscompare",
};

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  [STATUS.busy]: "cluster/unavailable",
  [STATUS.taskSetFull]: "cluster/unavailable",
  [STATUS.reservationConflict]: "volume/reserved",
  [STATUS.taskAborted]: "operation/aborted",
};

const LBA_OUT_OF_RANGE = 0x21;

/** The error of a command that ended with another status than GOOD. */
export function statusError(what: string, status: number, sense: Sense | undefined): SystemError {
  if (!sense) {
    const code = CODE_OF_STATUS[status] ?? "internal";
    return new SystemError(code, `${what} ended with status ${hex2(status)}h`, { status });
  }
  const outOfRange = sense.key === SENSE_KEY.illegalRequest && sense.asc === LBA_OUT_OF_RANGE;
  const code = outOfRange ? "volume/out-of-range" : CODE_OF_SENSE_KEY[sense.key];
  return new SystemError(code ?? "internal", `${what} ended with sense ${formatSense(sense)}`, {
    status,
    sense,
    ...(sense.key === SENSE_KEY.miscompare && { offset: sense.information ?? 0 }),
  });
}
