// Sizes and positions. Numbers throughout: 2^53 bytes are 8 PiB per volume, far above the 64 TiB
// limit, so bigint stays at the borders that read 64-bit fields (CDB, protobuf, disk format).
import { SystemError } from "./errors.ts";

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const TIB = 1024 * GIB;

const FACTORS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: KIB,
  kib: KIB,
  m: MIB,
  mib: MIB,
  g: GIB,
  gib: GIB,
  t: TIB,
  tib: TIB,
};

/**
 * Bytes of a size as people write it: `4GiB`, `512 MiB`, `4g`, `1073741824`. Units are binary.
 * @throws SystemError argument/invalid for anything else, also for `4GB`, whose meaning varies.
 */
export function parseSize(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*$/.exec(text);
  const factor = match ? FACTORS[(match[2] ?? "").toLowerCase()] : undefined;
  const value = match && factor !== undefined ? Number(match[1]) * factor : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    throw new SystemError("argument/invalid", `"${text}" is not a size`, {
      hint: "write a whole number of bytes or use KiB, MiB, GiB or TiB, for example 100GiB",
    });
  }
  return value;
}

/** `4 GiB`, `1.5 MiB`, `512 B`. */
export function formatSize(bytes: number): string {
  for (const [unit, factor] of [
    ["TiB", TIB],
    ["GiB", GIB],
    ["MiB", MIB],
    ["KiB", KIB],
  ] as const) {
    if (bytes >= factor) return `${Math.round((bytes / factor) * 100) / 100} ${unit}`;
  }
  return `${bytes} B`;
}
