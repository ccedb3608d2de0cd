// An isolated lab: every process is on a host of its own, with an address that tells which it is.
import { SystemError } from "@ashlar/core";
import { type LabDocument, type LabProcess, processNumber } from "./lab-file.ts";
import { addressesOf, HOST_NUMBER_MAX, LabNetwork } from "./lab-network.ts";

/** The first host number of a kind; those of the next kind end it. */
const FIRST_NUMBER: Readonly<Record<LabProcess["kind"], number>> = {
  metadata: 10,
  storage: 100,
  gateway: 200,
};
const END_NUMBER: Readonly<Record<LabProcess["kind"], number>> = {
  metadata: FIRST_NUMBER.storage,
  storage: FIRST_NUMBER.gateway,
  gateway: HOST_NUMBER_MAX + 1,
};

type Named = Pick<LabProcess, "kind" | "id">;

const hostNumber = ({ kind, id }: Named): number => FIRST_NUMBER[kind] + processNumber(id);

/**
 * The addresses of a process in an isolated lab, one in each network: those of `storage-2` end with 102.
 * @throws SystemError argument/invalid
 */
export function isolatedHosts(
  { subnet, networks = 1 }: NonNullable<LabDocument["network"]>,
  process: Named,
): readonly [string, ...string[]] {
  const number = hostNumber(process);
  const [first, ...others] = addressesOf(subnet, number, networks);
  if (first !== undefined && number < END_NUMBER[process.kind]) return [first, ...others];
  throw new SystemError("argument/invalid", `an isolated lab has no address for ${process.id}`, {
    hint: "make another lab without --isolate",
  });
}

/** The network of an isolated lab; its hosts are named as the processes. */
export function networkOf({ network, clusterId, processes }: LabDocument): LabNetwork | undefined {
  if (!network) return undefined;
  const hosts = processes.map((process) => ({ name: process.id, number: hostNumber(process) }));
  return new LabNetwork({ ...network, owner: clusterId, hosts });
}
