import type { Refusal } from "@ashlar/catalog";
import { SystemError } from "@ashlar/core";

/** The value of a result; what the catalog refused becomes an error for the caller. */
export function accepted<T>(result: { readonly kind: "done"; readonly value: T } | Refusal): T {
  if (result.kind === "done") return result.value;
  const { code, message, hint } = result;
  throw new SystemError(code, message, hint === undefined ? {} : { hint });
}
