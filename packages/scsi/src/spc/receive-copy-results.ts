// RECEIVE COPY STATUS and RECEIVE COPY OPERATING PARAMETERS (SPC-4 6.27, 6.25): RECEIVE COPY RESULTS of
// SPC-3. A copy is over when its command is, so status is asked for afterwards or from another task.
import { KIB } from "@ashlar/core";
import { unitCommand } from "../command.ts";
import { allocated, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";
import {
  CONCURRENT_COPIES,
  CSCD_MAX,
  DESCRIPTOR_LIST_MAX,
  DESCRIPTOR_TYPES,
  IDENTIFIED_COPIES,
  SEGMENT_LENGTH_MAX,
  SEGMENTS_MAX,
} from "./copy-limits.ts";

/** TRANSFER COUNT UNITS. */
const UNITS_KIB = 0x01;
const SERVICE_ACTION = { status: 0x00, operatingParameters: 0x03 } as const;
const USAGE = "ffffffff0000";

export const RECEIVE_COPY_STATUS = unitCommand({
  name: "RECEIVE COPY STATUS(LID1)",
  opcode: 0x84,
  serviceAction: SERVICE_ACTION.status,
  usage: `841fff00000000000000${USAGE}`,
  reservation: "read",
  parse: (cdb, { unit, nexus }) => {
    const status = unit.copies.find(nexus.name, cdb.readUInt8(2));
    if (!status) return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 2 });
    return { status, allocationLength: cdb.readUInt32BE(10) };
  },
  execute: ({ status, allocationLength }) => {
    const reply = Buffer.alloc(12);
    reply.writeUInt32BE(reply.length - 4, 0);
    reply[4] = status.state;
    reply.writeUInt16BE(status.segmentsDone, 5);
    reply[7] = UNITS_KIB;
    reply.writeUInt32BE(Math.floor(status.bytesDone / KIB), 8);
    return allocated(reply, allocationLength);
  },
});

/** Bytes up to the list of descriptor types. */
const PARAMETERS_LENGTH = 44;

export const RECEIVE_COPY_OPERATING_PARAMETERS = unitCommand({
  name: "RECEIVE COPY OPERATING PARAMETERS",
  opcode: 0x84,
  serviceAction: SERVICE_ACTION.operatingParameters,
  usage: `841f0000000000000000${USAGE}`,
  reservation: "inform",
  parse: (cdb) => ({ allocationLength: cdb.readUInt32BE(10) }),
  execute: ({ allocationLength }, { unit }) => {
    const reply = Buffer.alloc(PARAMETERS_LENGTH + DESCRIPTOR_TYPES.length);
    reply.writeUInt32BE(reply.length - 4, 0);
    // SNLID: a command may come without list identifier.
    reply[4] = 0x01;
    reply.writeUInt16BE(CSCD_MAX, 8);
    reply.writeUInt16BE(SEGMENTS_MAX, 10);
    reply.writeUInt32BE(DESCRIPTOR_LIST_MAX, 12);
    reply.writeUInt32BE(SEGMENT_LENGTH_MAX, 16);
    reply.writeUInt16BE(CONCURRENT_COPIES, 34);
    reply[36] = IDENTIFIED_COPIES;
    // DATA SEGMENT GRANULARITY, a power of two.
    reply[37] = Math.log2(unit.blockSize);
    reply[43] = DESCRIPTOR_TYPES.length;
    Buffer.from(DESCRIPTOR_TYPES).copy(reply, PARAMETERS_LENGTH);
    return allocated(reply, allocationLength);
  },
});
