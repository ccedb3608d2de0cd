// CHAP as both sides compute it (RFC 1994; RFC 7143, 12.1.3): algorithms, the response to a
// challenge, and binary values as text keys carry them. Names and secrets are compared here only, in
// a time that tells nothing of them.
import { createHash, timingSafeEqual } from "node:crypto";
import type { ChapAccount } from "./directory.ts";

export interface ChapAlgorithm {
  /** The number in CHAP_A, as IANA assigns it. */
  readonly number: number;
  /** Its name at node:crypto. */
  readonly hash: string;
  /** Of the hash, and of a challenge that suits it, in bytes. */
  readonly length: number;
}

/** Strongest first. */
export const CHAP_ALGORITHMS: readonly ChapAlgorithm[] = [
  { number: 8, hash: "sha3-256", length: 32 },
  { number: 7, hash: "sha256", length: 32 },
  { number: 6, hash: "sha1", length: 20 },
  { number: 5, hash: "md5", length: 16 },
];

/** Longest challenge or response, in bytes (RFC 7143, 12.1.3). */
export const CHAP_VALUE_MAX = 1024;

/** The challenge of one side: the byte that is hashed with it, and its bytes. */
export interface ChapChallenge {
  readonly identifier: number;
  readonly bytes: Buffer;
}

/** What proves the secret: the hash of identifier, secret and challenge (RFC 1994, 4.1). */
export function chapResponse(
  { hash }: ChapAlgorithm,
  { identifier, bytes }: ChapChallenge,
  secret: string,
): Buffer {
  const hashed = createHash(hash).update(Buffer.of(identifier)).update(secret, "utf8");
  return hashed.update(bytes).digest();
}

/** A fresh challenge that suits the algorithm. */
export function freshChallenge(
  { length }: ChapAlgorithm,
  randomBytes: (length: number) => Buffer,
): ChapChallenge {
  const [identifier = 0] = randomBytes(1);
  return { identifier, bytes: randomBytes(length) };
}

/** Whether name and response are the account's. Takes the same time whichever of them is wrong. */
export function provesAccount(
  account: ChapAccount,
  algorithm: ChapAlgorithm,
  challenge: ChapChallenge,
  given: { readonly name: string; readonly response: Buffer },
): boolean {
  const expected = chapResponse(algorithm, challenge, account.secret);
  const isName = equalText(given.name, account.name);
  const isResponse =
    given.response.length === expected.length && timingSafeEqual(given.response, expected);
  return isName && isResponse;
}

/** Whether two names or secrets are the same, in a time that depends on neither. */
export function equalText(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(digest(one), digest(other));
}

const HEX = /^0[xX]((?:[0-9a-fA-F]{2})+)$/;
const BASE64 =
  /^0[bB]((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4}))$/;
/** Text that no value within the limit needs: not even looked at. */
const VALUE_TEXT_MAX = 2 + 2 * CHAP_VALUE_MAX;

/** A large binary value (RFC 7143, 6.1): hexadecimal or base64; undefined when it is none or too long. */
export function parseBinary(text: string): Buffer | undefined {
  if (text.length > VALUE_TEXT_MAX) return undefined;
  const hex = HEX.exec(text)?.[1];
  const bytes =
    hex === undefined
      ? Buffer.from(BASE64.exec(text)?.[1] ?? "", "base64")
      : Buffer.from(hex, "hex");
  return bytes.length > 0 && bytes.length <= CHAP_VALUE_MAX ? bytes : undefined;
}

/** In the form that every implementation reads. */
export const formatBinary = (bytes: Buffer): string => `0x${bytes.toString("hex")}`;

/** CHAP_I: one byte, decimal or hexadecimal. */
export function parseIdentifier(text: string): number | undefined {
  if (!/^(?:\d{1,3}|0[xX][0-9a-fA-F]{1,2})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= 255 ? value : undefined;
}
