// Sessions of hosts, their portals, and what gateways are told of them.
import { type HeldSession, PORTAL_ROLES, type PortalRecord } from "@ashlar/catalog";
import type { HeldSession__Output } from "../gen/ashlar/v1/HeldSession.ts";
import type {
  LogoutRequest as LogoutMessage,
  LogoutRequest__Output,
} from "../gen/ashlar/v1/LogoutRequest.ts";
import type { Portal__Output } from "../gen/ashlar/v1/Portal.ts";
import type { LogoutRequest } from "../heartbeat.ts";
import { oneOf } from "./scalars.ts";

/** Those that know no roles write none. */
export const fromPortal = ({ address, tpgt, role }: Portal__Output): PortalRecord => ({
  address,
  tpgt,
  role: role === "" ? "direct" : oneOf(PORTAL_ROLES, role),
});

export const fromSession = (message: HeldSession__Output): HeldSession => ({
  initiatorName: message.initiatorName,
  isid: message.isid,
  targetName: message.targetName,
  tpgt: message.tpgt,
});

export const toLogoutRequest = (request: LogoutRequest): LogoutMessage => ({ ...request });

/** Undefined without a session, which names nothing. */
export function fromLogoutRequest(message: LogoutRequest__Output): LogoutRequest | undefined {
  const { session, withinSeconds, enforced } = message;
  return session ? { session: fromSession(session), withinSeconds, enforced } : undefined;
}
