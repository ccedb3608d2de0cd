// RESERVE and RELEASE, (6) and (10) (SPC-2 7.21, 7.17): what hosts used before persistent reservations, and some
// still fall back to. A reservation ends with its nexus and with a reset. Of extents and third parties nothing is known.
import { type CommandRow, unitCommand } from "../command.ts";
import { nexusId, type ReservationResult } from "../reservation-port.ts";
import { type CommandResult, checkCondition, GOOD, Refusal, withStatus } from "../result.ts";
import { SENSE, STATUS } from "../sense.ts";

/** 3RDPTY, LONGID and EXTENT. */
const UNSUPPORTED = 0x13;

const RESULTS: Readonly<Record<ReservationResult, CommandResult>> = {
  changed: GOOD,
  unchanged: GOOD,
  conflict: withStatus(STATUS.reservationConflict),
  invalidRelease: checkCondition(SENSE.invalidReleaseOfReservation),
  invalidParameter: checkCondition(SENSE.invalidFieldInParameterList),
  noRoom: checkCondition(SENSE.insufficientRegistrationResources),
  aborted: checkCondition(SENSE.abortedCommand),
  // Its gateway is registering anew.
  gone: withStatus(STATUS.busy),
};

export const resultOfReservation = (result: ReservationResult): CommandResult => RESULTS[result];

const reserveOrRelease = (
  shape: Pick<CommandRow, "name" | "opcode" | "usage">,
  kind: "take" | "give",
): CommandRow =>
  unitCommand<{ readonly seen: number }>({
    ...shape,
    reservation: "always",
    parse: (cdb, { unit }) =>
      (cdb.readUInt8(1) & UNSUPPORTED) !== 0
        ? new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 1 })
        : { seen: unit.reservations.current.changes },
    execute: async ({ seen }, { unit, nexus }, _offer, options) =>
      resultOfReservation(
        await unit.reservations.change({ kind, nexus: nexusId(nexus), seen }, options),
      ),
  });

export const RESERVE_6 = reserveOrRelease(
  { name: "RESERVE(6)", opcode: 0x16, usage: "160000000000" },
  "take",
);
export const RELEASE_6 = reserveOrRelease(
  { name: "RELEASE(6)", opcode: 0x17, usage: "170000000000" },
  "give",
);
export const RESERVE_10 = reserveOrRelease(
  { name: "RESERVE(10)", opcode: 0x56, usage: "56000000000000000000" },
  "take",
);
export const RELEASE_10 = reserveOrRelease(
  { name: "RELEASE(10)", opcode: 0x57, usage: "57000000000000000000" },
  "give",
);
