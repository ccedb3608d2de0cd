// Structures that are whole by their checksums and make no sense: a store that meets them opens, or says
// that it is damaged or not ours; it never dies of them and never goes round in circles.
import { crc32c, hasCode, KIB, MIB, toSystemError } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import { patternedBytes, unmapEntry, writeEntry } from "@ashlar/replica/testing";
import { silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { storeSeed } from "./format.ts";
import { createStore, openStore } from "./open.ts";
import { A, B, OPTIONS, PATH, SIZES, UUID } from "./testing/small-store.ts";

const SEED = storeSeed(UUID);
const BLOCK = 4 * KIB;
/** A soak is due after a change of a decoder. */
const RUNS = soaked(30);
const REFUSALS = ["disk/corrupt", "disk/foreign", "argument/invalid"] as const;

/** One of everything: two checkpoints, windows, entries that are not committed, removed and unmapped content. */
async function imageOfStore(): Promise<Buffer> {
  const disk = new MemoryDisk();
  await createStore(disk, { ...OPTIONS, ...SIZES, storeUuid: UUID }, { log: silentLog });
  const store = await openStore(disk, OPTIONS, { log: silentLog, clock: new ManualClock() });
  for (let seq = 1; seq <= 20; seq += 1) {
    const lsn = { epoch: 1, seq };
    const bytes = patternedBytes(seq % 5 === 0 ? 128 * KIB : BLOCK, seq);
    const entry =
      seq % 7 === 0 ? unmapEntry(lsn, 0, BLOCK) : writeEntry(A, lsn, seq * BLOCK, bytes);
    await store.append(A, entry);
    await store.append(B, writeEntry(B, lsn, 0, bytes));
    if (seq < 16) for (const chunk of [A, B]) store.commit(chunk, lsn);
    if (seq % 8 === 0) await store.checkpoint();
  }
  await store.promise(A, 3);
  await store.truncate(B, { epoch: 1, seq: 18 });
  await store.beginResync(B, { epoch: 1, seq: 15 });
  // As a process that was killed leaves it: nothing is closed.
  return Buffer.from(disk.contentOf(PATH));
}

type Seal = (image: Buffer, at: number) => void;

const sealed = (bytes: Buffer, seed: number): number => {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(0, 8);
  return crc32c(copy, seed);
};

const SEALS = {
  ALSB: (image: Buffer, at: number) => {
    image.writeUInt32LE(sealed(image.subarray(at, at + BLOCK), 0), at + 8);
  },
  ALBA: (image: Buffer, at: number) => {
    const length = Math.min(Math.max(BLOCK, image.readUInt32LE(at + 32)), MIB);
    image.writeUInt32LE(crc32c(image.subarray(at + 64, at + length), SEED), at + 12);
    image.writeUInt32LE(sealed(image.subarray(at, at + 64), SEED), at + 8);
  },
  ALPG: (image: Buffer, at: number) => {
    const before = Buffer.from(image.subarray(at + 8, at + 12));
    image.writeUInt32LE(sealed(image.subarray(at, at + BLOCK), SEED), at + 8);
    // The directory names it.
    for (const directory of placesOf(image, "ALDI")) {
      const named = image.subarray(directory, directory + BLOCK).indexOf(before, 32);
      if (named > 0) image.copy(image, directory + named, at + 8, at + 12);
      SEALS.ALDI(image, directory);
    }
  },
  ALDI: (image: Buffer, at: number) => {
    const length = Math.min(image.readUInt32LE(at + 16), 64 * KIB - 32);
    image.writeUInt32LE(sealed(image.subarray(at, at + 32 + length), SEED), at + 8);
  },
} satisfies Readonly<Record<string, Seal>>;

function placesOf(image: Buffer, magic: string): number[] {
  const places: number[] = [];
  for (let at = 0; at < image.length; at += BLOCK) {
    if (image.toString("latin1", at, at + 4) === magic) places.push(at);
  }
  return places;
}

let image: Buffer;
beforeAll(async () => {
  image = await imageOfStore();
});

async function outcomeOf(content: Buffer): Promise<string> {
  const disk = new MemoryDisk();
  const file = await disk.open(PATH, { mode: "create" });
  await file.write(0, [content]);
  await file.datasync();
  try {
    const store = await openStore(disk, OPTIONS, { log: silentLog, clock: new ManualClock() });
    for (const { chunk } of store.chunks()) await store.verify(chunk);
    await store.close();
    return "opened";
  } catch (thrown) {
    if (REFUSALS.some((code) => hasCode(thrown, code))) return toSystemError(thrown).code;
    throw thrown;
  }
}

/** Where in a structure, and what comes there: small numbers and large ones break other things. */
const change = fc.record({
  place: fc.nat(),
  at: fc.oneof(fc.nat(127), fc.nat(BLOCK - 1)),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc.constantFrom(new Uint8Array(4), new Uint8Array(4).fill(255), Uint8Array.of(0, 0, 0, 128)),
  ),
});

test("the image holds all four structures, and opens as it is", async () => {
  for (const magic of Object.keys(SEALS))
    expect(placesOf(image, magic).length, magic).toBeGreaterThan(0);
  expect(await outcomeOf(image)).toBe("opened");
});

test.each(Object.entries(SEALS))(
  "%s: whole and senseless, it is refused or harmless",
  async (magic, seal) => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const content = Buffer.from(image);
        const places = placesOf(image, magic);
        for (const { place, at, bytes } of changes) {
          const start = places[place % places.length] ?? 0;
          content.set(bytes, start + at);
          if (content.toString("latin1", start, start + 4) === magic) seal(content, start);
        }
        const outcome = await outcomeOf(content);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      { numRuns: RUNS },
    );
    expect([...outcomes.keys()].length).toBeGreaterThan(0);
  },
  soaked(600_000),
);
