// How a logical unit names itself: the same through every gateway and portal, for ever, derived from
// the volume's UUID alone.
import { assert, type VolumeId } from "@ashlar/core";

/**
 * 24-bit company id within NAA-6 names. None is registered yet, so the locally administered bit is
 * set. It must never change: hosts know disks by it.
 */
const COMPANY_ID = "02a51a";
export const VENDOR = "ASHLAR  ";
export const PRODUCT = "VOLUME          ";
/** Not the release: a host that sees it change on one path takes it for another device. */
export const REVISION = "1   ";

const NAA_LENGTH = 16;
const VENDOR_DIGITS = 25;
/** Version and variant digits of a UUID are the same in all, so they name nothing. */
const FIXED_DIGITS = [12, 16];

export interface UnitIdentity {
  /** NAA IEEE Registered Extended, 16 bytes. */
  readonly naa: Buffer;
  /** Printable ASCII. */
  readonly serial: string;
}

export function identityOf(volume: VolumeId): UnitIdentity {
  const digits = volume.replaceAll("-", "");
  const telling = [...digits].filter((_, index) => !FIXED_DIGITS.includes(index)).join("");
  const naa = Buffer.from(`6${COMPANY_ID}${telling.slice(0, VENDOR_DIGITS)}`, "hex");
  assert(naa.length === NAA_LENGTH, "a volume id is a UUID");
  return { naa, serial: digits };
}
