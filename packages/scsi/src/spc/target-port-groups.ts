// REPORT TARGET PORT GROUPS (SPC-4 6.37, 5.15): implicit asymmetric access. Every portal is a group
// with one port. All work alike while their gateway is up; those of a gateway that is down are told
// too, as unavailable, so that hosts keep the paths they knew and do not try them in vain.
import { ACCESS_STATE, type Place, type TargetPort, unitCommand } from "../command.ts";
import type { LogicalUnit } from "../logical-unit.ts";
import { allocated, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";

/** PARAMETER DATA FORMAT. */
const FORMAT = { lengthOnly: 0, extended: 1 } as const;
const EXTENDED_FORMAT_TYPE = 0x10;
/** IMPLICIT TRANSITION TIME, seconds: hosts would wait 60 s for a transition by default. */
const TRANSITION_SECONDS = 10;
/** States that occur: UNAVAILABLE and ACTIVE/OPTIMIZED. */
const SUPPORTED_STATES = 0x08 | 0x01;
/** STATUS CODE: nothing to tell, or that the device and no command changed the state. */
const STATUS_CODE = { none: 0, implicit: 2 } as const;
const DESCRIPTOR_LENGTH = 12;

interface ReportGroups {
  readonly format: number;
  readonly allocationLength: number;
}

/** All ports in order; the one that was asked is there and works, or nobody could ask it. */
function portsSeen({ units, nexus }: Place<LogicalUnit>): TargetPort[] {
  const own: TargetPort = { tpgt: nexus.tpgt, state: ACCESS_STATE.activeOptimized };
  const others = units.targetPorts().filter(({ tpgt }) => tpgt !== own.tpgt);
  return [own, ...others].sort((a, b) => a.tpgt - b.tpgt);
}

function describe({ tpgt, state }: TargetPort): Buffer {
  const descriptor = Buffer.alloc(DESCRIPTOR_LENGTH);
  descriptor[0] = state;
  descriptor[1] = SUPPORTED_STATES;
  descriptor.writeUInt16BE(tpgt, 2);
  descriptor[5] = state === ACCESS_STATE.activeOptimized ? STATUS_CODE.none : STATUS_CODE.implicit;
  descriptor[7] = 1;
  descriptor.writeUInt16BE(tpgt, 10);
  return descriptor;
}

function encode(ports: readonly TargetPort[], format: number): Buffer {
  const extended = format === FORMAT.extended;
  const header = Buffer.alloc(extended ? 8 : 4);
  header.writeUInt32BE(header.length - 4 + ports.length * DESCRIPTOR_LENGTH, 0);
  if (extended) {
    header[4] = EXTENDED_FORMAT_TYPE;
    header[5] = TRANSITION_SECONDS;
  }
  return Buffer.concat([header, ...ports.map(describe)]);
}

export const REPORT_TARGET_PORT_GROUPS = unitCommand<ReportGroups>({
  name: "REPORT TARGET PORT GROUPS",
  opcode: 0xa3,
  serviceAction: 0x0a,
  usage: "a3ff00000000ffffffff0000",
  reservation: "always",
  parse: (cdb) => {
    const format = cdb.readUInt8(1) >> 5;
    if (format > FORMAT.extended) return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 1 });
    return { format, allocationLength: cdb.readUInt32BE(6) };
  },
  execute: ({ format, allocationLength }, place) =>
    allocated(encode(portsSeen(place), format), allocationLength),
});
