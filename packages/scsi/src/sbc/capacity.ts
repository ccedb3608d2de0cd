// READ CAPACITY(10) and (16) (SBC-3 5.15, 5.16). A physical block is 4 KiB, the unit that is checked
// and written as a whole; thin, and unmapped blocks read as zeros.
import { CHECKSUM_UNIT } from "@ashlar/core";
import { writeUInt64 } from "../cdb.ts";
import { unitCommand } from "../command.ts";
import { allocated, goodWith } from "../result.ts";

const LBA_10_MAX = 0xffffffff;
const LBPME_AND_LBPRZ = 0xc0;

export const READ_CAPACITY_10 = unitCommand({
  name: "READ CAPACITY(10)",
  opcode: 0x25,
  usage: "25000000000000000000",
  reservation: "inform",
  parse: () => null,
  execute: (_command, { unit }) => {
    const reply = Buffer.alloc(8);
    reply.writeUInt32BE(Math.min(unit.blockCount - 1, LBA_10_MAX), 0);
    reply.writeUInt32BE(unit.blockSize, 4);
    return goodWith([reply]);
  },
});

export const READ_CAPACITY_16 = unitCommand({
  name: "READ CAPACITY(16)",
  opcode: 0x9e,
  serviceAction: 0x10,
  usage: "9e100000000000000000ffffffff0000",
  reservation: "inform",
  parse: (cdb) => ({ allocationLength: cdb.readUInt32BE(10) }),
  execute: ({ allocationLength }, { unit }) => {
    const reply = Buffer.alloc(32);
    writeUInt64(reply, unit.blockCount - 1, 0);
    reply.writeUInt32BE(unit.blockSize, 8);
    reply[13] = Math.log2(CHECKSUM_UNIT / unit.blockSize);
    reply[14] = LBPME_AND_LBPRZ;
    return allocated(reply, allocationLength);
  },
});
