// What a hazard is in words, to stand behind the name of what was to be stopped.
import type { Hazard, HazardKind } from "./safety.ts";

const chunksOf = ({ chunks, volume }: Hazard): string =>
  `${chunks} ${chunks === 1 ? "chunk" : "chunks"} of volume ${volume}`;

const TEXTS: Readonly<Record<HazardKind, (hazard: Hazard) => string>> = {
  "last-copy": (hazard) => `has the only copy in sync of ${chunksOf(hazard)}`,
  "last-path": ({ host, volume }) => `has the only path of host ${host} to volume ${volume}`,
  quorum: () => "is needed: the other metadata members that answer are no majority",
  "copy-on-its-way": (hazard) =>
    `has the only copy in sync of ${chunksOf(hazard)} until another one is made`,
  "member-behind": () => "is needed until the other metadata members have caught up",
  "sessions-unknown": ({ host }) => `gateway ${host} has not told its sessions yet`,
  "copies-missing": (hazard) => `copies are missing of ${chunksOf(hazard)}`,
  "copies-moving": (hazard) => `copies are being moved of ${chunksOf(hazard)}`,
};

export const hazardText = (hazard: Hazard): string => TEXTS[hazard.kind](hazard);
