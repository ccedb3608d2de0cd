// REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-4 6.36): what the iSCSI side carries out.
import { unitCommand } from "../command.ts";
import { allocated, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";

/** REPORT EXTENDED PARAMETER DATA. */
const REPD = 0x80;
const LENGTH = 4;
const EXTENDED_LENGTH = 16;
/** ABORT TASK, ABORT TASK SET, LOGICAL UNIT RESET, TARGET RESET. */
const FUNCTIONS = 0x80 | 0x40 | 0x08 | 0x02;

export const REPORT_TASK_MANAGEMENT = unitCommand({
  name: "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
  opcode: 0xa3,
  serviceAction: 0x0d,
  usage: "a31f80000000ffffffff0000",
  reservation: "inform",
  parse: (cdb) => {
    const allocationLength = cdb.readUInt32BE(6);
    if (allocationLength < LENGTH) {
      return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 6 });
    }
    return { extended: (cdb.readUInt8(2) & REPD) !== 0, allocationLength };
  },
  execute: ({ extended, allocationLength }) => {
    const reply = Buffer.alloc(extended ? EXTENDED_LENGTH : LENGTH);
    reply[0] = FUNCTIONS;
    reply[3] = reply.length - LENGTH;
    return allocated(reply, allocationLength);
  },
});
