// Two members, one store: what is acknowledged when one of them fails, and that one which may miss something is never
// read, whoever is there when the store is opened.
import { SystemError, storeUuid } from "@ashlar/core";
import { type Disk, silentLog } from "@ashlar/runtime";
import { describe, expect, it, test } from "vitest";
import { LABEL_END, LABEL_START } from "./format.ts";
import { decodeLabel, readLabel } from "./mirror-label.ts";
import { createStore, openStore } from "./open.ts";
import { readSuperblock, writeSuperblock } from "./superblock.ts";
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

/** More than a store reads of itself at once, but its journal. */
const COPIED_BYTES_MIN = 128 * 1024;

async function labelOf(pair: MirrorPair, path: string): ReturnType<typeof readLabel> {
  const file = await pair.disk.open(path, { mode: "open" });
  return readLabel(file);
}

const other = (path: string): string => (path === PATH ? MIRROR_PATH : PATH);

/** Everything that is of the store and not of the member. */
function contentOf(pair: MirrorPair, path: string): Buffer {
  const content = Buffer.from(pair.disk.contentOf(path));
  content.fill(0, LABEL_START, LABEL_END);
  return content;
}

test("a mirror is made beside a store, copied while the store is at work, and equal at the end", async () => {
  const pair = new MirrorPair();
  await createStore(pair.disk, { ...OPTIONS, ...SIZES, storeUuid: UUID }, { log: silentLog });
  const store = await pair.open();
  await writeBlock(store, 1);
  expect(store.mirrorStatus?.state).toBe("copying");
  await writeBlock(store, 2);
  await store.checkpoint();
  await pair.untilWhole(store);
  await writeBlock(store, 3);
  await store.checkpoint();
  expect(contentOf(pair, PATH).equals(contentOf(pair, MIRROR_PATH))).toBe(true);
  await store.close();
  const again = await pair.open();
  expect(again.mirrorStatus?.state).toBe("both");
  for (const seq of [1, 2, 3]) await expectBlock(again, seq);
});

test("what is written while its place is being copied is on both", async () => {
  const pair = await MirrorPair.stale();
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isHeld = false;
  const slow: Disk = Object.assign(Object.create(pair.disk), {
    open: async (...args: Parameters<Disk["open"]>) => {
      const file = await pair.disk.open(...args);
      const read: typeof file.read = async (position, target) => {
        await file.read(position, target);
        if (isHeld && target.length > COPIED_BYTES_MIN) await released;
      };
      return args[0] === PATH ? { ...file, read } : file;
    },
  });
  const copying = await pair.open({}, slow);
  isHeld = true;
  await turns();
  pair.clock.advance(20);
  await turns();
  // Into the journal, which lies in the piece that was read just now.
  const written = writeBlock(copying, 2);
  await turns();
  release();
  await written;
  await pair.untilWhole(copying);
  await copying.close();
  expect(contentOf(pair, PATH).equals(contentOf(pair, MIRROR_PATH))).toBe(true);
});

describe.each(MEMBERS)("when %s fails", (failing) => {
  const left = other(failing);

  it.each(["write", "datasync"] as const)(
    "at a %s: nothing is acknowledged before it is noted, and the other one goes on",
    async (call) => {
      const { pair, store } = await MirrorPair.whole();
      const before = pair.witness.events?.noted ?? 0;
      pair.fail(failing, call);
      await writeBlock(store, 1);
      expect(await labelOf(pair, left)).toMatchObject({ state: "alone", events: before + 1 });
      expect(pair.witness.events).toEqual({ noted: before + 1, given: before + 1 });
      expect(store.mirrorStatus?.state).toBe("alone");
      await writeBlock(store, 2);
      await expectBlock(store, 2);
    },
  );

  it("and whoever remembers it cannot be reached, nothing is acknowledged any more", async () => {
    const { pair, store } = await MirrorPair.whole();
    pair.witness.failure = new SystemError("disk/failed", "the witness is away");
    pair.fail(failing, "write");
    await expect(writeBlock(store, 1)).rejects.toMatchObject({ code: "disk/failed" });
    await expect(writeBlock(store, 1)).rejects.toMatchObject({ code: "disk/failed" });
  });

  it("and returns, it is never read before it is equal again", async () => {
    const { pair, store } = await MirrorPair.whole();
    pair.fail(failing, "write", "datasync", "read");
    await writeBlock(store, 1);
    await store.checkpoint();
    await store.close();
    // With the one that went on away, there is nothing to be read.
    pair.fail(left, "read");
    expect(await refusal(pair.open())).toBe("disk/foreign");
    expect(await refusal(pair.open({ path: failing, mirrorPath: undefined }))).toBe("disk/foreign");
    // Nor before the copying has come to its end.
    pair.heal();
    const copying = await pair.open();
    expect(copying.mirrorStatus?.state).toBe("copying");
    await expectBlock(copying, 1);
    await writeBlock(copying, 2);
    await copying.close();
    pair.fail(left, "read");
    expect(await refusal(pair.open())).toBe("disk/foreign");
    pair.heal();
    const whole = await pair.open();
    await pair.untilWhole(whole);
    await whole.close();
    expect(contentOf(pair, failing).equals(contentOf(pair, left))).toBe(true);
    pair.fail(left, "read", "write", "datasync");
    const alone = await pair.open();
    expect(alone.mirrorStatus?.state).toBe("alone");
    await expectBlock(alone, 1);
    await expectBlock(alone, 2);
  });

  it("and the other one as well, the store is dead", async () => {
    const { pair, store } = await MirrorPair.whole();
    pair.fail(failing, "write");
    await writeBlock(store, 1);
    pair.fail(left, "write");
    await expect(writeBlock(store, 2)).rejects.toMatchObject({ code: "disk/failed" });
    await expect(store.read(A, 0, BLOCK_BYTES)).rejects.toMatchObject({ code: "disk/failed" });
  });

  it("and nobody remembers, one of them is not opened alone, and both are", async () => {
    const { pair, store } = await MirrorPair.whole();
    await writeBlock(store, 1);
    await store.close();
    pair.witness.events = undefined;
    pair.fail(failing, "read");
    expect(await refusal(pair.open())).toBe("disk/foreign");
    pair.heal();
    await expectBlock(await pair.open(), 1);
  });

  it("since it has no room for what lies there already, the other one goes on", async () => {
    const { pair, store } = await MirrorPair.whole();
    pair.disk.fault = (call, path) =>
      call === "write" && path === failing
        ? new SystemError("disk/no-space", "no space left")
        : undefined;
    await writeBlock(store, 1);
    expect(store.mirrorStatus?.state).toBe("alone");
  });
});

test("a member that cannot be read is left out, and the other one is read", async () => {
  const { pair, store } = await MirrorPair.whole();
  await writeBlock(store, 1);
  await store.checkpoint();
  await store.close();
  const again = await pair.open();
  pair.fail(PATH, "read");
  await expectBlock(again, 1);
  expect(again.mirrorStatus?.state).toBe("alone");
  expect(await labelOf(pair, MIRROR_PATH)).toMatchObject({ state: "alone" });
});

test("a member that fails while it is copied to costs nothing, and is begun anew", async () => {
  const { pair, store } = await MirrorPair.whole();
  pair.fail(MIRROR_PATH, "write");
  await writeBlock(store, 1);
  await store.close();
  pair.heal();
  const copying = await pair.open();
  const { witness } = pair;
  const noted = witness.events;
  pair.fail(MIRROR_PATH, "write");
  await writeBlock(copying, 2);
  await writeBlock(copying, 3);
  expect([copying.mirrorStatus?.state, witness.events]).toEqual(["alone", noted]);
  await copying.close();
  pair.heal();
  const whole = await pair.open();
  await pair.untilWhole(whole);
  for (const seq of [1, 2, 3]) await expectBlock(whole, seq);
});

test("a lost member's place is filled when an empty file is put there, and not before", async () => {
  const { pair, store } = await MirrorPair.whole();
  await writeBlock(store, 1);
  await store.close();
  await pair.disk.remove(MIRROR_PATH);
  const alone = await pair.open();
  await turns();
  expect([alone.mirrorStatus?.state, await pair.disk.exists(MIRROR_PATH)]).toEqual([
    "alone",
    false,
  ]);
  await alone.close();
  await (await pair.disk.open(MIRROR_PATH, { mode: "create" })).close();
  const whole = await pair.open();
  await pair.untilWhole(whole);
  expect(contentOf(pair, PATH).equals(contentOf(pair, MIRROR_PATH))).toBe(true);
});

test("P19: one that returns after it missed the end of a copying is older than the one that went on", async () => {
  // The label of the one that was copied to is there, and that of the other one is not: then it is away.
  const { pair, store } = await MirrorPair.whole();
  pair.fail(MIRROR_PATH, "write");
  await writeBlock(store, 1);
  await store.close();
  pair.heal();
  const copying = await pair.open();
  const before = await labelOf(pair, PATH);
  // The power fails between the two.
  pair.disk.fault = (call, path) =>
    call === "write" && path === PATH && copying.mirrorStatus?.state === "both"
      ? new SystemError("disk/failed", "the power is off")
      : undefined;
  pair.witness.failure = new SystemError("disk/failed", "the power is off");
  await pair.untilWhole(copying).catch(() => {});
  await copying.close().catch(() => {});
  pair.witness.failure = undefined;
  expect(await labelOf(pair, PATH)).toEqual(before);
  await pair.outlive(2);
});

test("P19: one that says that it has everything has it durably", async () => {
  const pair = await MirrorPair.stale();
  const copying = await pair.open();
  let pending = 0;
  let isOff = false;
  pair.disk.fault = (call, path) => {
    if (path === MIRROR_PATH && call === "write") pending += 1;
    if (path === MIRROR_PATH && call === "datasync") {
      const copies = [LABEL_START, LABEL_START + BLOCK_BYTES].map((at) =>
        decodeLabel(pair.disk.contentOf(path).subarray(at, at + BLOCK_BYTES)),
      );
      // Of what was not synced only the label is there when the power is back.
      if (copies.some((label) => label?.state === "both") && !isOff) {
        isOff = true;
        pair.disk.powerCut((of, index) => of === PATH || index === pending - 1);
      }
      pending = 0;
    }
    return isOff ? new SystemError("disk/failed", "the power is off") : undefined;
  };
  await pair.untilWhole(copying).catch(() => {});
  expect(isOff).toBe(true);
  await copying.close().catch(() => {});
  pair.heal();
  pair.fail(PATH, "read");
  await expectBlock(await pair.open(), 1);
});

test.each([
  ["and the same superblock", 0],
  ["and an earlier superblock", 1],
])(
  "P1: what one of them has of the last writes, %s, is what both have once the pair was opened",
  async (_, behind) => {
    const { pair, store } = await MirrorPair.whole();
    await writeBlock(store, 1);
    const off = new SystemError("disk/failed", "the power is off");
    let isOff = false;
    pair.disk.fault = (call) => {
      // Before the sync: of the last batch the first one has nothing, and the other one has all.
      if (call === "datasync" && !isOff) {
        isOff = true;
        pair.disk.powerCut((path) => path === MIRROR_PATH);
      }
      return isOff ? off : undefined;
    };
    await expect(writeBlock(store, 2)).rejects.toMatchObject({ code: "disk/failed" });
    await store.close().catch(() => {});
    pair.heal();
    const file = await pair.disk.open(PATH, { mode: "open" });
    const superblock = await readSuperblock(file);
    if (!superblock) throw new Error("the store has a superblock");
    await writeSuperblock(file, { ...superblock, sequence: superblock.sequence + behind });
    await file.datasync();
    const both = await pair.open();
    const { tail } = both.status(A);
    expect(tail.seq).toBe(behind === 0 ? 2 : 1);
    for (const away of MEMBERS) {
      pair.disk.powerCut();
      pair.fail(away, "read");
      const alone = await pair.open();
      expect(alone.status(A).tail).toEqual(tail);
      await alone.close();
      pair.heal();
      await pair.untilWhole(await pair.open());
    }
  },
);

test("what is no pair is refused, and left as it is", async () => {
  const { pair, store } = await MirrorPair.whole();
  await store.close();
  const elsewhere = { ...OPTIONS, ...SIZES, path: "/other" };
  const uuid = storeUuid("00000000-0000-4000-8000-0000000000bb");
  await createStore(pair.disk, { ...elsewhere, storeUuid: uuid }, { log: silentLog });
  const before = Buffer.from(pair.disk.contentOf("/other"));
  expect(await refusal(pair.open({ mirrorPath: "/other" }))).toBe("disk/foreign");
  expect(pair.disk.contentOf("/other").equals(before)).toBe(true);
  // Nor is anything written when the store is not the one that is meant.
  const owned = contentOf(pair, PATH);
  const wrong = { chunkSize: 2 * OPTIONS.chunkSize, mirrorPath: "/new" };
  expect(await refusal(pair.open(wrong))).toBe("disk/foreign");
  expect(await pair.disk.exists("/new")).toBe(false);
  expect(contentOf(pair, PATH).equals(owned)).toBe(true);
});

test("a member that another process has open is not gone on without", async () => {
  const { pair, store } = await MirrorPair.whole();
  await store.close();
  const held = await pair.disk.open(MIRROR_PATH, { mode: "open", lock: true });
  expect(await refusal(pair.open())).toBe("disk/locked");
  await held.close();
  expect(await refusal(openStore(pair.disk, OPTIONS, { log: silentLog, clock: pair.clock }))).toBe(
    "disk/foreign",
  );
});
