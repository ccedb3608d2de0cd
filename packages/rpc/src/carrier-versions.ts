// Which versions of the messages of a carrier's purpose this program speaks, and which one two programs agree on: while a
// cluster is upgraded, its processes are of neighbouring releases, and a carrier between two of them carries what the
// older one understands. A release that changes these messages speaks the version before as well, until the next one.
import { SystemError } from "@ashlar/core";
import { OPERATION_VERSION, REPLICATION_VERSION } from "@ashlar/replica";
import type { CarrierPurpose } from "./carrier.ts";

export interface Versions {
  readonly oldest: number;
  readonly newest: number;
}

export type SpokenVersions = Readonly<Record<CarrierPurpose, Versions>>;

export const SPOKEN: SpokenVersions = {
  operations: { oldest: OPERATION_VERSION, newest: OPERATION_VERSION },
  replication: { oldest: REPLICATION_VERSION, newest: REPLICATION_VERSION },
};

/** Of a program that does not tell: of the releases before programs told. Never raise them. */
const UNTOLD: Readonly<Record<CarrierPurpose, number>> = { operations: 4, replication: 4 };

/** What another program told, 0 where it told nothing. */
export function toldVersions(
  purpose: CarrierPurpose,
  { oldestVersion, newestVersion }: { oldestVersion: number; newestVersion: number },
): Versions {
  const untold = UNTOLD[purpose];
  return newestVersion === 0
    ? { oldest: untold, newest: untold }
    : { oldest: oldestVersion, newest: newestVersion };
}

/** The version of a reply, in which 0 is told by those who tell nothing. */
export const agreedVersion = (purpose: CarrierPurpose, told: number): number =>
  told === 0 ? UNTOLD[purpose] : told;

const text = ({ oldest, newest }: Versions): string =>
  oldest === newest ? `version ${newest}` : `versions ${oldest} to ${newest}`;

/**
 * The newest version that both speak.
 * @throws SystemError rpc/version when there is none.
 */
export function agreeOnVersion(purpose: CarrierPurpose, own: Versions, theirs: Versions): number {
  const newest = Math.min(own.newest, theirs.newest);
  if (newest >= Math.max(own.oldest, theirs.oldest)) return newest;
  throw new SystemError(
    "rpc/version",
    `${purpose} in ${text(theirs)} are not spoken here, only ${text(own)}`,
    { hint: "upgrade the older of the two nodes, by way of each release between" },
  );
}
