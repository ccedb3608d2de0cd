import type { MemberId } from "../../types.ts";
import type { Figures } from "./figures.ts";
import type { GroupChecker } from "./group-checker.ts";
import type { Mix } from "./mix.ts";
import type { Draw } from "./random.ts";
import type { SimulatedMember } from "./simulated-member.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What all parts of one simulation share. */
export interface World {
  readonly mix: Mix;
  readonly draw: Draw;
  readonly clock: VirtualClock;
  readonly figures: Figures;
  readonly checker: GroupChecker;
  readonly network: SimulatedNetwork;
  /** All that ever were, the removed ones too. */
  readonly members: Map<MemberId, SimulatedMember>;
}

/** The leader of the latest term among those that run, as an operator would find it. */
export function findLeader({ members }: World): SimulatedMember | undefined {
  let leader: SimulatedMember | undefined;
  for (const member of members.values()) {
    if (!member.isUp || member.raft.state.role !== "leader") continue;
    if (leader === undefined || member.raft.state.term > leader.raft.state.term) leader = member;
  }
  return leader;
}
