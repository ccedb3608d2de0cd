// Checks on what arrived: protobuf guarantees shapes, not ranges.
import { SystemError } from "@ashlar/core";

/** A 64-bit field, below 2^53 by contract. */
export function safeNumber(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new SystemError("rpc/bad-frame", `number out of range in a message: ${value}`);
}

export function oneOf<T extends string>(known: readonly T[], text: string): T {
  const found = known.find((value) => value === text);
  if (found !== undefined) return found;
  throw new SystemError("rpc/version", `"${text}" is none of ${known.join(", ")}`);
}
