// HOST:PORT as people write it, IPv6 in brackets.
import { SystemError } from "@ashlar/core";

export interface PortalAddress {
  readonly host: string;
  /** Absent: the next free one. */
  readonly port?: number;
}

const ADDRESS = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+))(?::(\d{1,5}))?$/;
const PORT_MAX = 65_535;

/** @throws SystemError argument/invalid naming `option`. */
export function parseAddress(text: string, option: string): PortalAddress {
  const match = ADDRESS.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (host === undefined || port === 0 || (port !== undefined && port > PORT_MAX)) {
    throw new SystemError("argument/invalid", `${option} ${text} is not an address`, {
      hint: "write HOST or HOST:PORT, an IPv6 address in brackets",
    });
  }
  return port === undefined ? { host } : { host, port };
}

export const formatAddress = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
