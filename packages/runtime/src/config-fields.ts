// Fields that the configuration files of several processes share, so that a name, an address or a
// log level is written, checked and refused alike in all of them.
import { isIP } from "node:net";
import { clusterId, nodeId, SystemError } from "@ashlar/core";
import { z } from "zod";

const PORT_MAX = 65_535;
const HOST_AND_PORT = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/;

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** A machine is in a handful of networks at the most; each dial may try all of them. */
export const PATHS_MAX = 4;

/**
 * Host and port of `host:port` or `[IPv6 address]:port`.
 * @throws SystemError config/invalid
 */
export function splitAddress(text: string): HostAndPort {
  const match = HOST_AND_PORT.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > PORT_MAX) {
    throw new SystemError(
      "config/invalid",
      `must be host:port with an IPv6 host in "[ ]", got "${text}"`,
    );
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

/** `host:port`, or `[host]:port` of an IPv6 address. */
export const joinAddress = ({ host, port }: HostAndPort): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** Whether a host stands for all of a machine: nobody is reached there. */
export const isAnyHost = (host: string): boolean => host === "0.0.0.0" || host === "::";

/** The addresses of one process, one for each network: the parts of `host:port,host:port`, the preferred one first. */
export const pathsOf = (address: string): readonly string[] => address.split(",");

/**
 * Host and port of each part of `host:port,host:port`. Several are IP addresses of one family, since whoever
 * dials them hands the list on as it is, and none is there twice.
 * @throws SystemError config/invalid
 */
export function splitPaths(text: string): readonly [HostAndPort, ...HostAndPort[]] {
  const [first, ...others] = pathsOf(text).map(splitAddress);
  if (first === undefined) throw new SystemError("config/invalid", "no address is given");
  if (others.length === 0) return [first];
  const all = [first, ...others];
  const refuse = (why: string): SystemError =>
    new SystemError("config/invalid", `several addresses ${why}, got "${text}"`);
  if (all.length > PATHS_MAX) throw refuse(`must be ${PATHS_MAX} at most`);
  const family = isIP(first.host);
  if (family === 0 || all.some(({ host }) => isIP(host) !== family)) {
    throw refuse("must be IP addresses of one family");
  }
  if (all.some(({ host }) => isAnyHost(host))) {
    throw refuse("must say which: one that stands for all is alone");
  }
  if (new Set(all.map(({ host }) => host)).size < all.length) {
    throw refuse("must be in different networks: one host is there twice");
  }
  return [first, ...others];
}

/** `host:port` of each of `host,host`, with commas between; an IPv6 host is in "[ ]", or not. */
export const addressesAt = (hosts: string, port: number): string =>
  hosts
    .split(",")
    .map((host) => joinAddress({ host: host.replaceAll(/[[\]]/g, ""), port }))
    .join(",");

/** A text that `parse` accepts, as what it makes of it; its refusal names the field. */
export const parsedText = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (thrown) {
      context.addIssue({ code: "custom", message: String((thrown as Error).message) });
      return z.NEVER;
    }
  });

/** `host:port`, kept as text. */
export const addressField = parsedText((text) => {
  splitAddress(text);
  return text;
});

/** `host:port`, or several in order of preference, see {@link splitPaths}; kept as text. */
export const pathsField = parsedText((text) => {
  splitPaths(text);
  return text;
});

/** A host, or several in order of preference with commas between, of which {@link splitPaths} holds as well. */
export const hostsField = parsedText((text) => {
  splitPaths(addressesAt(text, 0));
  return text;
});

/** What every role process is told. */
export const PROCESS_FIELDS = {
  /** Name of this process: `storage-1`. */
  nodeId: parsedText(nodeId),
  clusterId: parsedText(clusterId),
  logLevel: z.enum(["error", "warn", "info", "debug", "silent"]).default("info"),
  /** Where /metrics and /healthz are served. */
  metrics: z.strictObject({ host: z.string(), port: z.int().min(0).max(PORT_MAX) }),
} as const;

/** What every process is told that follows the catalog and moves data. */
export const DATA_PATH_FIELDS = {
  /** host:port of the metadata members, one text for each member: `host:port,host:port` is one in two networks. */
  metadata: z.array(pathsField).min(1),
  /** Which carrier operations and replication travel on. */
  carrier: z.enum(["socket", "grpc"]).default("socket"),
} as const;
