// Hot spots and what is recommended about them, as people read it.
import type { HotSpot, RecommendationList } from "@ashlar/rpc";
import { table } from "./output.ts";

const perSecond = (demand: number): string => `${Math.round(demand)}/s`;
const busy = (share: number): string => `${Math.round(share * 100)} % busy`;

const SHOWN: Readonly<Record<HotSpot["kind"], (figure: number) => string>> = {
  node: perSecond,
  volume: perSecond,
  disk: busy,
  cluster: busy,
};

export function recommendationLines({
  hotSpots,
  recommendations,
  waiting,
}: RecommendationList): string[] {
  const spots = hotSpots.map(({ kind, id, figure, mean }) => {
    // All disks together are compared with what they can do.
    const others = kind === "cluster" ? "-" : SHOWN[kind](mean);
    return [kind, id, SHOWN[kind](figure), others];
  });
  const advice = recommendations.flatMap(({ id, reason, action, applicable }) => [
    `${id}: ${reason}`,
    applicable ? `  applied: ${action}` : `  by hand: ${action}`,
  ]);
  return [
    ...(waiting.length === 0
      ? []
      : [`nothing is judged until ${waiting.join(", ")} told what hosts ask`]),
    ...(spots.length === 0 ? [] : table(["HOT", "NAME", "NOW", "MEAN"], spots)),
    ...(advice.length === 0 ? ["nothing is recommended"] : advice),
  ];
}
