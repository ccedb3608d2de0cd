// What one machine is told so that it finds the cluster that it joins: which one it is, and where its metadata
// members answer. A token holds no secret: nothing between the processes is encrypted or authenticated yet, so
// whoever reaches the addresses can join, and these networks must be isolated ones.
import { type ClusterId, clusterId, crc32c, SystemError } from "@ashlar/core";
import { isAddress } from "../cluster-address.ts";

export interface JoinToken {
  readonly clusterId: ClusterId;
  /** host:port of metadata members; one that answers is enough. */
  readonly metadata: readonly string[];
}

/** The version, the content in base64url, and its CRC-32C: a line that was copied in part is seen. */
const FORM = /^ashlar1\.([A-Za-z0-9_-]+)\.([0-9a-f]{8})$/;

const checksum = (content: Uint8Array): string => crc32c(content).toString(16).padStart(8, "0");

export function formatToken({ clusterId: cluster, metadata }: JoinToken): string {
  const content = Buffer.from(JSON.stringify([cluster, ...metadata]));
  return `ashlar1.${content.toString("base64url")}.${checksum(content)}`;
}

/** @throws SystemError argument/invalid for what is no token, or not all of one. */
export function parseToken(text: string): JoinToken {
  const [, content = "", sum] = FORM.exec(text.trim()) ?? [];
  const bytes = Buffer.from(content, "base64url");
  if (bytes.length === 0 || checksum(bytes) !== sum) throw refused();
  const fields: unknown = JSON.parse(bytes.toString());
  if (!Array.isArray(fields) || !fields.every((field) => typeof field === "string")) {
    throw refused();
  }
  const [cluster = "", ...metadata] = fields;
  if (metadata.length === 0 || !metadata.every(isAddress)) throw refused();
  return { clusterId: clusterId(cluster), metadata };
}

const refused = (): SystemError =>
  new SystemError("argument/invalid", "this is no token, or not all of one", {
    hint: "`ashlar cluster token` on a machine of the cluster prints it: a line that begins with ashlar1.",
  });
