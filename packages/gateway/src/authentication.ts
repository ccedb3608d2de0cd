// What an initiator has to prove at each of its logins, discovery included: what its host asks for.
import type { HostRecord } from "@ashlar/catalog";
import type { Authentication } from "@ashlar/iscsi";

export function authenticationOf(
  host: HostRecord | undefined,
  initiatorName: string,
): Authentication | undefined {
  if (!host?.chap) return undefined;
  const { user, secret, mutual } = host.chap;
  return {
    initiator: { name: user === "" ? initiatorName : user, secret },
    target: mutual && { name: mutual.user, secret: mutual.secret },
  };
}
