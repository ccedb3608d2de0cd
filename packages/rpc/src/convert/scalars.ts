// Checks on what arrived: protobuf guarantees shapes, not ranges.
import { SystemError } from "@ashlar/core";
import { isAnyHost, splitPaths } from "@ashlar/runtime";

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

/**
 * Where others dial a member: it stands in the catalog for good, so it is checked where it comes in.
 * @throws SystemError argument/invalid
 */
export function memberAddress(address: string): string {
  const paths = splitMember(address);
  if (paths.every(({ host, port }) => port > 0 && !isAnyHost(host))) return address;
  throw new SystemError("argument/invalid", `nobody can dial a member at ${address}`, {
    hint: "set `advertise` in its configuration to the host:port where others reach it",
  });
}

function splitMember(address: string): ReturnType<typeof splitPaths> {
  try {
    return splitPaths(address);
  } catch (thrown) {
    throw new SystemError("argument/invalid", (thrown as Error).message);
  }
}
