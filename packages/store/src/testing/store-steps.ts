// What random histories of a store are made of: what a replica does to three chunks, and what its
// process does between, checkpoints, closing and crashes.
import { CHECKSUM_UNIT, type ChunkId, chunkId, EXTENT_SIZE, familyId, MIB } from "@ashlar/core";
import fc from "fast-check";

export const CHUNK_SIZE: number = MIB;
export const CHUNKS = 3;
const UNITS = CHUNK_SIZE / CHECKSUM_UNIT;

interface Range {
  readonly offset: number;
  readonly length: number;
}

interface OfChunk {
  readonly chunk: ChunkId;
}

/** One type for each kind, so that they can be told apart. */
type Of<K extends string, T = object> = K extends string ? { readonly kind: K } & T : never;

export type Step =
  | Of<"write" | "unmap", OfChunk & { readonly range: Range }>
  /** Up to the last entry but so many. */
  | Of<"commit" | "truncate", OfChunk & { readonly back: number }>
  | Of<"promise" | "remove", OfChunk>
  | Of<"resync", OfChunk & { readonly extent: number; readonly mapped: boolean }>
  | Of<"settle" | "reopen">
  | Of<"checkpoint", { readonly wait: boolean }>
  /** After so many turns of the loop. */
  | Of<"crash", { readonly turns: number }>
  | Of<
      "storm",
      OfChunk & {
        readonly before: readonly Range[];
        readonly back: number;
        readonly after: readonly Range[];
        readonly truncated: boolean;
        readonly turns: number;
      }
    >;

const chunkArbitrary = fc.nat(CHUNKS - 1).map((index) => chunkId(familyId(1), index));
const rangeArbitrary = fc
  .record({
    // Half of it in two extents, so that writes meet.
    first: fc.oneof(fc.nat(31), fc.nat(UNITS - 1)),
    units: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: UNITS })),
  })
  .map(({ first, units }) => ({
    offset: first * CHECKSUM_UNIT,
    length: Math.min(units, UNITS - first) * CHECKSUM_UNIT,
  }));

export const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      chunk: chunkArbitrary,
      range: rangeArbitrary,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("unmap" as const),
      chunk: chunkArbitrary,
      range: rangeArbitrary,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("commit" as const),
      chunk: chunkArbitrary,
      back: fc.nat(2),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("truncate" as const),
      chunk: chunkArbitrary,
      back: fc.nat(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("promise" as const), chunk: chunkArbitrary }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("resync" as const),
      chunk: chunkArbitrary,
      extent: fc.nat(CHUNK_SIZE / EXTENT_SIZE - 1),
      mapped: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("remove" as const), chunk: chunkArbitrary }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("settle" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("checkpoint" as const), wait: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), turns: fc.nat(30) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("storm" as const),
      chunk: chunkArbitrary,
      before: fc.array(rangeArbitrary, { minLength: 1, maxLength: 5 }),
      back: fc.nat(2),
      after: fc.array(rangeArbitrary, { maxLength: 3 }),
      truncated: fc.boolean(),
      turns: fc.nat(40),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const) }) },
);
