// Which tests of libiscsi's suite 1.19 may be skipped or fail, and why: nothing else may. A name may
// end with `*`. The suite has no word for "does not apply", so most of these are commands that a disk
// in a cluster does not have.

type Reasons = Readonly<Record<string, string>>;

const SANITIZE =
  "no SANITIZE: what was unmapped is gone, and copies of it are overwritten in time only";
const NOT_REMOVABLE = "the medium is not removable, so it cannot be kept from removal";
const ATOMIC_WRITE =
  "no WRITE ATOMIC: one unit of 4 KiB is what survives as one (P13), and the suite wants 256 blocks anywhere";
const NO_ZERO_LENGTH = "WSNZ is set: no blocks mean none, not all up to the end";

/** Tests that may be skipped in one run. */
export const SKIPS_MAX = 34;

const skips: Reasons = {
  "PreventAllow.*": NOT_REMOVABLE,
  "ReadOnly.ReadOnlySBC": "the volume is writable",
  "Sanitize.BlockErase": SANITIZE,
  "Sanitize.BlockEraseReserved": SANITIZE,
  "Sanitize.CryptoErase": SANITIZE,
  "Sanitize.CryptoEraseReserved": SANITIZE,
  "Sanitize.ExitFailureMode": SANITIZE,
  "Sanitize.InvalidServiceAction": SANITIZE,
  "Sanitize.Overwrite": SANITIZE,
  "Sanitize.OverwriteReserved": SANITIZE,
  "Sanitize.Reservations": SANITIZE,
  "Sanitize.Reset": SANITIZE,
  "StartStopUnit.Simple": NOT_REMOVABLE,
  "WriteAtomic16.*": ATOMIC_WRITE,
  "WriteSame10.ZeroBlocks": NO_ZERO_LENGTH,
  "WriteSame16.ZeroBlocks": NO_ZERO_LENGTH,
};

/** Skipped besides when there is one path. */
const onePathSkips: Reasons = {
  "MultipathIO.*": "takes two paths",
};

/** The tool is wrong; each with how that is known. */
const brokenTests: Reasons = {
  "GetLBAStatus.UnmapSingle":
    "asks for LBA i+1 and wants a descriptor that begins at i+8, with 8 logical blocks in a physical " +
    "one; SBC-3 5.6 has it begin at the LBA that was asked. It passes with blocks of 4096 bytes, which " +
    "is tested.",
  "Sanitize.Readonly":
    "fails unless SWP is changeable, though the target has no SANITIZE at all and SPC-4 leaves SWP " +
    "optional; ModeSense6.Control-SWP of the same suite passes for a target like this one.",
};

export const LIBISCSI_EXPECTATIONS = { skips, onePathSkips, brokenTests } as const;
