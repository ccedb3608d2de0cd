// What every step of a rehearsal is given, and how each begins: with all paths up and nothing registered.
import type { Clock, Random } from "@ashlar/runtime";
import { inParallel, type StepJudge } from "../step-judge.ts";
import { type Disk, type Fleet, type HostPath, type Round, randomKey, roundsOf } from "./fleet.ts";
import { JudgedPath, plain } from "./judged-path.ts";

export interface StepContext {
  readonly judge: StepJudge;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** How often an owner looks for challengers: 3 s with Windows. */
  readonly defenceMs: number;
}

/** A key for each host, by its index. */
export const newKeys = ({ fleet, random }: StepContext): string[] =>
  Array.from({ length: fleet.shape.hosts }, () => randomKey(random));

export const roundsIn = ({ fleet: { shape } }: StepContext): Round[] =>
  roundsOf({ hosts: shape.hosts, gateways: shape.gateways.length });

/** The hosts that are not among `hosts`, by index. */
export const othersThan = ({ fleet }: StepContext, ...hosts: readonly number[]): number[] =>
  Array.from({ length: fleet.shape.hosts }, (_, host) => host).filter(
    (host) => !hosts.includes(host),
  );

export async function connect({ judge }: StepContext, path: HostPath): Promise<void> {
  await judge.good(path.place, plain("login, TEST UNIT READY"), () => path.connect());
}

/** Logs in again where an earlier step left a path without a session. */
export async function mendPaths(context: StepContext): Promise<void> {
  const broken = context.fleet.paths.filter(({ isOpen }) => !isOpen);
  await inParallel(broken.map((path) => connect(context, path)));
}

/** CLEAR by a nexus that is registered for it: nothing is registered or reserved afterwards. */
export async function clearDisk(
  { judge, fleet, random }: StepContext,
  disk: Disk,
  { host = 0, gateway = 0 } = {},
): Promise<void> {
  const path = new JudgedPath(judge, fleet.path(disk, host, gateway));
  const key = randomKey(random);
  await path.registerIgnoring(key);
  await path.clear(key);
  for (const other of fleet.pathsOf(disk, host)) await new JudgedPath(judge, other).expectKeys([]);
}

/** The same on every disk, at once. */
export async function onEveryDisk(
  { fleet }: StepContext,
  run: (disk: Disk) => Promise<void>,
): Promise<void> {
  await inParallel(fleet.shape.disks.map(run));
}
