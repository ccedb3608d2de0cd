// REPORT TARGET PORT GROUPS as a host asks it (SPC-4 6.37): by it MPIO knows which paths are to be used.
import { SystemError } from "@ashlar/core";

export interface TargetPortGroup {
  readonly group: number;
  /** 0 active/optimized, 1 active/non-optimized, 2 standby, 3 unavailable, 15 transitioning. */
  readonly state: number;
  readonly preferred: boolean;
  /** Relative target port identifiers. */
  readonly ports: readonly number[];
}

const ACTIVE_OPTIMIZED = 0;
const DESCRIPTOR_LENGTH = 8;
const PORT_LENGTH = 4;

export const isActiveOptimized = ({ state }: TargetPortGroup): boolean =>
  state === ACTIVE_OPTIMIZED;

export function reportTargetPortGroups(allocationLength: number): Buffer {
  const cdb = Buffer.alloc(12);
  cdb.writeUInt8(0xa3, 0);
  cdb.writeUInt8(0x0a, 1);
  cdb.writeUInt32BE(allocationLength, 6);
  return cdb;
}

/** Of the format with a header of four bytes. @throws SystemError rpc/bad-frame. */
export function parseTargetPortGroups(data: Buffer): TargetPortGroup[] {
  const end = data.length < 4 ? Number.POSITIVE_INFINITY : 4 + data.readUInt32BE(0);
  const groups: TargetPortGroup[] = [];
  for (let at = 4; at < end; ) {
    const count = at + DESCRIPTOR_LENGTH <= data.length ? data.readUInt8(at + 7) : 0;
    const next = at + DESCRIPTOR_LENGTH + count * PORT_LENGTH;
    if (next > Math.min(end, data.length)) {
      throw new SystemError("rpc/bad-frame", "REPORT TARGET PORT GROUPS data is too short");
    }
    const ports = Array.from({ length: count }, (_, index) =>
      data.readUInt16BE(at + DESCRIPTOR_LENGTH + index * PORT_LENGTH + 2),
    );
    const first = data.readUInt8(at);
    const group = data.readUInt16BE(at + 2);
    groups.push({ group, state: first & 0x0f, preferred: (first & 0x80) !== 0, ports });
    at = next;
  }
  return groups;
}
