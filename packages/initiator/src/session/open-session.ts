// Opens a session: connects, logs in, and follows redirections (RFC 7143, 11.13.5). Where a session
// was sent for now, the next one asks the original portal again; where it was sent for good, not.
import { SystemError } from "@ashlar/core";
import { LOGIN_STATUS } from "@ashlar/iscsi";
import { nodeClock, nodeRandom } from "@ashlar/runtime";
import { type PortalAddress, parsePortal } from "../url.ts";
import { loginError, Session } from "./session.ts";
import type { SessionDependencies, SessionOptions } from "./session-options.ts";
import { dialTcp } from "./wire.ts";

/** Redirections of one login; more are a loop. */
const REDIRECTS_MAX = 5;

/** Connects, logs in, and follows redirections. */
export async function openSession(
  portal: PortalAddress,
  options: SessionOptions,
  { clock = nodeClock, dial = dialTcp, random = nodeRandom }: SessionDependencies = {},
): Promise<Session> {
  const { redirectsMax = REDIRECTS_MAX } = options;
  checkSecrets(options);
  let home = portal;
  let address = portal;
  for (let redirects = 0; ; redirects++) {
    const session = new Session({ portal: address, home }, options, { clock, dial, random });
    const refused = await session.open();
    if (!refused) return session;
    const { status, targetAddress } = refused;
    const moved = targetAddress !== undefined && status >> 8 === LOGIN_STATUS.movedTemporarily >> 8;
    if (!moved || redirects >= redirectsMax) throw loginError(address, refused);
    address = parsePortal(targetAddress);
    if (status === LOGIN_STATUS.movedPermanently) home = address;
  }
}

/** One secret for both directions would let a target answer with what it was asked (RFC 7143, 9.2.1). */
function checkSecrets({ authentication }: SessionOptions): void {
  if (!authentication?.target) return;
  if (authentication.target.secret !== authentication.initiator.secret) return;
  throw new SystemError("argument/invalid", "initiator and target have the same CHAP secret");
}
