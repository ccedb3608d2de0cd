// What may be asked about stopping something, and the answer: as calls and messages have it.
import { HAZARD_KINDS, type Safety } from "@ashlar/catalog";
import { type DiskId, diskId, type NodeId, nodeId } from "@ashlar/core";
import { oneOf, safeNumber } from "./convert/scalars.ts";
import type { SafetyReply, SafetyReply__Output } from "./gen/ashlar/v1/SafetyReply.ts";
import type { SafetyRequest, SafetyRequest__Output } from "./gen/ashlar/v1/SafetyRequest.ts";

/** A storage node, a gateway or a metadata member by its name, or a disk of a node. */
export type SafetySubject =
  | { readonly kind: "node" | "gateway" | "member"; readonly id: NodeId }
  | { readonly kind: "disk"; readonly id: NodeId; readonly disk: DiskId };

export const SAFETY_SUBJECTS = ["node", "gateway", "member", "disk"] as const;

export interface SafetyAnswer extends Safety {
  /** Milliseconds until the copies are made that are waited for, as it went lately; null while nobody knows. */
  readonly etaMs: number | null;
}

export const toSubject = (subject: SafetySubject): SafetyRequest => ({
  kind: subject.kind,
  id: subject.id,
  disk: subject.kind === "disk" ? subject.disk : "",
});

export function fromSubject({ kind: text, id, disk }: SafetyRequest__Output): SafetySubject {
  const kind = oneOf(SAFETY_SUBJECTS, text);
  return kind === "disk" ? { kind, id: nodeId(id), disk: diskId(disk) } : { kind, id: nodeId(id) };
}

export const toSafety = ({ hazards, copies, bytes, etaMs }: SafetyAnswer): SafetyReply => ({
  hazards: hazards.map((hazard) => ({ ...hazard })),
  copies,
  bytes,
  etaKnown: etaMs !== null,
  etaMs: etaMs ?? 0,
});

export const fromSafety = (reply: SafetyReply__Output): SafetyAnswer => ({
  hazards: reply.hazards.map(({ kind, volume, host, chunks }) => ({
    kind: oneOf(HAZARD_KINDS, kind),
    volume,
    host,
    chunks: safeNumber(chunks),
  })),
  copies: safeNumber(reply.copies),
  bytes: safeNumber(reply.bytes),
  etaMs: reply.etaKnown ? safeNumber(reply.etaMs) : null,
});
