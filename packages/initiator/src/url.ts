// The URL form that libiscsi and QEMU use:
// iscsi://[user%secret@]host[:port]/target-name/lun[?target_user=name&target_password=secret].
import { SystemError } from "@ashlar/core";
import { type Authentication, type ChapAccount, ISCSI_PORT } from "@ashlar/iscsi";

export interface PortalAddress {
  readonly host: string;
  readonly port: number;
}

export interface IscsiUrl {
  readonly portal: PortalAddress;
  readonly targetName: string;
  readonly lun: number;
  /** CHAP: of a user and secret in the URL, mutual with the target's too. */
  readonly authentication?: Authentication | undefined;
}

const URL_FORM = /^iscsi:\/\/(?:([^/]*)@)?([^/@]+)\/([^/?]+)\/(\d+)(?:\?(.*))?$/;
const LUN_MAX = 255;
const EXAMPLE = "iscsi://127.0.0.1:3260/iqn.2026-11.io.ashlar:12345678:demo/0";
const TARGET_USER = "target_user";
const TARGET_PASSWORD = "target_password";

/** @throws SystemError argument/invalid, without the secrets. */
export function parseIscsiUrl(text: string): IscsiUrl {
  const [, user, authority, targetName, lun, query] = URL_FORM.exec(text) ?? [];
  if (!authority || !targetName || !lun || Number(lun) > LUN_MAX) throw invalidUrl(text);
  const initiator = user === undefined ? undefined : accountOf(user);
  const target = query === undefined ? undefined : targetAccountOf(query);
  const isWhole =
    (user === undefined || initiator !== undefined) &&
    (query === undefined || (initiator !== undefined && target !== undefined));
  if (!isWhole) throw invalidUrl(text);
  const authentication = initiator && { initiator, target };
  return { portal: parsePortal(authority), targetName, lun: Number(lun), authentication };
}

/** `name%secret`, both verbatim. */
function accountOf(text: string): ChapAccount | undefined {
  const percent = text.indexOf("%");
  const [name, secret] = [text.slice(0, percent), text.slice(percent + 1)];
  return percent > 0 && secret !== "" ? { name, secret } : undefined;
}

function targetAccountOf(query: string): ChapAccount | undefined {
  const values = new Map<string, string>();
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    values.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  const [name, secret] = [values.get(TARGET_USER), values.get(TARGET_PASSWORD)];
  return values.size === 2 && name && secret ? { name, secret } : undefined;
}

function invalidUrl(text: string): SystemError {
  const shown = /[%@?]/.test(text) ? "the text" : `"${text}"`;
  return new SystemError("argument/invalid", `${shown} is not an iSCSI URL`, {
    hint: `write iscsi://[user%secret@]host[:port]/target-name/lun, for example ${EXAMPLE}`,
  });
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

/** Without user and secrets: it may be shown. */
export const formatIscsiUrl = ({ portal, targetName, lun }: IscsiUrl): string =>
  `iscsi://${formatPortal(portal)}/${targetName}/${lun}`;
