// What a simulation did, counted: a checker that found nothing wrong means little if nothing happened.

const FIGURES = [
  "virtualSeconds",
  "steps",
  "elections",
  "commits",
  "readsAnswered",
  "proposalsAcknowledged",
  "proposalsRetried",
  "proposalsDeduplicated",
  "membershipChanges",
  "transfers",
  "compactions",
  "snapshotsSent",
  "snapshotsInstalled",
  "messagesLost",
  "messagesDuplicated",
  "messagesReordered",
  "crashes",
  "writesLost",
  "writesTorn",
  "pauses",
  "partitions",
  "oneWayCuts",
  "strandedLeaders",
  "slowDisks",
  "clockDrifts",
] as const;

export type Figure = (typeof FIGURES)[number];
export type Figures = Record<Figure, number>;

export const noFigures = (): Figures =>
  Object.fromEntries(FIGURES.map((figure) => [figure, 0])) as Figures;

export function addFigures(sum: Figures, more: Figures): void {
  for (const figure of FIGURES) sum[figure] += more[figure];
}

/** What never happened: over many seeds, a hole in the simulation. */
export const zeroFigures = (figures: Figures): readonly Figure[] =>
  FIGURES.filter((figure) => figures[figure] === 0);
