// REPORT LUNS (SPC-4 6.33): answered by any LUN, also one that has no unit.
import { deviceCommand } from "../command.ts";
import { allocated, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";

const HEADER_LENGTH = 8;
const ENTRY_LENGTH = 8;
const ALLOCATION_MIN = 16;
/** SELECT REPORT: all units but well-known ones, well-known ones only, all. */
const SELECT = { units: 0, wellKnown: 1, all: 2 } as const;
const FLAT_ADDRESSING = 0x4000;
const SINGLE_LEVEL_MAX = 255;

export const REPORT_LUNS = deviceCommand({
  name: "REPORT LUNS",
  opcode: 0xa0,
  usage: "a000ff000000ffffffff0000",
  reservation: "always",
  parse: (cdb) => {
    const select = cdb.readUInt8(2);
    const allocationLength = cdb.readUInt32BE(6);
    if (select > SELECT.all) return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 2 });
    if (allocationLength < ALLOCATION_MIN) {
      return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 6 });
    }
    return { select, allocationLength };
  },
  execute: ({ select, allocationLength }, { units }) => {
    const luns = select === SELECT.wellKnown ? [] : units.luns();
    const reply = Buffer.alloc(HEADER_LENGTH + luns.length * ENTRY_LENGTH);
    reply.writeUInt32BE(luns.length * ENTRY_LENGTH, 0);
    luns.forEach((lun, index) => {
      const entry = lun <= SINGLE_LEVEL_MAX ? lun : FLAT_ADDRESSING | lun;
      reply.writeUInt16BE(entry, HEADER_LENGTH + index * ENTRY_LENGTH);
    });
    return allocated(reply, allocationLength);
  },
});
