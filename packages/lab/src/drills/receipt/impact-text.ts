// What a fault did to hosts, for people at a terminal: one fact a line.
import type {
  Impact,
  ImpactGoal,
  ImpactRound,
  ImpactSeries,
  ImpactTimer,
  ImpactVolume,
} from "../faults/impact.ts";

const MIB = 1024 * 1024;

export const secondsText = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;

export const bytesText = (bytes: number | null): string =>
  bytes === null ? "unknown" : `${(bytes / MIB).toFixed(1)} MiB`;

/** What a timer means for the verdict, in one or two words. */
export const timerVerdict = ({ within, decides }: ImpactTimer): string => {
  if (within) return "within";
  return decides ? "EXCEEDED" : "exceeded";
};

/** Why what is exceeded may be no FAIL. */
export const UNDECIDING =
  "a host would have changed its path, or, with the whole cluster away, needed a longer setting";

/** Why a goal may be missed without a FAIL, and by whom. */
export const MISSED =
  "A goal that is missed is no FAIL. Hosts leave a gateway that has fallen silent by timers of their own " +
  "(here after 5 s for a NOP-Out and 5 s for its answer), whatever the cluster does meanwhile";

export const redundancyText = (ms: number | null): string =>
  ms === null ? "not reached" : secondsText(ms);

const roundLines = ({ round, fault, trace, stallMs, redundancyMs }: ImpactRound): string[] => [
  `  round ${round}: ${fault}`,
  `    seen      ${trace ?? "nothing of it"}`,
  `    stall     ${secondsText(stallMs)}`,
  `    whole     ${redundancyText(redundancyMs)} after its end`,
];

const volumeLines = (volume: ImpactVolume): string[] => [
  `  ${volume.name}: ${volume.replicas} copies, ${volume.operations} operations, ${volume.errors} errors at the initiator`,
  `    ${volume.blocksChecked} blocks checked: lost ${volume.lost}, stale ${volume.stale}, wrong ${volume.wrong}, torn ${volume.torn}`,
];

const seriesLine = ({ volume, path, longest, medianMs, down }: ImpactSeries): string => {
  const away = down.reduce((sum, { ms }) => sum + ms, 0);
  const without = away > 0 ? `, ${secondsText(away)} without a session` : "";
  return `  ${volume}, ${path}: longest ${secondsText(longest.ms)}, median of rounds ${secondsText(medianMs)}${without}`;
};

const timerLine = (timer: ImpactTimer): string =>
  `  ${timerVerdict(timer).padEnd(8)}  ${timer.host}, ${timer.setting} ${secondsText(timer.limitMs)}: ` +
  `${timer.measured} ${secondsText(timer.measuredMs)}`;

const goalLine = ({ name, goalMs, measuredMs, met }: ImpactGoal): string =>
  `  ${met ? "met" : "missed"}  ${name}: ${secondsText(measuredMs)}, wanted below ${secondsText(goalMs)}`;

export const impactLines = (impact: Impact): string[] => [
  "rounds",
  ...impact.rounds.flatMap(roundLines),
  "volumes",
  ...impact.volumes.flatMap(volumeLines),
  "stalls",
  ...impact.series.map(seriesLine),
  "timers of hosts, as they are by default",
  ...impact.timers.map(timerLine),
  ...(impact.timers.some(({ within, decides }) => !within && !decides)
    ? [`  exceeded without FAIL: ${UNDECIDING}`]
    : []),
  "goals",
  ...impact.goals.map(goalLine),
  ...(impact.goals.some(({ met }) => !met) ? [`  ${MISSED}`] : []),
  `full redundancy  ${redundancyText(impact.redundancyMs)} after the end of the fault`,
  `copied           ${bytesText(impact.copied.bytes)} (${impact.copied.source})`,
];
