// How long an admin call rides out a group without a leader, and what it says when that took too long:
// whoever reads it must see which members to look after.
import { type ErrorCode, SystemError } from "@ashlar/core";
import type { Clock } from "@ashlar/runtime";

/** An election takes a second or three; a restart of a member on a busy machine a few more. */
const PATIENCE_MS = 10_000;
/** Where nobody at all answers there is no election to wait for, at most a restart. */
const NOBODY_PATIENCE_MS = 5_000;
/** Less, and a member that is merely busy would pass for one that is not there. */
const LAST_ATTEMPT_MS = 1_000;
const SECOND_MS = 1_000;

/** Refusals of a member that is there. */
const ANSWERED: ReadonlySet<ErrorCode> = new Set(["raft/not-leader", "cluster/unavailable"]);

export const isAnswer = (code: ErrorCode): boolean => ANSWERED.has(code);

interface PatienceOptions {
  /** host:port of the group's members, as far as they are known by now. */
  readonly members: () => readonly string[];
  /** Milliseconds without being served; PATIENCE_MS if absent. */
  readonly patienceMs?: number | undefined;
}

/** Of one call. */
export class AdminPatience {
  private readonly clock: Clock;
  private readonly members: () => readonly string[];
  private readonly patienceMs: number;
  /** What each member said last. */
  private readonly lastWords = new Map<string, SystemError>();
  private servedAtMs: number;

  constructor(
    { clock }: { readonly clock: Clock },
    { members, patienceMs = PATIENCE_MS }: PatienceOptions,
  ) {
    this.clock = clock;
    this.members = members;
    this.patienceMs = patienceMs;
    this.servedAtMs = clock.nowMs();
  }

  /** How long an attempt may take that has `wantedMs`: the last one is no longer than it must be. */
  attemptMs(wantedMs: number): number {
    return Math.ceil(Math.max(Math.min(wantedMs, this.leftMs), LAST_ATTEMPT_MS));
  }

  /** The leader is at work on the call. */
  served(): void {
    this.servedAtMs = this.clock.nowMs();
  }

  /**
   * @throws SystemError cluster/unavailable when this failure was one too many; disk/no-space when the
   * group has no leader for want of disks that take a vote.
   */
  failed(address: string, error: SystemError): void {
    this.lastWords.set(address, error);
    if (this.leftMs <= 0) throw this.complaint(error);
  }

  private get leftMs(): number {
    const answered = [...this.lastWords.values()].some(({ code }) => isAnswer(code));
    const silent = this.lastWords.size > 0 && !answered;
    const patienceMs = silent ? Math.min(NOBODY_PATIENCE_MS, this.patienceMs) : this.patienceMs;
    return this.servedAtMs + patienceMs - this.clock.nowMs();
  }

  private complaint(cause: SystemError): SystemError {
    const members = this.members();
    const isThere = (address: string): boolean => {
      const word = this.lastWords.get(address);
      return word !== undefined && isAnswer(word.code);
    };
    const silent = members.filter((address) => !isThere(address));
    const majority = Math.floor(members.length / 2) + 1;
    const missing = majority - (members.length - silent.length);
    const hint = "start what has stopped; `ashlar cluster status` tells how each member sees it";
    const unavailable = (message: string, advice = hint): SystemError =>
      new SystemError("cluster/unavailable", message, { hint: advice, silent }, cause);
    if (![...this.lastWords.values()].some(({ code }) => isAnswer(code))) {
      return unavailable(
        `no metadata member answers at ${members.join(", ")}`,
        "check that the cluster runs and that the address is right",
      );
    }
    const full = members.filter((address) => saysFull(this.lastWords.get(address)));
    if (full.length > members.length - majority) return noSpace(full, members.length);
    if (silent.length === 0) {
      const seconds = Math.round(this.patienceMs / SECOND_MS);
      return unavailable(`the metadata members answer, but had no leader for ${seconds} s`);
    }
    const who = `${silent.length} of ${members.length} metadata members`;
    const absent = `${who} ${silent.length === 1 ? "does" : "do"} not answer`;
    if (missing <= 0) return unavailable(`${absent}, and the others have no leader: changes wait`);
    const returning = missing === 1 ? "one returns" : `${missing} return`;
    return unavailable(`${absent}: changes wait until ${returning}`);
  }
}

function saysFull(word: SystemError | undefined): boolean {
  const { diskFull } = word?.meta ?? {};
  return diskFull === true;
}

const noSpace = (full: readonly string[], count: number): SystemError =>
  new SystemError(
    "disk/no-space",
    `${full.length} of ${count} metadata members have no room for their log: changes wait`,
    { hint: `free space on the disks of the metadata folders of ${full.join(", ")}` },
  );
