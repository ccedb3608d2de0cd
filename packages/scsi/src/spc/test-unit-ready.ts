// Commands that only say that the unit is there (SPC-4 6.47, SBC-3 5.22). START STOP UNIT has no
// side effects: a path check must not move anything.
import { type CommandRow, unitCommand } from "../command.ts";
import { GOOD } from "../result.ts";

const answersGood = (
  shape: Pick<CommandRow, "name" | "opcode" | "usage" | "reservation" | "leavesMedium">,
): CommandRow => unitCommand({ ...shape, parse: () => null, execute: () => GOOD });

export const TEST_UNIT_READY = answersGood({
  name: "TEST UNIT READY",
  opcode: 0x00,
  usage: "000000000000",
  reservation: "inform",
});

export const START_STOP_UNIT = answersGood({
  name: "START STOP UNIT",
  opcode: 0x1b,
  usage: "1b01000ff700",
  reservation: "write",
  leavesMedium: true,
});
