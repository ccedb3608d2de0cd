// VPD page 8F, third-party copy (SPC-4 7.8.17), which INQUIRY's 3PC bit promises. No descriptor of ROD
// tokens stands first, by which Windows knows that its offloaded transfers are not supported.
import {
  CONCURRENT_COPIES,
  CSCD_MAX,
  DESCRIPTOR_LIST_MAX,
  DESCRIPTOR_TYPES,
  IDENTIFIED_COPIES,
  SEGMENT_LENGTH_MAX,
  SEGMENTS_MAX,
} from "./copy-limits.ts";

const DESCRIPTOR = {
  supportedCommands: 0x0001,
  parameterData: 0x0004,
  supportedDescriptors: 0x0008,
  generalCopyOperations: 0x8001,
} as const;

/** Opcode and service actions of each command. */
const COMMANDS: readonly (readonly [number, readonly number[]])[] = [
  [0x83, [0x00]],
  [0x84, [0x00, 0x03]],
];

/** A third-party copy descriptor: type, length, body padded to words. */
function describe(type: number, body: Buffer): Buffer {
  const descriptor = Buffer.alloc(4 + Math.ceil(body.length / 4) * 4);
  descriptor.writeUInt16BE(type, 0);
  descriptor.writeUInt16BE(descriptor.length - 4, 2);
  body.copy(descriptor, 4);
  return descriptor;
}

const withCount = (bytes: readonly number[]): Buffer => Buffer.from([bytes.length, ...bytes]);

function parameterData(): Buffer {
  const body = Buffer.alloc(28);
  body.writeUInt16BE(CSCD_MAX, 4);
  body.writeUInt16BE(SEGMENTS_MAX, 6);
  body.writeUInt32BE(DESCRIPTOR_LIST_MAX, 8);
  return body;
}

function generalCopyOperations(blockSize: number): Buffer {
  const body = Buffer.alloc(32);
  body.writeUInt32BE(CONCURRENT_COPIES, 0);
  body.writeUInt32BE(IDENTIFIED_COPIES, 4);
  body.writeUInt32BE(SEGMENT_LENGTH_MAX, 8);
  // DATA SEGMENT GRANULARITY, a power of two.
  body[12] = Math.log2(blockSize);
  return body;
}

export function thirdPartyCopy(blockSize: number): Buffer {
  const commands = COMMANDS.flatMap(([opcode, actions]) => [opcode, actions.length, ...actions]);
  return Buffer.concat([
    describe(DESCRIPTOR.supportedCommands, withCount(commands)),
    describe(DESCRIPTOR.parameterData, parameterData()),
    describe(DESCRIPTOR.supportedDescriptors, withCount(DESCRIPTOR_TYPES)),
    describe(DESCRIPTOR.generalCopyOperations, generalCopyOperations(blockSize)),
  ]);
}
