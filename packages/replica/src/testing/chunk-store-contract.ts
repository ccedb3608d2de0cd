// What every ChunkStore must do; run by each implementation's test.
import {
  CHECKSUM_UNIT,
  CHUNK_SIZE_MIN,
  type ChunkId,
  chunkId,
  EXTENT_SIZE,
  familyId,
  LSN_ZERO,
  type Lsn,
  MIB,
  type SystemError,
  scatterJoin,
  UNITS_PER_EXTENT,
  unitChecksums,
} from "@ashlar/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ChunkStore, damagedUnitsOf } from "../chunk-store.ts";
import type { LogEntry } from "../log-entry.ts";
import type { OperationWindow } from "../operation-windows.ts";
import { lowestOf, patternedBytes, unmapEntry, writeEntry } from "./store-entries.ts";

export interface ChunkStoreFixture {
  /** Empty, chunks of CHUNK_SIZE_MIN, room for 32 MiB at least. */
  readonly store: ChunkStore;
  /** Changes the bytes of a unit under the store's back: a unit of its own extent, applied by then. */
  readonly damage: (chunk: ChunkId, unit: number, content: Buffer) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

const A: ChunkId = chunkId(familyId(1), 0);
const B: ChunkId = chunkId(familyId(1), 1);
const lsn = (seq: number, epoch = 1): Lsn => ({ epoch, seq });

const noop = (at: Lsn): LogEntry => ({
  kind: "noop",
  lsn: at,
  opId: { incarnation: 1, seq: at.seq },
  lowestUnresolvedSeq: lowestOf(at),
  offset: 0,
  length: 0,
});

const windowOf = (lowestUnresolvedSeq: number, seqs: readonly number[]): OperationWindow => ({
  incarnation: 1,
  lowestUnresolvedSeq,
  seqs,
});

async function bytes(
  store: ChunkStore,
  chunk: ChunkId,
  at: number,
  length: number,
): Promise<Buffer> {
  const { data, checksums } = await store.read(chunk, at, length);
  expect(checksums).toEqual(unitChecksums(chunk, at, data));
  return Buffer.from(scatterJoin(data));
}

async function appended(store: ChunkStore, chunk: ChunkId, entry: LogEntry): Promise<void> {
  await store.append(chunk, entry);
  store.commit(chunk, entry.lsn);
}

export function chunkStoreContract(name: string, open: () => Promise<ChunkStoreFixture>): void {
  describe(`${name} keeps the ChunkStore contract`, () => {
    let fixture: ChunkStoreFixture;
    let store: ChunkStore;
    beforeEach(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterEach(() => fixture.dispose());

    test("P17: a chunk it never heard of is empty and reads zeros", async () => {
      expect(store.status(A)).toEqual({
        chunk: A,
        promisedEpoch: 0,
        tail: LSN_ZERO,
        commit: LSN_ZERO,
        resyncFrom: undefined,
      });
      expect(store.chunks()).toEqual([]);
      expect(await bytes(store, A, 512, 9 * CHECKSUM_UNIT)).toEqual(
        Buffer.alloc(9 * CHECKSUM_UNIT),
      );
      expect(store.extentsNewerThan(A, LSN_ZERO)).toEqual([]);
      expect(store.uncommitted(A)).toEqual([]);
      expect(store.windows(A)).toEqual([]);
    });

    test("P10: windows hold what is committed and not resolved, nothing that was truncated", async () => {
      for (let seq = 1; seq <= 6; seq += 1) await store.append(A, noop(lsn(seq)));
      expect(store.windows(A)).toEqual([]);
      store.commit(A, lsn(3));
      expect(store.windows(A)).toEqual([windowOf(1, [1, 2, 3])]);
      store.commit(A, lsn(5));
      expect(store.windows(A)).toEqual([windowOf(2, [2, 3, 4, 5])]);
      await store.truncate(A, lsn(5));
      await appended(store, A, { ...noop(lsn(6, 2)), opId: { incarnation: 4, seq: 9 } });
      expect(store.windows(A)).toEqual([
        windowOf(2, [2, 3, 4, 5]),
        { incarnation: 4, lowestUnresolvedSeq: 3, seqs: [9] },
      ]);
      store.forgetGateways((incarnation) => incarnation === 1);
      expect(store.windows(A)).toEqual([{ incarnation: 4, lowestUnresolvedSeq: 3, seqs: [9] }]);
      await store.remove(A);
      expect(store.windows(A)).toEqual([]);
    });

    test("an entry is invisible until it is committed", async () => {
      const data = patternedBytes(2 * CHECKSUM_UNIT, 1);
      await store.append(A, writeEntry(A, lsn(1), CHECKSUM_UNIT, data));
      expect(store.status(A)).toMatchObject({ tail: lsn(1), commit: LSN_ZERO });
      expect(await bytes(store, A, CHECKSUM_UNIT, data.length)).toEqual(Buffer.alloc(data.length));
      const [entry] = store.uncommitted(A);
      expect(entry?.kind === "write" && scatterJoin(entry.data).equals(data)).toBe(true);
      store.commit(A, lsn(1));
      expect(store.status(A)).toMatchObject({ tail: lsn(1), commit: lsn(1) });
      expect(await bytes(store, A, CHECKSUM_UNIT, data.length)).toEqual(data);
      expect(store.uncommitted(A)).toEqual([]);
    });

    test("writes of all shapes read back, also in parts of a unit", async () => {
      const image = Buffer.alloc(3 * MIB);
      let seq = 0;
      for (const [offset, length] of [
        [0, CHECKSUM_UNIT],
        [EXTENT_SIZE - CHECKSUM_UNIT, 2 * CHECKSUM_UNIT],
        [EXTENT_SIZE, EXTENT_SIZE],
        [2 * EXTENT_SIZE - CHECKSUM_UNIT, EXTENT_SIZE + 2 * CHECKSUM_UNIT],
        [CHECKSUM_UNIT, MIB],
        [MIB + 3 * CHECKSUM_UNIT, EXTENT_SIZE],
        [2 * MIB, MIB],
        [2 * MIB + 8 * CHECKSUM_UNIT, CHECKSUM_UNIT],
      ] as const) {
        seq += 1;
        const data = patternedBytes(length, seq);
        data.copy(image, offset);
        await appended(store, A, writeEntry(A, lsn(seq), offset, data));
      }
      for (const [offset, length] of [
        [0, 3 * MIB],
        [512, 512],
        [EXTENT_SIZE - 512, 1024],
        [MIB - 3584, MIB],
      ] as const) {
        const read = await bytes(store, A, offset, length);
        expect(read.equals(image.subarray(offset, offset + length))).toBe(true);
      }
      expect(await store.verify(A)).toEqual([]);
    });

    test("appends made together are in order and all durable", async () => {
      const calls = Array.from({ length: 40 }, (_, index) =>
        store.append(A, writeEntry(A, lsn(index + 1), 0, patternedBytes(CHECKSUM_UNIT, index))),
      );
      await Promise.all(calls);
      expect(store.uncommitted(A).map((entry) => entry.lsn.seq)).toEqual(
        Array.from({ length: 40 }, (_, index) => index + 1),
      );
      store.commit(A, lsn(39));
      expect(await bytes(store, A, 0, CHECKSUM_UNIT)).toEqual(patternedBytes(CHECKSUM_UNIT, 38));
      expect(store.uncommitted(A)).toHaveLength(1);
    });

    test("a promise is kept per chunk and lies behind earlier appends", async () => {
      const append = store.append(A, noop(lsn(1)));
      await store.promise(A, 3);
      expect(store.status(A)).toMatchObject({ promisedEpoch: 3, tail: lsn(1) });
      expect(store.status(B).promisedEpoch).toBe(0);
      await append;
    });

    test("truncate drops uncommitted entries and the log goes on", async () => {
      for (let seq = 1; seq <= 4; seq += 1) {
        await store.append(A, writeEntry(A, lsn(seq), 0, patternedBytes(MIB, seq)));
      }
      store.commit(A, lsn(1));
      await store.truncate(A, lsn(2));
      expect(store.status(A)).toMatchObject({ tail: lsn(2), commit: lsn(1) });
      await store.truncate(A, lsn(2));
      await appended(store, A, writeEntry(A, lsn(3, 2), 0, patternedBytes(CHECKSUM_UNIT, 9)));
      expect(store.status(A)).toMatchObject({ tail: lsn(3, 2), commit: lsn(3, 2) });
      const read = await bytes(store, A, 0, MIB);
      const expected = patternedBytes(MIB, 2);
      patternedBytes(CHECKSUM_UNIT, 9).copy(expected);
      expect(read.equals(expected)).toBe(true);
    });

    test("unmapping reads zeros, frees whole extents and keeps their stamps", async () => {
      await appended(store, A, writeEntry(A, lsn(1), 0, patternedBytes(4 * EXTENT_SIZE, 1)));
      const used = store.space().freeBytes;
      const from = EXTENT_SIZE - CHECKSUM_UNIT;
      await appended(store, A, unmapEntry(lsn(2), from, EXTENT_SIZE + 2 * CHECKSUM_UNIT));
      const expected = patternedBytes(4 * EXTENT_SIZE, 1).fill(
        0,
        from,
        from + EXTENT_SIZE + 2 * CHECKSUM_UNIT,
      );
      expect((await bytes(store, A, 0, 4 * EXTENT_SIZE)).equals(expected)).toBe(true);
      expect(store.extentsNewerThan(A, lsn(1))).toEqual([
        { extent: 0, lastLsn: lsn(2), mapped: true },
        { extent: 1, lastLsn: lsn(2), mapped: false },
        { extent: 2, lastLsn: lsn(2), mapped: true },
      ]);
      await store.append(A, noop(lsn(3)));
      await store.append(A, noop(lsn(4)));
      expect(store.space().freeBytes).toBeGreaterThan(used);
    });

    test("the digest is of the content: written zeros and unmapped are the same", async () => {
      const empty = await store.digest(A);
      expect(empty).toMatch(/^[0-9a-f]{16}$/);
      await appended(store, A, writeEntry(A, lsn(1), 0, Buffer.alloc(2 * EXTENT_SIZE)));
      expect(await store.digest(A)).toBe(empty);
      await appended(store, A, writeEntry(A, lsn(2), 0, patternedBytes(CHECKSUM_UNIT, 1)));
      const written = await store.digest(A);
      expect(written).not.toBe(empty);
      await appended(store, B, writeEntry(B, lsn(1), 0, patternedBytes(CHECKSUM_UNIT, 1)));
      expect(await store.digest(B), "checksums carry their place").not.toBe(written);
      await appended(store, A, unmapEntry(lsn(3), 0, CHUNK_SIZE_MIN));
      expect(await store.digest(A)).toBe(empty);
    });

    test("remove forgets everything and the chunk may begin anew", async () => {
      await store.promise(A, 2);
      await appended(store, A, writeEntry(A, lsn(1, 2), 0, patternedBytes(MIB, 1)));
      await store.append(A, writeEntry(A, lsn(2, 2), MIB, patternedBytes(CHECKSUM_UNIT, 1)));
      await store.remove(A);
      expect(store.chunks()).toEqual([]);
      expect((await bytes(store, A, 0, MIB)).equals(Buffer.alloc(MIB))).toBe(true);
      await store.promise(A, 1);
      await appended(store, A, writeEntry(A, lsn(1), 0, patternedBytes(CHECKSUM_UNIT, 3)));
      expect(await bytes(store, A, 0, CHECKSUM_UNIT)).toEqual(patternedBytes(CHECKSUM_UNIT, 3));
    });

    test("a learner takes copies, then the log from its base", async () => {
      await appended(store, A, writeEntry(A, lsn(1), 0, patternedBytes(CHECKSUM_UNIT, 1)));
      await store.append(A, writeEntry(A, lsn(2), 0, patternedBytes(CHECKSUM_UNIT, 2)));
      await store.beginResync(A, lsn(1));
      expect(store.status(A)).toMatchObject({ tail: lsn(1), commit: lsn(1), resyncFrom: lsn(1) });
      await store.setBase(A, lsn(7, 2), [windowOf(5, [5, 7])]);
      expect(store.status(A)).toMatchObject({ tail: lsn(7, 2), commit: lsn(7, 2) });
      const data = patternedBytes(EXTENT_SIZE, 5);
      await store.append(A, writeEntry(A, lsn(8, 2), 0, patternedBytes(CHECKSUM_UNIT, 8)));
      for (const [extent, content] of [
        [0, data],
        [3, data],
        [4, undefined],
      ] as const) {
        await store.applyCopy(A, {
          extent,
          lastLsn: lsn(6, 2),
          data: content && [content],
          checksums: content
            ? unitChecksums(A, extent * EXTENT_SIZE, [content])
            : new Uint32Array(0),
        });
      }
      expect((await bytes(store, A, 0, EXTENT_SIZE)).equals(data)).toBe(true);
      await store.endResync(A);
      expect(store.status(A)).toMatchObject({ tail: lsn(8, 2), resyncFrom: undefined });
      expect(store.windows(A)).toEqual([windowOf(5, [5, 7])]);
      store.commit(A, lsn(8, 2));
      expect(store.windows(A)).toEqual([windowOf(5, [5, 7, 8])]);
      patternedBytes(CHECKSUM_UNIT, 8).copy(data);
      const copy = await store.readExtent(A, 0);
      expect(copy.lastLsn).toEqual(lsn(8, 2));
      expect(scatterJoin(copy.data ?? []).equals(data)).toBe(true);
      expect(copy.checksums).toEqual(unitChecksums(A, 0, [data]));
      expect(await store.readExtent(A, 4)).toMatchObject({ lastLsn: lsn(6, 2), data: undefined });
      expect(store.extentsNewerThan(A, LSN_ZERO)).toEqual([
        { extent: 0, lastLsn: lsn(8, 2), mapped: true },
        { extent: 3, lastLsn: lsn(6, 2), mapped: true },
        { extent: 4, lastLsn: lsn(6, 2), mapped: false },
      ]);
    });

    test("an older base changes nothing", async () => {
      await store.append(A, noop(lsn(1)));
      await store.append(A, noop(lsn(2)));
      await store.setBase(A, lsn(1), [windowOf(1, [1])]);
      expect(store.status(A)).toMatchObject({ tail: lsn(2), commit: lsn(1) });
      await store.setBase(A, LSN_ZERO, []);
      expect(store.windows(A)).toEqual([windowOf(1, [1])]);
      expect(store.status(A)).toMatchObject({ tail: lsn(2), commit: lsn(1) });
    });

    test("P14: a damaged unit is not read until it has its bytes again", async () => {
      const content = patternedBytes(EXTENT_SIZE, 1);
      const unitOf = (at: number): Buffer =>
        content.subarray(at * CHECKSUM_UNIT, (at + 1) * CHECKSUM_UNIT);
      await appended(store, A, writeEntry(A, lsn(1), EXTENT_SIZE, content));
      const digest = await store.digest(A);
      const [first, second] = [UNITS_PER_EXTENT + 2, UNITS_PER_EXTENT + 5];
      await fixture.damage(A, first, unitOf(2));
      await fixture.damage(A, second, unitOf(5));
      const read = () => bytes(store, A, EXTENT_SIZE, EXTENT_SIZE);
      const damaged = async (): Promise<readonly number[]> => {
        for (const failing of [read(), store.readExtent(A, 1)]) {
          const error = await failing.then(
            () => undefined,
            (thrown: unknown) => thrown as SystemError,
          );
          expect(error).toMatchObject({ code: "chunk/bad-checksum" });
          expect(damagedUnitsOf(error as SystemError)).toEqual(await store.verify(A));
        }
        return store.verify(A);
      };
      expect(await damaged()).toEqual([first, second]);
      expect(await store.digest(A)).toBe(digest);
      // Other bytes than those the checksum tells, and units where nothing is wrong.
      await store.repairUnit(A, { unit: first, data: [unitOf(5)] });
      await store.repairUnit(A, { unit: 0, data: [unitOf(2)] });
      await store.repairUnit(B, { unit: first, data: [unitOf(2)] });
      expect(await damaged()).toEqual([first, second]);
      await store.repairUnit(A, {
        unit: first,
        data: [unitOf(2).subarray(0, 100), unitOf(2).subarray(100)],
      });
      expect(await damaged()).toEqual([second]);
      await appended(store, A, writeEntry(A, lsn(2), second * CHECKSUM_UNIT, unitOf(0)));
      // What is newer stays, whatever comes to repair what was before it.
      await store.repairUnit(A, { unit: second, data: [unitOf(5)] });
      unitOf(0).copy(content, 5 * CHECKSUM_UNIT);
      expect((await read()).equals(content)).toBe(true);
      expect(await store.verify(A)).toEqual([]);
      expect(store.extentsNewerThan(A, lsn(1))).toHaveLength(1);
      expect(store.status(A)).toMatchObject({ tail: lsn(2), commit: lsn(2) });
      expect((await bytes(store, A, 0, EXTENT_SIZE)).equals(Buffer.alloc(EXTENT_SIZE))).toBe(true);
    });

    test("P18: a full store refuses before it journals; reads and unmaps go on", async () => {
      let seq = 0;
      const fill = async (chunk: ChunkId): Promise<void> => {
        for (let offset = 0; offset < CHUNK_SIZE_MIN; offset += MIB) {
          const entry = writeEntry(chunk, lsn(seq + 1), offset, patternedBytes(MIB, seq));
          await store.append(chunk, entry);
          store.commit(chunk, entry.lsn);
          seq += 1;
        }
      };
      let full: ChunkId = A;
      const outcome = (async () => {
        for (let index = 0; index < 64; index += 1) {
          seq = 0;
          full = chunkId(familyId(2), index);
          await fill(full);
        }
      })();
      await expect(outcome).rejects.toMatchObject({ code: "disk/no-space" });
      expect(store.status(full).tail.seq).toBe(seq);
      // A caller that has not heard of the refusal yet sends the entry behind it.
      await expect(
        Promise.all([
          store.append(full, writeEntry(full, lsn(seq + 1), 0, patternedBytes(MIB, 1))),
          store.append(full, noop(lsn(seq + 2))),
        ]),
      ).rejects.toMatchObject({ code: "disk/no-space" });
      await expect(store.append(full, noop(lsn(seq + 2)))).rejects.toMatchObject({
        code: "disk/no-space",
      });
      const chunk = chunkId(familyId(2), 0);
      expect((await bytes(store, chunk, 0, MIB)).equals(patternedBytes(MIB, 0))).toBe(true);
      const { seq: last } = store.status(chunk).tail;
      await appended(store, chunk, unmapEntry(lsn(last + 1), 0, CHUNK_SIZE_MIN));
      await appended(store, full, writeEntry(full, lsn(seq + 1), 0, patternedBytes(MIB, 77)));
      expect((await bytes(store, full, 0, MIB)).equals(patternedBytes(MIB, 77))).toBe(true);
    });
  });
}
