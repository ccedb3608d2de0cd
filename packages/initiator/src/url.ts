// The URL form that libiscsi and QEMU use: iscsi://host[:port]/target-name/lun.
import { SystemError } from "@ashlar/core";
import { ISCSI_PORT } from "@ashlar/iscsi";

export interface PortalAddress {
  readonly host: string;
  readonly port: number;
}

export interface IscsiUrl {
  readonly portal: PortalAddress;
  readonly targetName: string;
  readonly lun: number;
}

/** @throws SystemError argument/invalid */
export function parseIscsiUrl(text: string): IscsiUrl {
  const match = /^iscsi:\/\/([^/@]+)\/([^/]+)\/(\d+)$/.exec(text);
  const [, authority, targetName, lun] = match ?? [];
  if (!authority || !targetName || !lun || Number(lun) > 255) {
    throw new SystemError("argument/invalid", `"${text}" is not an iSCSI URL`, {
      hint: "write iscsi://host[:port]/target-name/lun, for example iscsi://127.0.0.1:3260/iqn.2026-11.io.ashlar:12345678:demo/0",
    });
  }
  return { portal: parsePortal(authority), targetName, lun: Number(lun) };
}

/** `host`, `host:port`, `[v6]:port`; a trailing portal group tag (`,1`) is ignored. */
export function parsePortal(text: string): PortalAddress {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\],]+)(?::(\d+))?(?:,\d+)?$/.exec(text);
  const port = match?.[2] === undefined ? ISCSI_PORT : Number(match[2]);
  if (!match?.[1] || port < 1 || port > 65535) {
    throw new SystemError("argument/invalid", `"${text}" is not a portal address`, {
      hint: "write host:port, or [address]:port for IPv6",
    });
  }
  return { host: match[1].replace(/^\[|\]$/g, ""), port };
}

export const formatPortal = ({ host, port }: PortalAddress): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

export const formatIscsiUrl = ({ portal, targetName, lun }: IscsiUrl): string =>
  `iscsi://${formatPortal(portal)}/${targetName}/${lun}`;
