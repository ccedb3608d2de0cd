// What is recommended, as people read it: why, with figures, and what is done or to be done.
import type { NodeDemand, Separation } from "@ashlar/catalog";
import type { HotSpot, Recommendation } from "@ashlar/rpc";

export const perSecond = (demand: number): string => `${Math.round(demand)}/s`;
export const percent = (share: number): string => `${Math.round(share * 100)} %`;

const askedOf = ({ id, figure, mean }: HotSpot): string =>
  `${id} is asked ${perSecond(figure)}, nodes on average ${perSecond(mean)}`;

export function moveLeading(
  hot: HotSpot,
  asked: NodeDemand,
  { separation, name }: { readonly separation: Separation; readonly name: string },
): Recommendation {
  const { family, chunks, items, relief, to } = separation;
  const share = perSecond(asked.volumes.get(family) ?? 0);
  const back = items.length - chunks;
  const swapped = back === 0 ? "" : `; ${back} that are asked less come back for them`;
  return {
    id: `lead/${hot.id}/${name}`,
    kind: "move-leading",
    reason: `${askedOf(hot)}; ${share} of it is volume ${name}`,
    action: `${to} leads ${chunks} chunks of ${name} instead, about ${perSecond(relief)}${swapped}; no data moves`,
    applicable: true,
  };
}

export const addCopy = (hot: HotSpot, name: string): Recommendation => ({
  id: `copy/${name}`,
  kind: "add-copy",
  reason: `${askedOf(hot)}, most of it volume ${name}, which has one copy and can be led from nowhere else`,
  action: `ashlar volume set ${name} --replicas 2`,
  applicable: false,
});

export const addDisks = ({ figure }: HotSpot): Recommendation => ({
  id: "disks",
  kind: "add-disks",
  reason: `disks are busy ${percent(figure)} of the time on average, so moving load helps no more`,
  action: "add a storage node, or disks: copies move there by themselves",
  applicable: false,
});
