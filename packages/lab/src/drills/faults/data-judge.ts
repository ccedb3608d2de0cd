// What the writers of a host found, as findings of a receipt: every block that was not as it must be, and every
// operation that failed, with its place and its time.
import type { Fault, FaultKind, OperationError } from "@ashlar/initiator";
import type { StepJudge } from "../step-judge.ts";
import { ANY_PATH, type DrillHost } from "./drill-host.ts";

const WORDS: Readonly<Record<FaultKind, string>> = {
  lost: "lost",
  stale: "stale",
  foreign: "wrong, of another place or run",
  corrupt: "wrong, never written",
  torn: "torn",
};

const faultText = ({ kind, legal, found }: Fault) => ({
  expected: `write ${legal.join(" or ")} (0: as before the drill)`,
  found: `${WORDS[kind]}: ${found}`,
});

const errorText = ({ code, message }: OperationError) => ({
  expected: "GOOD",
  found: `${message} (${code})`,
});

/** @param timeAt the wall clock at milliseconds since the drill's origin. */
export function judgeData(
  judge: StepJudge,
  host: DrillHost,
  timeAt: (atMs: number) => string,
): void {
  const placeOf = (path: string) => ({
    disk: host.volume.name,
    host: host.host,
    path: path === ANY_PATH ? path : host.gatewayOf(path),
  });
  const at = (atMs: number): string => timeAt(host.verifiersAtMs + atMs);
  for (const { faults, errors } of host.reports()) {
    for (const fault of faults) {
      const command = `READ of the block at byte ${fault.offset}`;
      judge.note(placeOf(fault.path), { command, ...faultText(fault), at: at(fault.atMs) });
    }
    for (const error of errors) {
      const { operation, length, offset } = error;
      const command = `${operation.toUpperCase()} of ${length} bytes at byte ${offset}`;
      judge.note(placeOf(error.path), { command, ...errorText(error), at: at(error.atMs) });
    }
  }
}
