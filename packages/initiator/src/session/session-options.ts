// What a session is opened with. Default timers are those of open-iscsi and QEMU: login 15 s, NOP every
// 5 s answered within 5 s, command 30 s, then ABORT TASK answered within 15 s, else the session is dropped.
import type { Authentication } from "@ashlar/iscsi";
import type { Clock, Random } from "@ashlar/runtime";
import type { PortalAddress } from "../url.ts";
import type { OfferedParameters } from "./parameters.ts";
import type { Dial } from "./wire.ts";

export interface SessionOptions {
  /** Absent: a discovery session. */
  readonly targetName?: string;
  readonly initiatorName: string;
  /** Twelve hexadecimal digits; one initiator name uses an ISID once per portal group. */
  readonly isid: string;
  readonly offer?: Partial<OfferedParameters>;
  /** CHAP: what this side proves, and what the target must prove then (mutual). */
  readonly authentication?: Authentication;
  /** Numbers of CHAP_A, best first: see CHAP_OFFER_DEFAULT. */
  readonly chapAlgorithms?: readonly number[];
  readonly loginTimeoutMs?: number;
  readonly commandTimeoutMs?: number;
  readonly abortTimeoutMs?: number;
  readonly nopIntervalMs?: number;
  readonly nopTimeoutMs?: number;
  /** Redirections followed during one login. */
  readonly redirectsMax?: number;
}

export interface SessionDependencies {
  readonly clock?: Clock;
  readonly dial?: Dial;
  readonly random?: Random;
}

/** SHA3-256, SHA-1, MD5. SHA-256 only when asked for: to old targets its number, 7, means SHA-1. */
export const CHAP_OFFER_DEFAULT: readonly number[] = [8, 6, 5];

export interface SessionPlace {
  readonly portal: PortalAddress;
  readonly home: PortalAddress;
}

export const TIMERS_DEFAULT = {
  loginTimeoutMs: 15_000,
  commandTimeoutMs: 30_000,
  abortTimeoutMs: 15_000,
  nopIntervalMs: 5_000,
  nopTimeoutMs: 5_000,
} as const;
export type Timers = { readonly [K in keyof typeof TIMERS_DEFAULT]: number };
