// What disks and nodes do to a pair, one thing on top of another: no member that misses something is read, and none
// that fails keeps the other one from being used.
import { EXTENT_SIZE, SystemError } from "@ashlar/core";
import { patternedBytes, writeEntry } from "@ashlar/replica/testing";
import { type Disk, silentLog } from "@ashlar/runtime";
import { describe, expect, it, test } from "vitest";
import type { DiskChunkStore } from "./disk-chunk-store.ts";
import { JOURNAL_START, LABEL_END, LABEL_START } from "./format.ts";
import { readLabel } from "./mirror-label.ts";
import { createStore } from "./open.ts";
import { readSuperblock } from "./superblock.ts";
import {
  BLOCK_BYTES,
  expectBlock,
  MEMBERS,
  MIRROR_PATH,
  MirrorPair,
  refusal,
  turns,
  writeBlock,
} from "./testing/mirror-pair.ts";
import { A, OPTIONS, PATH, SIZES, UUID } from "./testing/small-store.ts";

const failed = new SystemError("disk/failed", "input/output error");

const other = (path: string): string => (path === PATH ? MIRROR_PATH : PATH);

async function eventsOf(pair: MirrorPair, path: string): Promise<number | undefined> {
  const label = await readLabel(await pair.disk.open(path, { mode: "open" }));
  return label?.events;
}

/** Opened with one member away, and the process dies when it has labelled the other one. */
async function dieAtOpening(pair: MirrorPair, away: string): Promise<void> {
  const before = await eventsOf(pair, other(away));
  pair.fail(away, "read");
  const { witness } = pair;
  const record = witness.record.bind(witness);
  let dies = false;
  witness.record = async (store, events) => {
    dies ||= (await eventsOf(pair, other(away))) !== before;
    if (dies) throw failed;
    await record(store, events);
  };
  expect(await refusal(pair.open())).toBe("disk/failed");
  witness.record = record;
}

test.each([1, 2, 3])(
  "P19: what %i openings that failed left in a label is no reason to be read",
  async (times) => {
    const { pair, store } = await MirrorPair.whole();
    await store.close();
    for (let left = times; left > 0; left -= 1) await dieAtOpening(pair, PATH);
    await pair.outlive(1);
  },
);

test("P19: what is in the page cache only, after a failed sync, is written again by the copying", async () => {
  const pair = await MirrorPair.stale("datasync");
  // Only the process ends: what it wrote can be read, and will never reach the disk.
  pair.disk.endProcess();
  const copying = await pair.open();
  await pair.untilWhole(copying);
  pair.disk.powerCut();
  pair.fail(PATH, "read");
  await expectBlock(await pair.open(), 1);
});

test.each(MEMBERS)(
  "P19: %s that can be read and not written keeps no store from being opened",
  async (failing) => {
    const { pair, store } = await MirrorPair.whole();
    await writeBlock(store, 1);
    await store.close();
    // As a disk that went read-only: first while both are current, then when it is known to be behind.
    pair.fail(failing, "write", "datasync");
    for (const seq of [2, 3]) {
      const alone = await pair.open();
      await writeBlock(alone, seq);
      await expectBlock(alone, 1);
      expect(alone.mirrorStatus?.state).toBe("alone");
      await alone.close();
    }
    pair.heal();
    const both = await pair.open();
    await pair.untilWhole(both);
    for (const seq of [1, 2, 3]) await expectBlock(both, seq);
  },
);

test("a mirror that cannot be made, or does not tell its space, costs the store nothing", async () => {
  const pair = new MirrorPair();
  await createStore(pair.disk, { ...OPTIONS, ...SIZES, storeUuid: UUID }, { log: silentLog });
  const odd: Disk = Object.assign(Object.create(pair.disk), {
    open: async (...args: Parameters<Disk["open"]>) => {
      if (args[0] === MIRROR_PATH) throw failed;
      return pair.disk.open(...args);
    },
  });
  const alone = await pair.open({}, odd);
  await writeBlock(alone, 1);
  await alone.close();
  const mute: Disk = Object.assign(Object.create(pair.disk), {
    freeBytes: async (path: string) => {
      if (path === MIRROR_PATH) throw failed;
      return pair.disk.freeBytes();
    },
  });
  // It was a pair by now, whose other disk may not be there: an operator says that it is.
  await (await pair.disk.open(MIRROR_PATH, { mode: "create" })).close();
  const whole = await pair.open({}, mute);
  await pair.untilWhole(whole);
  await expectBlock(whole, 1);
});

test("P19: without a catalogue, two that were members at different times are no pair", async () => {
  const { pair, store } = await MirrorPair.whole();
  await store.close();
  // The mirror is taken away, another one takes its place, fails, and the first one dies.
  const former = Buffer.from(pair.disk.contentOf(MIRROR_PATH));
  await pair.disk.remove(MIRROR_PATH);
  await (await pair.disk.open(MIRROR_PATH, { mode: "create" })).close();
  const again = await pair.open();
  await pair.untilWhole(again);
  const latter = Buffer.from(pair.disk.contentOf(MIRROR_PATH));
  pair.fail(MIRROR_PATH, "write");
  await writeBlock(again, 1);
  await again.close();
  pair.heal();
  const first = Buffer.from(pair.disk.contentOf(PATH));
  const put = async (path: string, content: Buffer): Promise<void> => {
    await pair.disk.remove(path);
    const file = await pair.disk.open(path, { mode: "create" });
    await file.write(0, [content]);
    await file.datasync();
  };
  await put(PATH, former);
  await put(MIRROR_PATH, latter);
  pair.witness.events = undefined;
  expect(await refusal(pair.open())).toBe("disk/foreign");
  // Its own partner is one, although it misses something.
  await put(PATH, first);
  const both = await pair.open();
  await expectBlock(both, 1);
});

/** Of what this member holds of its journal the first of two batches is damaged. */
async function withDamage(path: string): Promise<MirrorPair> {
  const { pair, store } = await MirrorPair.whole();
  await writeBlock(store, 1);
  await writeBlock(store, 2);
  pair.disk.powerCut();
  const at = pair.disk.contentOf(path).indexOf(patternedBytes(64, 1), JOURNAL_START);
  expect(at).toBeGreaterThan(0);
  pair.disk.corrupt(path, at, Buffer.of(0xee, 0xdd));
  return pair;
}

async function expectBothBlocks(store: DiskChunkStore): Promise<void> {
  store.commit(A, store.status(A).tail);
  for (const seq of [1, 2]) await expectBlock(store, seq);
}

test.each(MEMBERS)(
  "%s whose journal is damaged is copied to, and the other one counts",
  async (damaged) => {
    const pair = await withDamage(damaged);
    const both = await pair.open();
    expect([both.status(A).tail.seq, both.mirrorStatus?.state]).toEqual([2, "copying"]);
    await pair.untilWhole(both);
    await both.close();
    pair.fail(other(damaged), "read");
    const alone = await pair.open();
    await expectBothBlocks(alone);
  },
);

test.each(MEMBERS)(
  "%s that is damaged and the only one at a start costs the other one nothing",
  async (damaged) => {
    const pair = await withDamage(damaged);
    const before = Buffer.from(pair.disk.contentOf(other(damaged)));
    const { events } = pair.witness;
    for (let starts = 0; starts < 2; starts += 1) {
      pair.fail(other(damaged), "read");
      expect(await refusal(pair.open())).toBe("disk/corrupt");
    }
    expect(pair.witness.events).toEqual(events);
    expect(pair.disk.contentOf(other(damaged)).equals(before)).toBe(true);
    pair.heal();
    const both = await pair.open();
    await expectBothBlocks(both);
  },
);

test.each(MEMBERS)(
  "%s that fell back to an earlier superblock does not take the other one along",
  async (fallen) => {
    const { pair, store } = await MirrorPair.whole();
    await writeBlock(store, 1);
    await store.checkpoint();
    await writeBlock(store, 2);
    await store.checkpoint();
    pair.disk.powerCut();
    const file = await pair.disk.open(fallen, { mode: "open" });
    const newest = (await readSuperblock(file))?.sequence ?? 0;
    pair.disk.corrupt(fallen, (newest % 2) * 2 * BLOCK_BYTES, Buffer.alloc(2 * BLOCK_BYTES));
    const both = await pair.open();
    for (const seq of [1, 2]) await expectBlock(both, seq);
    await pair.untilWhole(both);
  },
);

test.each(MEMBERS)(
  "content that rotted on %s with the last batch is taken from the other one",
  async (rotten) => {
    const { pair, store } = await MirrorPair.whole();
    const data = patternedBytes(EXTENT_SIZE, 5);
    await store.append(A, writeEntry(A, { epoch: 1, seq: 1 }, 0, data));
    pair.disk.powerCut();
    const at = pair.disk.contentOf(rotten).lastIndexOf(data);
    expect(at).toBeGreaterThan(JOURNAL_START);
    pair.disk.corrupt(rotten, at + 9, Buffer.of(0xee, 0xdd, 0xcc));
    const both = await pair.open();
    expect(both.status(A).tail.seq).toBe(1);
  },
);

test("a file whose first label was torn is as good as empty", async () => {
  const pair = new MirrorPair();
  await createStore(pair.disk, { ...OPTIONS, ...SIZES, storeUuid: UUID }, { log: silentLog });
  const file = await pair.disk.open(MIRROR_PATH, { mode: "create" });
  await file.write(LABEL_START, [Buffer.alloc(512, 7)]);
  const store = await pair.open();
  await pair.untilWhole(store);
  expect(pair.disk.contentOf(MIRROR_PATH).length).toBeGreaterThan(LABEL_END);
});

test("what comes after the end of a store says nothing of its disks", async () => {
  const { pair, store } = await MirrorPair.whole();
  const { events } = pair.witness;
  const reading = store.read(A, 0, BLOCK_BYTES).catch(() => {});
  const closing = store.close();
  pair.fail(PATH, "read", "write", "datasync");
  await Promise.allSettled([reading, closing]);
  await turns();
  expect(pair.witness.events).toEqual(events);
});

test("a device that something else lies on is neither made a mirror nor a store", async () => {
  const { pair, store } = await MirrorPair.whole();
  await store.close();
  await pair.disk.remove(MIRROR_PATH);
  const device = await pair.disk.open("/device", { mode: "create" });
  // Where ext4 has its superblock.
  await device.write(1024, [Buffer.alloc(1024, 0x53)]);
  const before = Buffer.from(pair.disk.contentOf("/device"));
  const devices: Disk = Object.assign(Object.create(pair.disk), {
    open: async (...args: Parameters<Disk["open"]>) => {
      const file = await pair.disk.open(...args);
      return args[0] === "/device" ? { ...file, sizeBytes: async () => 0 } : file;
    },
  });
  expect(await refusal(pair.open({ mirrorPath: "/device" }, devices))).toBe("disk/foreign");
  const made = { ...OPTIONS, ...SIZES, storeUuid: UUID, path: "/device" };
  expect(await refusal(createStore(devices, made, { log: silentLog }))).toBe("disk/failed");
  expect(pair.disk.contentOf("/device").equals(before)).toBe(true);
});

describe.each([
  ["the one that is read", PATH],
  ["the other one", MIRROR_PATH],
])("P14: bits that rot on %s", (_, rotten) => {
  /** Where block 1 lies. */
  async function rot(pair: MirrorPair, path: string): Promise<void> {
    const content = pair.disk.contentOf(path);
    const at = content.lastIndexOf(patternedBytes(BLOCK_BYTES, 1));
    expect(at).toBeGreaterThan(JOURNAL_START + SIZES.journalBytes - 1);
    pair.disk.corrupt(path, at + 9, Buffer.of((content[at + 9] ?? 0) ^ 4));
  }

  async function applied(): Promise<{ pair: MirrorPair; store: DiskChunkStore }> {
    const { pair, store } = await MirrorPair.whole();
    await writeBlock(store, 1);
    await store.checkpoint();
    return { pair, store };
  }

  it("are read right, and found and repaired by a scrub", async () => {
    const { pair, store } = await applied();
    await rot(pair, rotten);
    await expectBlock(store, 1);
    await turns();
    // What was read was repaired by that.
    expect(await store.verify(A)).toEqual(rotten === PATH ? [] : [1]);
    await store.checkpoint();
    expect(await store.verify(A)).toEqual([]);
    for (const path of MEMBERS) {
      expect(pair.disk.contentOf(path).lastIndexOf(patternedBytes(BLOCK_BYTES, 1))).toBeGreaterThan(
        JOURNAL_START + SIZES.journalBytes - 1,
      );
    }
  });

  it("and on its partner as well, are told and never returned", async () => {
    const { pair, store } = await applied();
    for (const path of MEMBERS) await rot(pair, path);
    await expect(store.read(A, BLOCK_BYTES, BLOCK_BYTES)).rejects.toMatchObject({
      code: "chunk/bad-checksum",
    });
    expect(await store.verify(A)).toEqual([1]);
  });
});
