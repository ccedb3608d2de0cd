// The names that initiators log in with (RFC 7143, 4.2.7), checked where people type them.
import { SystemError } from "./errors.ts";

declare const brand: unique symbol;
/** An iqn., eui. or naa. name in lower case, of at most INITIATOR_NAME_LENGTH_MAX bytes. */
export type InitiatorName = string & { readonly [brand]: "InitiatorName" };

/** RFC 7143, 4.2.7.1. */
export const INITIATOR_NAME_LENGTH_MAX = 223;

/** Of what RFC 3722 allows, the ASCII part, and "_", which names of hosts bring along. */
const FORMS: readonly RegExp[] = [
  /^iqn\.\d{4}-(?:0[1-9]|1[0-2])\.[a-z0-9][a-z0-9.-]*(?::[a-z0-9.:_-]+)?$/,
  /^eui\.[0-9a-f]{16}$/,
  /^naa\.[0-9a-f]{16}(?:[0-9a-f]{16})?$/,
];

/**
 * Names are compared without case, so they are kept in lower case.
 * @throws SystemError argument/invalid.
 */
export function initiatorName(text: string): InitiatorName {
  const folded = text.toLowerCase();
  if (folded.length <= INITIATOR_NAME_LENGTH_MAX && FORMS.some((form) => form.test(folded))) {
    return folded as InitiatorName;
  }
  throw new SystemError("argument/invalid", `"${text}" is not the name of an initiator`, {
    hint: "for example iqn.1991-05.com.microsoft:host-1, eui.02004567a425678d or naa.52004567ba64678d",
  });
}
