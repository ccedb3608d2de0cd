// Whether two memberships could decide without each other: asked of all ways to divide their voters,
// and not by arithmetic, since arithmetic is what is in question.
import { formatMembership, type Membership, voterIds } from "../../membership.ts";
import type { MemberId } from "../../types.ts";

const known = new Map<string, boolean>();

/** True if every quorum of one has a member in every quorum of the other (R6). */
export function quorumsOverlap(one: Membership, other: Membership): boolean {
  if (one === other) return true;
  const name = `${formatMembership(one)} ${formatMembership(other)}`;
  const before = known.get(name);
  if (before !== undefined) return before;
  const voters = [...new Set([...voterIds(one), ...voterIds(other)])];
  let overlap = true;
  for (let division = 0; division < 2 ** voters.length; division += 1) {
    const inside = (id: MemberId): boolean => (division & (1 << voters.indexOf(id))) !== 0;
    if (canDecide(one, inside) && canDecide(other, (id) => !inside(id))) overlap = false;
  }
  known.set(name, overlap);
  return overlap;
}

function canDecide({ incoming, outgoing }: Membership, has: (id: MemberId) => boolean): boolean {
  const majority = (voters: ReadonlySet<MemberId>): boolean =>
    voters.size === 0 || 2 * [...voters].filter(has).length > voters.size;
  return majority(incoming) && majority(outgoing);
}
