// What steps ask of a path, in words of the validation: each is one command or a few, timed and judged.
import {
  NO_KEY,
  RESERVE_IN_NAMES,
  RESERVE_OUT_NAMES,
  type ReservationKey,
  type ReserveInAction,
  type ReserveOut,
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY,
} from "@ashlar/initiator";
import { inParallel, type JudgedCommand, type StepJudge } from "../step-judge.ts";
import { BLOCK_LENGTH, scratchOffset } from "./disk-layout.ts";
import type { HostPath } from "./fleet.ts";

const TYPE = WRITE_EXCLUSIVE_REGISTRANTS_ONLY;

export const outNamed = (action: ReserveOut["action"]): JudgedCommand => ({
  kind: "reservation",
  command: `PERSISTENT RESERVE OUT, ${RESERVE_OUT_NAMES[action]}`,
});
export const inNamed = (action: ReserveInAction): JudgedCommand => ({
  kind: "reservation",
  command: `PERSISTENT RESERVE IN, ${RESERVE_IN_NAMES[action]}`,
});
export const plain = (command: string): JudgedCommand => ({ kind: "other", command });

export class JudgedPath {
  readonly path: HostPath;
  private readonly judge: StepJudge;

  constructor(judge: StepJudge, path: HostPath) {
    this.judge = judge;
    this.path = path;
  }

  /** A service action that must succeed. @throws StepStopped. */
  async out(request: ReserveOut): Promise<void> {
    const { place, reservations } = this.path;
    await this.judge.good(place, outNamed(request.action), () => reservations.out(request));
  }

  /** A service action that must end with RESERVATION CONFLICT. */
  async outConflicts(request: ReserveOut): Promise<void> {
    const { place, reservations } = this.path;
    await this.judge.conflict(place, outNamed(request.action), () => reservations.out(request));
  }

  /** Whether it succeeded, or conflicted. @throws StepStopped for anything else. */
  async outWins(request: ReserveOut): Promise<boolean> {
    const { place, reservations } = this.path;
    const what = outNamed(request.action);
    return this.judge.goodOrConflict(place, what, () => reservations.out(request));
  }

  registerIgnoring(key: ReservationKey): Promise<void> {
    const action = "registerAndIgnoreExistingKey";
    return this.out({ action, serviceActionKey: key, aptpl: true });
  }

  reserve(key: ReservationKey): Promise<void> {
    return this.out({ action: "reserve", key, type: TYPE });
  }

  preempt(key: ReservationKey, victim: ReservationKey): Promise<void> {
    return this.out({ action: "preempt", key, serviceActionKey: victim, type: TYPE });
  }

  release(key: ReservationKey): Promise<void> {
    return this.out({ action: "release", key, type: TYPE });
  }

  clear(key: ReservationKey): Promise<void> {
    return this.out({ action: "clear", key });
  }

  async keys(): Promise<readonly ReservationKey[]> {
    const { place, reservations } = this.path;
    const read = () => reservations.readKeys();
    return (await this.judge.good(place, inNamed("readKeys"), read)).keys;
  }

  /** READ KEYS lists exactly these, in any order. */
  async expectKeys(expected: readonly ReservationKey[]): Promise<void> {
    const found = [...(await this.keys())].sort();
    const values = { expected: [...expected].sort(), found };
    this.judge.equal(this.path.place, inNamed("readKeys").command, values);
  }

  /** READ RESERVATION shows type 5 held under this key; with none, that nothing is reserved. */
  async expectHeld(key: ReservationKey | undefined): Promise<void> {
    const { place, reservations } = this.path;
    const what = inNamed("readReservation");
    const wanted = key === undefined ? undefined : { key, scope: 0, type: TYPE };
    const { held } = await this.judge.good(place, what, () => reservations.readReservation());
    const values = {
      expected: heldText(wanted),
      found: heldText(held),
    };
    this.judge.equal(place, what.command, values);
  }

  /** Writes the path's own scratch block and reads it back. @throws StepStopped. */
  async expectWritePasses(mark: string): Promise<void> {
    const { path } = this;
    const data = markedBlock(mark);
    const offset = scratchOffset(path);
    await this.judge.good(path.place, plain("WRITE"), () => path.write(offset, data));
    const same = (await this.readScratch()).equals(data);
    const values = { expected: "what was just written", found: same ? "the same" : "other data" };
    this.judge.check(path.place, "READ after WRITE", { ok: same, ...values });
  }

  /** A write must be refused, and must have written nothing. */
  async expectWriteConflicts(mark: string): Promise<void> {
    const { path } = this;
    const data = markedBlock(mark);
    const offset = scratchOffset(path);
    await this.judge.conflict(path.place, plain("WRITE"), () => path.write(offset, data));
    const wrote = (await this.readScratch()).equals(data);
    const expected = "what was there before the refused write";
    this.judge.check(path.place, "READ", { ok: !wrote, expected, found: "what was refused" });
  }

  private readScratch(): Promise<Buffer> {
    const { path } = this;
    const read = () => path.read(scratchOffset(path), BLOCK_LENGTH);
    return this.judge.good(path.place, plain("READ"), read);
  }
}

const heldText = (
  held: { readonly key: ReservationKey; readonly scope: number; readonly type: number } | undefined,
): string =>
  held
    ? `a reservation of type ${held.type}, scope ${held.scope}, key ${held.key}`
    : "no reservation";

const markedBlock = (mark: string): Buffer => Buffer.alloc(BLOCK_LENGTH, `${mark}\n`);

/** As MSDSM does: a host registers on each of its paths, one after another. @throws StepStopped. */
export async function registerHost(
  judge: StepJudge,
  paths: readonly HostPath[],
  key: ReservationKey,
): Promise<void> {
  for (const path of paths) await new JudgedPath(judge, path).registerIgnoring(key);
}

export const unregisterHost = (judge: StepJudge, paths: readonly HostPath[]): Promise<void> =>
  registerHost(judge, paths, NO_KEY);

/** The same through each of the paths, at once. */
export async function throughAll(
  judge: StepJudge,
  paths: readonly HostPath[],
  ask: (path: JudgedPath) => Promise<void>,
): Promise<void> {
  await inParallel(paths.map((path) => ask(new JudgedPath(judge, path))));
}
