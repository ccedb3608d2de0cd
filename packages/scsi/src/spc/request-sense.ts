// REQUEST SENSE (SPC-4 6.39): with autosense only unit attentions are left to report, and reporting
// one here clears it.
import { deviceCommand } from "../command.ts";
import { allocated, Refusal } from "../result.ts";
import { encodeSense, SENSE } from "../sense.ts";

const DESCRIPTOR_FORMAT = 0x01;

export const REQUEST_SENSE = deviceCommand({
  name: "REQUEST SENSE",
  opcode: 0x03,
  usage: "03010000ff00",
  reservation: "always",
  parse: (cdb) =>
    (cdb.readUInt8(1) & DESCRIPTOR_FORMAT) !== 0
      ? new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 1 })
      : { allocationLength: cdb.readUInt8(4) },
  execute: ({ allocationLength }, { unit, nexus }) => {
    const sense = unit ? (unit.attentions.take(nexus.name) ?? SENSE.none) : SENSE.unitNotSupported;
    return allocated(encodeSense(sense), allocationLength);
  },
});
