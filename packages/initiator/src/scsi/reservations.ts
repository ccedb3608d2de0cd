// Persistent reservations through one path, with the patience of Windows' MSDSM: what it is told on the way -
// a reset, a change of reservations or of inventory - or a group in transition makes it send the command
// again on the same path, for three seconds at most. It never takes another path by itself.
import { type Clock, nodeClock, sleep } from "@ashlar/runtime";
import type { CommandExecutor, ScsiCommand, ScsiResult } from "./command.ts";
import {
  type FullStatus,
  parseCapabilities,
  parseFullStatus,
  parseKeys,
  parseReservation,
  type RegisteredKeys,
  type ReservationState,
  type ReserveCapabilities,
  type ReserveInAction,
  type ReserveOut,
  type ReserveOutAction,
  reserveInCdb,
  reserveOutCdb,
  reserveOutList,
} from "./persistent-reserve.ts";
import { SENSE_KEY, type Sense, STATUS, statusError } from "./sense.ts";

/** DsmMaximumStateTransitionTime. */
const RETRY_MAX_MS = 3_000;
const RETRY_PAUSE_MS = 50;
/** Of one command; MSDSM gives its registrations as long. */
const COMMAND_TIMEOUT_MS = 20_000;
/** 256 registrants with names of the greatest length. */
const ALLOCATION_LENGTH = 65_535;

/** Additional sense codes of unit attentions that are retried. */
const RETRIED_ATTENTIONS: ReadonlySet<number> = new Set([0x29, 0x2a, 0x3f]);
/** NOT READY, asymmetric access state transition. */
const IN_TRANSITION = { asc: 0x04, ascq: 0x0a } as const;

export const RESERVE_OUT_NAMES: Readonly<Record<ReserveOutAction, string>> = {
  register: "REGISTER",
  reserve: "RESERVE",
  release: "RELEASE",
  clear: "CLEAR",
  preempt: "PREEMPT",
  preemptAndAbort: "PREEMPT AND ABORT",
  registerAndIgnoreExistingKey: "REGISTER AND IGNORE EXISTING KEY",
  registerAndMove: "REGISTER AND MOVE",
};

export const RESERVE_IN_NAMES: Readonly<Record<ReserveInAction, string>> = {
  readKeys: "READ KEYS",
  readReservation: "READ RESERVATION",
  reportCapabilities: "REPORT CAPABILITIES",
  readFullStatus: "READ FULL STATUS",
};

/** Whether MSDSM sends a command for persistent reservations again on the same path. */
export function isRetriedByMsdsm({ key, asc, ascq }: Sense): boolean {
  if (key === SENSE_KEY.unitAttention) return RETRIED_ATTENTIONS.has(asc);
  return key === SENSE_KEY.notReady && asc === IN_TRANSITION.asc && ascq === IN_TRANSITION.ascq;
}

export interface PathReservationsOptions {
  readonly lun: number;
  readonly clock?: Clock;
}

/** Errors are SystemErrors: volume/reserved for RESERVATION CONFLICT, else as statusError says. */
export class PathReservations {
  private readonly executor: CommandExecutor;
  private readonly lun: number;
  private readonly clock: Clock;

  constructor(executor: CommandExecutor, { lun, clock = nodeClock }: PathReservationsOptions) {
    this.executor = executor;
    this.lun = lun;
    this.clock = clock;
  }

  async readKeys(): Promise<RegisteredKeys> {
    return parseKeys(await this.fetch("readKeys"));
  }

  async readReservation(): Promise<ReservationState> {
    return parseReservation(await this.fetch("readReservation"));
  }

  async reportCapabilities(): Promise<ReserveCapabilities> {
    return parseCapabilities(await this.fetch("reportCapabilities"));
  }

  async readFullStatus(): Promise<{
    readonly generation: number;
    readonly registrants: readonly FullStatus[];
  }> {
    return parseFullStatus(await this.fetch("readFullStatus"));
  }

  /** Any service action of PERSISTENT RESERVE OUT. */
  async out(request: ReserveOut): Promise<void> {
    const list = reserveOutList(request);
    const cdb = reserveOutCdb(request, list.length);
    await this.good(RESERVE_OUT_NAMES[request.action], { cdb, dataOut: [list] });
  }

  private async fetch(action: ReserveInAction): Promise<Buffer> {
    const cdb = reserveInCdb(action, ALLOCATION_LENGTH);
    const command = { cdb, dataInLength: ALLOCATION_LENGTH };
    const { dataIn } = await this.good(RESERVE_IN_NAMES[action], command);
    return Buffer.concat(dataIn);
  }

  private async good(
    what: string,
    command: Omit<ScsiCommand, "lun" | "timeoutMs">,
  ): Promise<ScsiResult> {
    const { lun, clock } = this;
    const deadlineMs = clock.nowMs() + RETRY_MAX_MS;
    for (;;) {
      const whole = { ...command, lun, timeoutMs: COMMAND_TIMEOUT_MS };
      const result = await this.executor.execute(whole);
      if (result.status === STATUS.good) return result;
      const { sense } = result;
      const again = sense !== undefined && isRetriedByMsdsm(sense) && clock.nowMs() < deadlineMs;
      if (!again) throw statusError(what, result.status, sense);
      // What is told once is gone with the answer; only a transition takes its time.
      if (sense.key === SENSE_KEY.notReady) {
        await sleep(clock, RETRY_PAUSE_MS, { signal: new AbortController().signal });
      }
    }
  }
}
