// One node of a simulated chunk, and one connection between two of them.
import { EXTENT_SIZE, hasCode, type NodeId, type SystemError } from "@ashlar/core";
import { damagedUnitsOf } from "../../chunk-store.ts";
import type { Answers, Question, ReplicaEvent } from "../../events.ts";
import type { MemberMessage, PrimaryMessage } from "../../messages.ts";
import type { Replica } from "../../replica.ts";
import type { SimMember } from "./sim-catalog.ts";
import { SIM_CHUNK_SIZE } from "./sim-clients.ts";
import type { SimStore } from "./sim-store.ts";

export interface SimNode {
  readonly member: SimMember;
  readonly store: SimStore;
  /** Undefined while the process is dead. */
  replica: Replica | undefined;
  incarnation: number;
  /** Version heard last; 0 after a restart. */
  heard: number;
  /** Changes of the catalog that its mirror has, as the catalog counts them; 0 after a restart. */
  heardIndex: number;
  questions: {
    readonly token: number;
    readonly question: Question;
    early: SimAnswer;
  }[];
  readonly grants: NodeId[];
  awake: boolean;
  /** Stopped: its events gather, and happen when it is resumed. */
  paused: boolean;
  stepping: boolean;
  readonly events: ReplicaEvent[];
}

export interface SimLink {
  readonly primary: SimNode;
  readonly member: SimNode;
  up: boolean;
  readonly toMember: PrimaryMessage[];
  readonly toPrimary: MemberMessage[];
}

/** What a question comes to. */
export type SimAnswer =
  | { readonly kind: "answered"; readonly answer: Answers[keyof Answers] }
  | {
      readonly kind: "failed";
      readonly failure: "badChecksum";
      readonly damaged: readonly number[];
    };

export function askStore(node: SimNode, question: Question): SimAnswer {
  try {
    return { kind: "answered", answer: answerOf(node, question) };
  } catch (thrown) {
    if (!hasCode(thrown, "chunk/bad-checksum")) throw thrown;
    const damaged = damagedUnitsOf(thrown as SystemError);
    return { kind: "failed", failure: "badChecksum", damaged };
  }
}

function answerOf({ store }: SimNode, question: Question): Answers[keyof Answers] {
  switch (question.kind) {
    case "read":
      return store.read(question.offset, question.length);
    case "readExtent":
      return store.readExtent(question.extent);
    case "listExtents":
      return store.extentsNewerThan(question.after);
    case "digest":
      return store.digest(SIM_CHUNK_SIZE / EXTENT_SIZE);
    case "verify":
      return store.damagedUnits;
  }
}

/** For the message of a run that failed. */
export function describeNode(node: SimNode): object {
  const { member, replica, store, heard, awake, questions } = node;
  const pending = store.pendingCount;
  const view = replica?.view;
  return { node: member.node, view, pending, heard, awake, questions: questions.length };
}

/** The windows on a node's disk, without those of the dead: the same on all members. */
export function windowsOf({ store }: SimNode, isDead: (incarnation: number) => boolean): string {
  return JSON.stringify(store.windows.filter(({ incarnation }) => !isDead(incarnation)));
}
