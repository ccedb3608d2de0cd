// What a host makes of the end of a SCSI command: a table of statuses and sense keys.
import { type ScsiResult, SENSE_KEY, STATUS } from "@ashlar/initiator";

export type CommandEnd =
  | "good"
  | "conflict"
  /** Of a compare-and-write: something else was there. */
  | "miscompare"
  /** Told on the way: the command was not begun. */
  | "attention"
  /** The unit is not the host's any more, or not for writing. */
  | "denied"
  /** Nothing more comes of it, but it may have been done. */
  | "busy";

const OF_STATUS: Readonly<Record<number, CommandEnd>> = {
  [STATUS.good]: "good",
  [STATUS.reservationConflict]: "conflict",
  [STATUS.busy]: "busy",
};
const OF_SENSE_KEY: Readonly<Record<number, CommandEnd>> = {
  [SENSE_KEY.unitAttention]: "attention",
  [SENSE_KEY.illegalRequest]: "denied",
  [SENSE_KEY.dataProtect]: "denied",
  [SENSE_KEY.miscompare]: "miscompare",
  [SENSE_KEY.notReady]: "busy",
  [SENSE_KEY.abortedCommand]: "busy",
};

/** Undefined for an end that no host should meet. */
export const endOf = ({ status, sense }: ScsiResult): CommandEnd | undefined =>
  sense ? OF_SENSE_KEY[sense.key] : OF_STATUS[status];
