// Changes of the membership as they stand in log entries: the two forms, and their bytes.
//
// Layout: version u8, transition u8, count u16, then per change kind u8 and member id f64 (a safe
// integer). The entry's kind says whether it is of the first form (`config`, exactly one change, no
// joint membership) or of the second (`config-v2`).
import { assert, SystemError } from "@ashlar/core";
import type { EntryKind, MemberId, ProposedEntry } from "./types.ts";

const CHANGE_KINDS = ["add-voter", "remove", "update", "add-learner"] as const;
const TRANSITIONS = ["auto", "joint-implicit", "joint-explicit"] as const;

export interface MemberChange {
  readonly kind: (typeof CHANGE_KINDS)[number];
  readonly id: MemberId;
}

/**
 * `auto` goes through a joint membership only when more than one change asks for it, and leaves it by
 * itself; `joint-implicit` always enters one and leaves it by itself; `joint-explicit` stays in it
 * until an empty change is proposed.
 */
export type Transition = (typeof TRANSITIONS)[number];

export interface MembershipChange {
  readonly transition: Transition;
  /** Empty: leave the joint membership. */
  readonly changes: readonly MemberChange[];
}

export const LEAVE_JOINT: MembershipChange = { transition: "auto", changes: [] };

const CODEC_VERSION = 1;
const HEAD_BYTES = 4;
const CHANGE_BYTES = 9;
/** More changes at once than any group has members: a longer list is a broken one. */
const CHANGES_MAX = 1024;

export type MembershipStep = "simple" | "leave-joint" | "enter-joint" | "enter-joint-auto-leave";

/** Which of the membership's operations a change asks for (thesis 4.3). */
export function stepOf({ transition, changes }: MembershipChange): MembershipStep {
  if (transition === "auto") {
    if (changes.length === 0) return "leave-joint";
    return changes.length === 1 ? "simple" : "enter-joint-auto-leave";
  }
  return transition === "joint-explicit" ? "enter-joint" : "enter-joint-auto-leave";
}

export function encodeChange(
  change: MembershipChange,
  kind: Exclude<EntryKind, "normal"> = "config-v2",
): ProposedEntry {
  const { transition, changes } = change;
  assert(kind === "config-v2" || changes.length === 1, "the first form holds one change");
  assert(changes.length <= CHANGES_MAX, "changes at once");
  const data = new Uint8Array(HEAD_BYTES + changes.length * CHANGE_BYTES);
  const view = new DataView(data.buffer);
  view.setUint8(0, CODEC_VERSION);
  view.setUint8(1, TRANSITIONS.indexOf(transition));
  view.setUint16(2, changes.length);
  for (const [at, { kind: change, id }] of changes.entries()) {
    view.setUint8(HEAD_BYTES + at * CHANGE_BYTES, CHANGE_KINDS.indexOf(change));
    view.setFloat64(HEAD_BYTES + at * CHANGE_BYTES + 1, id);
  }
  return { kind, data };
}

/** @throws SystemError rpc/bad-frame for bytes that {@link encodeChange} never wrote */
export function decodeChange(data: Uint8Array): MembershipChange {
  const bad = (): SystemError => new SystemError("rpc/bad-frame", "not a membership change");
  if (data.length < HEAD_BYTES) throw bad();
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const transition = TRANSITIONS[view.getUint8(1)];
  const count = view.getUint16(2);
  if (view.getUint8(0) !== CODEC_VERSION || transition === undefined) throw bad();
  if (count > CHANGES_MAX || data.length !== HEAD_BYTES + count * CHANGE_BYTES) throw bad();
  const changes: MemberChange[] = [];
  for (let at = 0; at < count; at += 1) {
    const kind = CHANGE_KINDS[view.getUint8(HEAD_BYTES + at * CHANGE_BYTES)];
    const id = view.getFloat64(HEAD_BYTES + at * CHANGE_BYTES + 1);
    if (kind === undefined || !Number.isSafeInteger(id) || id < 0) throw bad();
    changes.push({ kind, id });
  }
  return { transition, changes };
}
