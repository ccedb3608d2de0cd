// Vital product data pages (SPC-4 7.8, SBC-3 6.6). Windows reads at most 255 bytes of each and drops
// the block pages unless page 00 is ascending; it decides "thin" and "trim reads zeros" by B2 alone.
import type { Nexus } from "../command.ts";
import { VENDOR } from "../identity.ts";
import { COMPARE_AND_WRITE_MAX, type LogicalUnit, UNMAP_DESCRIPTORS_MAX } from "../logical-unit.ts";
import { thirdPartyCopy } from "./third-party-copy-page.ts";

type PageBody = (unit: LogicalUnit, nexus: Nexus) => Buffer;

const CODE_SET = { binary: 1, ascii: 2, utf8: 3 } as const;
const ASSOCIATION = { unit: 0x00, port: 0x10, device: 0x20 } as const;
const DESIGNATOR = { vendor: 1, naa: 3, relativePort: 4, portGroup: 5, name: 8 } as const;
const PROTOCOL_ISCSI = 0x50;
/** PROTOCOL IDENTIFIER VALID. */
const PIV = 0x80;

interface Designator {
  readonly codeSet: number;
  readonly association: number;
  readonly type: number;
  readonly value: Buffer;
}

function encodeDesignator({ codeSet, association, type, value }: Designator): Buffer {
  const ofPort = association !== ASSOCIATION.unit;
  return Buffer.concat([
    Buffer.from([
      (ofPort ? PROTOCOL_ISCSI : 0) | codeSet,
      (ofPort ? PIV : 0) | association | type,
      0,
      value.length,
    ]),
    value,
  ]);
}

/** A SCSI name string: UTF-8, ended by NUL, padded to words. */
function nameString(name: string): Buffer {
  const length = Buffer.byteLength(name) + 1;
  const value = Buffer.alloc(Math.ceil(length / 4) * 4);
  value.write(name);
  return value;
}

function deviceIdentification(unit: LogicalUnit, nexus: Nexus): Buffer {
  // Relative target port and target port group: each portal is a group of its own.
  const port = Buffer.alloc(4);
  port.writeUInt16BE(nexus.tpgt, 2);
  const portName = `${nexus.targetName},t,0x${nexus.tpgt.toString(16).padStart(4, "0")}`;
  const { unit: ofUnit, port: ofPort, device: ofDevice } = ASSOCIATION;
  const designators: Designator[] = [
    {
      codeSet: CODE_SET.binary,
      association: ofUnit,
      type: DESIGNATOR.naa,
      value: unit.identity.naa,
    },
    {
      codeSet: CODE_SET.ascii,
      association: ofUnit,
      type: DESIGNATOR.vendor,
      value: Buffer.from(VENDOR + unit.identity.serial, "latin1"),
    },
    {
      codeSet: CODE_SET.binary,
      association: ofPort,
      type: DESIGNATOR.relativePort,
      value: port,
    },
    {
      codeSet: CODE_SET.binary,
      association: ofPort,
      type: DESIGNATOR.portGroup,
      value: port,
    },
    {
      codeSet: CODE_SET.utf8,
      association: ofPort,
      type: DESIGNATOR.name,
      value: nameString(portName),
    },
    {
      codeSet: CODE_SET.utf8,
      association: ofDevice,
      type: DESIGNATOR.name,
      value: nameString(nexus.targetName),
    },
  ];
  return Buffer.concat(designators.map(encodeDesignator));
}

function extendedInquiry(): Buffer {
  const body = Buffer.alloc(60);
  // HEADSUP, ORDSUP, SIMPSUP.
  body[1] = 0x07;
  // LUICLR: unit attentions of one nexus do not hide those of another.
  body[3] = 0x01;
  return body;
}

function blockLimits({ limits }: LogicalUnit): Buffer {
  const body = Buffer.alloc(60);
  // WSNZ: a WRITE SAME of 0 blocks is refused instead of reaching to the end.
  body[0] = 0x01;
  body[1] = COMPARE_AND_WRITE_MAX;
  body.writeUInt16BE(limits.transferGranularity, 2);
  body.writeUInt32BE(limits.transfer, 4);
  body.writeUInt32BE(limits.transferOptimal, 8);
  body.writeUInt32BE(limits.unmap, 16);
  body.writeUInt32BE(UNMAP_DESCRIPTORS_MAX, 20);
  body.writeUInt32BE(limits.unmapGranularity, 24);
  // UGAVALID with alignment 0.
  body.writeUInt32BE(0x80000000, 28);
  body.writeUInt32BE(limits.writeSame, 36);
  return body;
}

function blockCharacteristics(): Buffer {
  const body = Buffer.alloc(60);
  // Non-rotating medium; 0 would mean "not reported", which certification refuses.
  body.writeUInt16BE(1, 0);
  return body;
}

/** LBPU, LBPWS, LBPWS10 and LBPRZ; thin provisioned. */
const logicalBlockProvisioning = (): Buffer => Buffer.from([0, 0xe4, 2, 0]);

const PAGES: ReadonlyMap<number, PageBody> = new Map<number, PageBody>([
  [0x00, () => Buffer.from([...PAGES.keys()])],
  [0x80, (unit) => Buffer.from(unit.identity.serial, "latin1")],
  [0x83, deviceIdentification],
  [0x86, extendedInquiry],
  [0x8f, (unit) => thirdPartyCopy(unit.blockSize)],
  [0xb0, blockLimits],
  [0xb1, blockCharacteristics],
  [0xb2, logicalBlockProvisioning],
]);

/** The whole page, or undefined when it does not exist. */
export function vpdPage(code: number, unit: LogicalUnit, nexus: Nexus): Buffer | undefined {
  const body = PAGES.get(code)?.(unit, nexus);
  if (!body) return undefined;
  const header = Buffer.from([0, code, 0, 0]);
  header.writeUInt16BE(body.length, 2);
  return Buffer.concat([header, body]);
}
