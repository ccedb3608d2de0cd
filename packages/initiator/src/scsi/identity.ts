// Who a logical unit is: the designators of VPD page 83h (SPC-4, 7.8.6). Paths whose identity is
// equal lead to the same logical unit.
export interface Designator {
  /** 0 logical unit, 1 target port, 2 target device. */
  readonly association: number;
  /** 1 T10 vendor, 2 EUI-64, 3 NAA, 4 relative port, 5 port group, 8 SCSI name. */
  readonly type: number;
  readonly value: Buffer;
}

const ASSOCIATION_UNIT = 0;
/** Types that identify a logical unit worldwide, best first. */
const IDENTIFYING_TYPES: readonly (readonly [type: number, prefix: string])[] = [
  [3, "naa"],
  [2, "eui"],
  [1, "t10"],
];

/** The designators of a page 83h; ends at the first that is cut off. */
export function parseDesignators(page: Buffer): Designator[] {
  const designators: Designator[] = [];
  const end = page.length < 4 ? 0 : Math.min(page.length, 4 + page.readUInt16BE(2));
  for (let at = 4; at + 4 <= end; ) {
    const length = page.readUInt8(at + 3);
    if (at + 4 + length > end) break;
    const flags = page.readUInt8(at + 1);
    const value = page.subarray(at + 4, at + 4 + length);
    designators.push({ association: (flags >> 4) & 3, type: flags & 0x0f, value });
    at += 4 + length;
  }
  return designators;
}

/** `naa.6…`, or the next best designator of the logical unit; undefined if it has none. */
export function unitIdentity(designators: readonly Designator[]): string | undefined {
  for (const [type, prefix] of IDENTIFYING_TYPES) {
    const found = designators.find(
      (each) => each.association === ASSOCIATION_UNIT && each.type === type,
    );
    if (found) return `${prefix}.${found.value.toString("hex")}`;
  }
  return undefined;
}
