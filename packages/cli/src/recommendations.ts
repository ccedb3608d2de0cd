// Hot spots and what is recommended about them, as people read it.
import type { AdviceMode } from "@ashlar/catalog";
import type { AppliedAdvice, HotSpot, RecommendationList } from "@ashlar/rpc";
import { table } from "./output.ts";

const perSecond = (demand: number): string => `${Math.round(demand)}/s`;
const busy = (share: number): string => `${Math.round(share * 100)} % busy`;

const SHOWN: Readonly<Record<HotSpot["kind"], (figure: number) => string>> = {
  node: perSecond,
  volume: perSecond,
  disk: busy,
  cluster: busy,
};

const MODES: Readonly<Record<AdviceMode, string>> = {
  manual:
    "people apply what is recommended (`ashlar recommend auto on` has leading moved by itself)",
  auto: "leading moves by itself where that is recommended; all else is left to people",
};

export const modeLine = (advice: AdviceMode): string => MODES[advice];

function appliedLines({
  id,
  action,
  byItself,
  agoMs,
  from,
  to,
  before,
  after,
}: AppliedAdvice): string[] {
  const asked = (pair: typeof before): string =>
    `${from} ${perSecond(pair.from)}, ${to} ${perSecond(pair.to)}`;
  const came = after ? asked(after) : "not known yet";
  return [
    `done ${Math.round(agoMs / 1000)} s ago${byItself ? " by itself" : ""}, ${id}: ${action}`,
    `  before: ${asked(before)}; after: ${came}`,
  ];
}

export function recommendationLines({
  hotSpots,
  recommendations,
  waiting,
  advice: mode,
  hindrance,
  applied,
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
    ...applied.flatMap(appliedLines),
    modeLine(mode),
    ...(hindrance === "" || waiting.length > 0
      ? []
      : [`nothing is done by itself now: ${hindrance}`]),
  ];
}
