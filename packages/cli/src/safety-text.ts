// What is said about stopping something, in words.
import { breaksNow, hazardText, verdictOf } from "@ashlar/catalog";
import { formatSize } from "@ashlar/core";
import type { SafetyAnswer } from "@ashlar/rpc";

/** "12.5 MiB in 3 copies, about 40 s"; empty when no copy is waited for. */
export function workText({ copies, bytes, etaMs }: SafetyAnswer): string {
  if (copies === 0) return "";
  const eta = etaMs === null ? "nobody knows yet how long" : `about ${Math.ceil(etaMs / 1000)} s`;
  return `at most ${formatSize(bytes)} in ${copies} ${copies === 1 ? "copy" : "copies"}, ${eta}`;
}

/** "WAIT: at most 12.5 MiB …" */
export const headline = (answer: SafetyAnswer): string =>
  [verdictOf(answer) as string, workText(answer)].filter((part) => part !== "").join(": ");

export const reasonLines = ({ hazards }: SafetyAnswer): string[] =>
  hazards.map((hazard) => `  ${hazardText(hazard)}`);

/** "WAIT: at most 12.5 MiB …; copies are missing of …" */
export function progressLine(answer: SafetyAnswer): string {
  const [first] = answer.hazards;
  return first ? `${headline(answer)}; ${hazardText(first)}` : headline(answer);
}

export const wouldBreak = (answer: SafetyAnswer): boolean => verdictOf(answer) === "WOULD BREAK";

export const isSafe = (answer: SafetyAnswer): boolean => verdictOf(answer) === "SAFE";

/** The answer of a command; `volumes` are the volumes that would break at once. */
export function safetyDocument(answer: SafetyAnswer) {
  const { hazards, ...work } = answer;
  const volumes = hazards
    .filter((hazard) => breaksNow({ hazards: [hazard] }) && hazard.volume !== "")
    .map(({ volume }) => volume);
  return {
    verdict: verdictOf(answer),
    ...work,
    volumes: [...new Set(volumes)],
    reasons: hazards.map((hazard) => ({
      ...hazard,
      breaks: breaksNow({ hazards: [hazard] }),
      message: hazardText(hazard),
    })),
  };
}
