// INQUIRY (SPC-4 6.6): standard data here, vital product data pages in vpd.ts. Through every gateway
// the answers are the same to the byte, except for what names the port.
import { type DataOutOffer, deviceCommand, type Place } from "../command.ts";
import { PRODUCT, REVISION, VENDOR } from "../identity.ts";
import type { LogicalUnit } from "../logical-unit.ts";
import { allocated, type CommandResult, checkCondition, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";
import { vpdPage } from "./vpd.ts";

const EVPD = 0x01;
/** Of SPC-2: what a command supports; REPORT SUPPORTED OPERATION CODES took its place. */
const CMDDT = 0x02;
const LENGTH = 96;
/** PERIPHERAL QUALIFIER 3, type 1Fh: no unit can be there. */
const NO_UNIT = 0x7f;
const VERSION_SPC_4 = 0x06;
const HISUP_AND_FORMAT_2 = 0x12;
/** TPGS 01b, implicit asymmetric access, and 3PC. */
const ACCESS_AND_COPY = 0x18;
const MULTIPORT = 0x10;
const COMMAND_QUEUEING = 0x02;
/** SAM-5, iSCSI, SPC-4, SBC-3. */
const VERSION_DESCRIPTORS = [0x00a0, 0x0960, 0x0460, 0x04c0];

function standardInquiry(unit: LogicalUnit | undefined): Buffer {
  const reply = Buffer.alloc(LENGTH);
  reply[0] = unit ? 0 : NO_UNIT;
  reply[2] = VERSION_SPC_4;
  reply[3] = HISUP_AND_FORMAT_2;
  reply[4] = LENGTH - 5;
  reply[5] = ACCESS_AND_COPY;
  reply[6] = MULTIPORT;
  reply[7] = COMMAND_QUEUEING;
  reply.write(VENDOR + PRODUCT + REVISION, 8, "latin1");
  VERSION_DESCRIPTORS.forEach((version, index) => {
    reply.writeUInt16BE(version, 58 + index * 2);
  });
  return reply;
}

interface Inquiry {
  readonly vital: boolean;
  readonly page: number;
  readonly allocationLength: number;
}

function execute(
  command: Inquiry,
  { unit, nexus }: Place<LogicalUnit | undefined>,
  _offer: DataOutOffer,
): CommandResult {
  if (!command.vital) return allocated(standardInquiry(unit), command.allocationLength);
  const page = unit && vpdPage(command.page, unit, nexus);
  if (!page) return checkCondition({ ...SENSE.invalidFieldInCdb, cdbByte: 2 });
  return allocated(page, command.allocationLength);
}

export const INQUIRY = deviceCommand<Inquiry>({
  name: "INQUIRY",
  opcode: 0x12,
  usage: "1201ffffff00",
  reservation: "always",
  parse: (cdb) => {
    const flags = cdb.readUInt8(1);
    if ((flags & CMDDT) !== 0) return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 1 });
    const vital = (flags & EVPD) !== 0;
    const page = cdb.readUInt8(2);
    if (!vital && page !== 0) return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 2 });
    return { vital, page, allocationLength: cdb.readUInt16BE(3) };
  },
  execute,
});
