// The operations of a search: whole units, so that one number tells who wrote what is there.
import { CHECKSUM_UNIT, unitChecksums } from "@ashlar/core";
import type { Operation } from "../../operations.ts";
import { CHUNK } from "../scripted-chunk.ts";
import type { Mutation } from "./scope.ts";

const GATEWAY = 9;

/** What an operation leaves in the unit: its number, or zeros. */
export const leftBy = (mutations: readonly Mutation[], at: number): number =>
  mutations[at] === "write" ? at + 1 : 0;

const payloads = new Map<number, Buffer>();

function payloadOf(value: number): Buffer {
  const known = payloads.get(value);
  if (known !== undefined) return known;
  const made = Buffer.alloc(CHECKSUM_UNIT, value);
  payloads.set(value, made);
  return made;
}

export function operationOf(kind: Mutation | "read", at: number, epoch: number): Operation {
  const head = {
    chunk: CHUNK,
    layer: 0,
    epoch,
    opId: { incarnation: GATEWAY, seq: at + 1 },
    lowestUnresolvedSeq: 1,
    token: 0,
    generation: 1,
    offset: 0,
    length: CHECKSUM_UNIT,
  };
  if (kind !== "write") return { ...head, kind };
  const data = [payloadOf(at + 1)];
  return { ...head, kind, data, checksums: unitChecksums(CHUNK, 0, data) };
}
