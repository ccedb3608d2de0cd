// GET LBA STATUS (SBC-3 5.6). Which blocks are mapped is known only to the storage nodes and not yet
// asked: one descriptor calls everything mapped, which hosts take as "read it and see".
import { readUInt64, writeUInt64 } from "../cdb.ts";
import { unitCommand } from "../command.ts";
import { allocated, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";

const HEADER_LENGTH = 8;
const DESCRIPTOR_LENGTH = 16;
const COUNT_MAX = 0xffffffff;

export const GET_LBA_STATUS = unitCommand({
  name: "GET LBA STATUS",
  opcode: 0x9e,
  serviceAction: 0x12,
  usage: "9e12ffffffffffffffffffffffff0000",
  reservation: "read",
  parse: (cdb, { unit }) => {
    const lba = readUInt64(cdb, 2);
    if (!unit.covers(lba, 1)) return new Refusal(SENSE.lbaOutOfRange);
    return { lba, allocationLength: cdb.readUInt32BE(10) };
  },
  execute: ({ lba, allocationLength }, { unit }) => {
    const reply = Buffer.alloc(HEADER_LENGTH + DESCRIPTOR_LENGTH);
    reply.writeUInt32BE(reply.length - 4, 0);
    writeUInt64(reply, lba, HEADER_LENGTH);
    reply.writeUInt32BE(Math.min(unit.blockCount - lba, COUNT_MAX), HEADER_LENGTH + 8);
    return allocated(reply, allocationLength);
  },
});
