// What a host reads from INQUIRY (SPC-4 6.6, 7.8; SBC-3 6.6): the standard data and the vital product data
// pages that decide how a disk is joined, limited and trimmed.
import { SystemError } from "@ashlar/core";

export interface Inquiry {
  readonly deviceType: number;
  readonly version: number;
  /** TPGS: 0 none, 1 implicit, 2 explicit, 3 both. */
  readonly targetPortGroups: number;
  readonly vendor: string;
  readonly product: string;
  readonly revision: string;
  readonly versionDescriptors: readonly number[];
}

export interface VpdPage {
  readonly code: number;
  readonly body: Buffer;
}

/** VPD B0; 0 stands for "not told". In blocks. */
export interface BlockLimits {
  readonly compareAndWriteMax: number;
  readonly transferGranularity: number;
  readonly transferMax: number;
  readonly transferOptimal: number;
  readonly unmapMax: number;
  readonly unmapDescriptorsMax: number;
  readonly unmapGranularity: number;
  readonly writeSameMax: number;
}

/** VPD B2. */
export interface Provisioning {
  readonly unmaps: boolean;
  readonly writeSame16Unmaps: boolean;
  readonly writeSame10Unmaps: boolean;
  readonly unmappedReadsZero: boolean;
  /** 0 not told, 1 resource provisioned, 2 thin. */
  readonly type: number;
}

const STANDARD_LENGTH_MIN = 36;
const DESCRIPTORS_AT = 58;
const DESCRIPTORS_MAX = 8;
const BLOCK_LIMITS_LENGTH = 60;

const short = (what: string): SystemError =>
  new SystemError("rpc/bad-frame", `${what} data is too short`);

/** @throws SystemError rpc/bad-frame, as all parsers here. */
export function parseInquiry(page: Buffer): Inquiry {
  if (page.length < STANDARD_LENGTH_MIN) throw short("INQUIRY");
  const versionDescriptors: number[] = [];
  for (let index = 0; index < DESCRIPTORS_MAX; index++) {
    const at = DESCRIPTORS_AT + index * 2;
    if (at + 2 > page.length) break;
    const descriptor = page.readUInt16BE(at);
    if (descriptor !== 0) versionDescriptors.push(descriptor);
  }
  return {
    deviceType: page.readUInt8(0) & 0x1f,
    version: page.readUInt8(2),
    targetPortGroups: (page.readUInt8(5) >> 4) & 3,
    vendor: page.toString("latin1", 8, 16).trimEnd(),
    product: page.toString("latin1", 16, 32).trimEnd(),
    revision: page.toString("latin1", 32, 36).trimEnd(),
    versionDescriptors,
  };
}

/** A page without its header; what the answer does not hold of it is an error. */
export function parseVpdPage(page: Buffer): VpdPage {
  const length = page.length < 4 ? 0 : page.readUInt16BE(2);
  if (page.length < 4 + length) throw short("VPD page");
  return { code: page.readUInt8(1), body: page.subarray(4, 4 + length) };
}

/** VPD 00: the codes of the pages that there are. */
export const parseSupportedPages = (page: Buffer): number[] => [...parseVpdPage(page).body];

/** VPD 80. */
export const parseSerialNumber = (page: Buffer): string =>
  parseVpdPage(page).body.toString("latin1").trim();

/** Older devices have a shorter page: what it lacks is not told. */
export function parseBlockLimits(page: Buffer): BlockLimits {
  const body = Buffer.alloc(BLOCK_LIMITS_LENGTH);
  parseVpdPage(page).body.copy(body);
  return {
    compareAndWriteMax: body.readUInt8(1),
    transferGranularity: body.readUInt16BE(2),
    transferMax: body.readUInt32BE(4),
    transferOptimal: body.readUInt32BE(8),
    unmapMax: body.readUInt32BE(16),
    unmapDescriptorsMax: body.readUInt32BE(20),
    unmapGranularity: body.readUInt32BE(24),
    writeSameMax: Number(body.readBigUInt64BE(32)),
  };
}

/** VPD B1: 0 not told, 1 not rotating, else turns a minute. */
export function parseRotationRate(page: Buffer): number {
  const { body } = parseVpdPage(page);
  if (body.length < 2) throw short("VPD B1");
  return body.readUInt16BE(0);
}

export function parseProvisioning(page: Buffer): Provisioning {
  const { body } = parseVpdPage(page);
  if (body.length < 4) throw short("VPD B2");
  const flags = body.readUInt8(1);
  return {
    unmaps: (flags & 0x80) !== 0,
    writeSame16Unmaps: (flags & 0x40) !== 0,
    writeSame10Unmaps: (flags & 0x20) !== 0,
    unmappedReadsZero: (flags & 0x04) !== 0,
    type: body.readUInt8(2) & 0x07,
  };
}
