// What a member is told at its start, with limits and their reasons.
import { assert } from "@ashlar/core";
import type { InflightLimits } from "./inflights.ts";
import type { RaftStorage } from "./storage.ts";
import { type Index, type MemberId, NONE } from "./types.ts";

export interface RaftConfig {
  readonly id: MemberId;
  readonly storage: RaftStorage;
  /** A random whole number from 0 up to and without `bound`: spreads elections (Raft 5.2). */
  readonly random: (bound: number) => number;
  /** Ticks without a leader before an election; really this up to twice this. */
  readonly electionTicks: number;
  /** Ticks between a leader's heartbeats; several must fit into an election timeout. */
  readonly heartbeatTicks: number;
  /** What the state machine holds already after a restart: nothing up to here is applied again. */
  readonly applied?: Index;
  /** Bytes of entries in one append: one network write's worth, so that heartbeats get between. */
  readonly messageBytesMax?: number;
  /** Bytes of committed entries handed out and not yet applied: bounds the host's memory. */
  readonly committedBytesMax?: number;
  /** Bytes of proposals that are not yet applied; beyond, proposals are refused, not queued. */
  readonly uncommittedBytesMax?: number;
  readonly inflight?: InflightLimits;
  /** A leader that does not hear of a quorum steps down, and voters trust one they hear (6.2, 9.6). */
  readonly checkQuorum?: boolean;
  /** Asks whether it could win before it raises the term (thesis 9.6). */
  readonly preVote?: boolean;
  /**
   * `lease` answers reads without a round of heartbeats, which is safe only while no clock runs
   * faster than another by more than the election timeout allows; needs checkQuorum.
   */
  readonly reads?: "quorum" | "lease";
  /** A leader that leaves the membership becomes a follower instead of leading from outside. */
  readonly stepDownOnRemoval?: boolean;
  /** Takes membership changes into the log that the applied membership would not allow. */
  readonly changesUnchecked?: boolean;
  /** Writes go through storage-append and storage-apply messages; `advance` is not called. */
  readonly asyncStorage?: boolean;
}

export type CheckedConfig = Required<RaftConfig>;

const MIB = 2 ** 20;
const DEFAULTS = {
  applied: 0,
  messageBytesMax: MIB,
  committedBytesMax: 16 * MIB,
  uncommittedBytesMax: 64 * MIB,
  // A few round trips' worth of appends; beyond, a slow peer only fills buffers.
  inflight: { messagesMax: 256, bytesMax: 16 * MIB },
  checkQuorum: true,
  preVote: true,
  reads: "quorum",
  stepDownOnRemoval: true,
  changesUnchecked: false,
  asyncStorage: false,
} as const;

export function checkConfig(config: RaftConfig): CheckedConfig {
  const checked: CheckedConfig = { ...DEFAULTS, ...config };
  const { id, electionTicks, heartbeatTicks, inflight, reads, checkQuorum } = checked;
  assert(Number.isSafeInteger(id) && id > NONE, "a member id is a positive safe integer");
  assert(heartbeatTicks > 0, "heartbeats have a pause");
  assert(electionTicks > heartbeatTicks, "an election timeout holds heartbeats");
  assert(inflight.messagesMax > 0 && inflight.bytesMax > 0, "something may be in flight");
  assert(reads !== "lease" || checkQuorum, "a lease is kept by the quorum check");
  return checked;
}
