// The log against power cuts, damage, full disks and foreign folders.
import { clusterId, hasCode, SystemError } from "@ashlar/core";
import { MemoryDisk } from "@ashlar/runtime/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FRAME_LENGTH_MAX, frameAt } from "./frame.ts";
import { LogStore, type Recovered } from "./log-store.ts";

const FOLDER = "/metadata/log";
const CLUSTER = clusterId("abcdef01-0000-4000-8000-000000000000");
const OTHER = clusterId("ffffffff-0000-4000-8000-000000000000");

const open = (
  disk: MemoryDisk,
  over: { segmentLengthMax?: number; clusterId?: typeof CLUSTER } = {},
) => LogStore.open(disk, { folder: FOLDER, clusterId: CLUSTER, newLogId: "log-1", ...over });
const entry = (text: string): Buffer => Buffer.from(text);
const textsOf = ({ entries }: Recovered): string[] => entries.map((bytes) => bytes.toString());
const segmentsOn = async (disk: MemoryDisk): Promise<string[]> =>
  (await disk.list(FOLDER)).filter((name) => name.startsWith("segment")).sort();
const pathOf = async (disk: MemoryDisk, place: number): Promise<string> =>
  `${FOLDER}/${(await segmentsOn(disk)).at(place)}`;

describe("the log", () => {
  test("R5: what was appended survives a power cut, in order and under its index", async () => {
    const disk = new MemoryDisk();
    const { store, recovered } = await open(disk);
    expect(recovered).toEqual({ snapshot: undefined, entries: [], cutBytes: 0 });
    await store.append([entry("a"), entry("b")]);
    await store.append([entry("c")]);
    disk.powerCut();
    const again = await open(disk);
    expect(textsOf(again.recovered)).toEqual(["a", "b", "c"]);
    expect(again.store.nextIndex).toBe(4);
    expect(again.store.logId).toBe("log-1");
    await again.store.append([entry("d")]);
    disk.powerCut();
    expect(textsOf((await open(disk)).recovered)).toEqual(["a", "b", "c", "d"]);
  });

  test("any crash point leaves every acknowledged entry and no half of another", async () => {
    const batches = fc.array(
      fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 4 }),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(batches, fc.nat(30), fc.boolean(), async (all, dieAt, keepLast) => {
        const disk = new MemoryDisk();
        const { store } = await open(disk, { segmentLengthMax: 400 });
        let calls = 0;
        disk.fault = (call, path) => {
          if (call === "read") return undefined;
          calls += 1;
          return calls > dieAt ? new SystemError("disk/failed", "power", { path }) : undefined;
        };
        const acked: string[] = [];
        const offered: string[] = [];
        for (const batch of all) {
          offered.push(...batch);
          try {
            await store.append(batch.map(entry));
          } catch {
            break;
          }
          acked.push(...batch);
        }
        disk.fault = () => undefined;
        disk.powerCut(() => keepLast);
        const { recovered } = await open(disk, { segmentLengthMax: 400 });
        const found = textsOf(recovered);
        expect(found.slice(0, acked.length)).toEqual(acked);
        expect(offered.slice(0, found.length)).toEqual(found);
      }),
      { numRuns: 200 },
    );
  });

  test("a torn tail is cut off wherever it was torn, and appending goes on", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk);
    await store.append([entry("kept")]);
    const path = await pathOf(disk, 0);
    const whole = disk.contentOf(path).length;
    await store.append([entry("torn"), entry("too")]);
    const bytes = Buffer.from(disk.contentOf(path));
    for (let length = whole; length < bytes.length; length += 1) {
      const cut = new MemoryDisk();
      const file = await cut.open(path, { mode: "create" });
      await file.write(0, [bytes.subarray(0, length)]);
      await file.datasync();
      const { store: again, recovered } = await open(cut);
      expect(textsOf(recovered)).toEqual(["kept"]);
      expect(recovered.cutBytes).toBe(length - whole);
      expect(cut.contentOf(path)).toHaveLength(whole);
      await again.append([entry("next")]);
      cut.powerCut();
      expect(textsOf((await open(cut)).recovered)).toEqual(["kept", "next"]);
    }
  });

  test("damage before readable entries refuses to open, in any byte", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk);
    await store.append([entry("first")]);
    const path = await pathOf(disk, 0);
    const firstEnd = disk.contentOf(path).length;
    await store.append([entry("second")]);
    for (let at = 0; at < firstEnd; at += 1) {
      const was = Buffer.from(disk.contentOf(path).subarray(at, at + 1));
      disk.corrupt(path, at, Buffer.from([(was[0] ?? 0) ^ 0x40]));
      await expect(open(disk)).rejects.toSatisfy((error) => hasCode(error, "disk/corrupt"));
      disk.corrupt(path, at, was);
    }
    expect(textsOf((await open(disk)).recovered)).toEqual(["first", "second"]);
  });

  test("a segment cut short before another one refuses to open", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk, { segmentLengthMax: 300 });
    for (let count = 0; count < 12; count += 1) await store.append([entry(`entry ${count}`)]);
    expect((await segmentsOn(disk)).length).toBeGreaterThan(1);
    const first = await disk.open(await pathOf(disk, 0), { mode: "open" });
    await first.truncate((await first.sizeBytes()) - 1);
    await expect(open(disk)).rejects.toMatchObject({ code: "disk/corrupt" });
  });

  test("a missing segment refuses to open", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk, { segmentLengthMax: 200 });
    for (let count = 0; count < 12; count += 1) await store.append([entry(`entry ${count}`)]);
    await disk.remove(await pathOf(disk, 1));
    await expect(open(disk)).rejects.toMatchObject({ code: "disk/corrupt" });
  });

  test("a segment under the name of another refuses to open", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk, { segmentLengthMax: 200 });
    await store.append([Buffer.alloc(60), entry("b")]);
    await store.append([Buffer.alloc(60)]);
    expect(await segmentsOn(disk)).toHaveLength(2);
    await disk.rename(await pathOf(disk, 1), `${FOLDER}/segment-0000000000000002`);
    await expect(open(disk)).rejects.toMatchObject({ code: "disk/corrupt" });
  });

  test("segments stay below their length", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk, { segmentLengthMax: 1000 });
    for (let count = 0; count < 40; count += 1) await store.append([Buffer.alloc(90, count)]);
    for (const name of await segmentsOn(disk)) {
      expect(disk.contentOf(`${FOLDER}/${name}`).length).toBeLessThanOrEqual(1000);
    }
    expect((await open(disk, { segmentLengthMax: 1000 })).recovered.entries).toHaveLength(40);
  });

  test("another cluster's log is refused and left as it is", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk);
    await store.append([entry("mine")]);
    await expect(open(disk, { clusterId: OTHER })).rejects.toMatchObject({ code: "disk/foreign" });
    expect(textsOf((await open(disk)).recovered)).toEqual(["mine"]);
  });

  test("no bytes make the frame reader fail", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), (bytes, at) => {
        const framed = Buffer.concat([Buffer.from("ASLF"), bytes]);
        expect(frameAt(framed, Math.min(at, framed.length))).toBeUndefined();
      }),
    );
    expect(FRAME_LENGTH_MAX).toBeLessThan(2 ** 32);
  });
});

describe("a full disk", () => {
  test("refuses with a hint, keeps what was acknowledged and serves again with room", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk);
    await store.append([entry("kept")]);
    disk.sizeBytesMax = 1;
    await expect(store.append([entry("refused")])).rejects.toMatchObject({
      code: "disk/no-space",
      meta: { hint: "free space on the disk of the metadata folder" },
    });
    disk.sizeBytesMax = Number.MAX_SAFE_INTEGER;
    await store.append([entry("later")]);
    disk.powerCut();
    expect(textsOf((await open(disk)).recovered)).toEqual(["kept", "later"]);
  });

  test("found only by the sync takes the written part back", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk);
    await store.append([entry("kept")]);
    let failing = true;
    disk.fault = (call, path) => {
      if (call !== "datasync" || !failing) return undefined;
      failing = false;
      return new SystemError("disk/no-space", "full", { path });
    };
    const whole = disk.contentOf(await pathOf(disk, 0)).length;
    await expect(store.append([entry("refused")])).rejects.toMatchObject({ code: "disk/no-space" });
    expect(disk.contentOf(await pathOf(disk, 0))).toHaveLength(whole);
    await store.append([entry("later")]);
    disk.powerCut();
    expect(textsOf((await open(disk)).recovered)).toEqual(["kept", "later"]);
  });

  test("when a new segment is due leaves no empty one behind", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk, { segmentLengthMax: 200 });
    await store.append([Buffer.alloc(60)]);
    disk.sizeBytesMax = 1;
    await expect(store.append([Buffer.alloc(60)])).rejects.toMatchObject({ code: "disk/no-space" });
    expect(await segmentsOn(disk)).toHaveLength(1);
    disk.sizeBytesMax = Number.MAX_SAFE_INTEGER;
    await store.append([Buffer.alloc(60)]);
    expect((await open(disk, { segmentLengthMax: 200 })).recovered.entries).toHaveLength(2);
  });
});

test("after a failed sync nothing is promised until a restart", async () => {
  const disk = new MemoryDisk();
  const { store } = await open(disk);
  await store.append([entry("kept")]);
  let failing = true;
  disk.fault = (call) => {
    if (call !== "datasync" || !failing) return undefined;
    failing = false;
    return new SystemError("disk/failed", "EIO");
  };
  await expect(store.append([entry("lost")])).rejects.toMatchObject({ code: "disk/failed" });
  await expect(store.append([entry("later")])).rejects.toMatchObject({
    code: "disk/failed",
    meta: { hint: "check the disk, then restart the metadata process" },
  });
});

describe("a snapshot", () => {
  test("stands for all entries before it, and their segments go", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk, { segmentLengthMax: 300 });
    for (let count = 1; count <= 20; count += 1) await store.append([entry(`entry ${count}`)]);
    const before = store.sizeBytes;
    await store.saveSnapshot(18, entry("state of 18"));
    expect(store.sizeBytes).toBeLessThan(before);
    await store.append([entry("entry 21")]);
    disk.powerCut();
    const { store: again, recovered } = await open(disk, { segmentLengthMax: 300 });
    expect(recovered.snapshot?.index).toBe(18);
    expect(recovered.snapshot?.state.toString()).toBe("state of 18");
    expect(textsOf(recovered)).toEqual(["entry 19", "entry 20", "entry 21"]);
    expect(again.nextIndex).toBe(22);
    expect(again.sizeBytes).toBe(store.sizeBytes);
  });

  test("of any index leaves every entry after it", async () => {
    for (let index = 1; index <= 12; index += 1) {
      const disk = new MemoryDisk();
      const { store } = await open(disk, { segmentLengthMax: 250 });
      for (let count = 1; count <= 12; count += 1) await store.append([entry(`entry ${count}`)]);
      expect((await segmentsOn(disk)).length).toBeGreaterThan(2);
      await store.saveSnapshot(index, entry("state"));
      const { recovered, store: again } = await open(disk, { segmentLengthMax: 250 });
      const after = Array.from({ length: 12 - index }, (_, at) => `entry ${index + 1 + at}`);
      expect(textsOf(recovered)).toEqual(after);
      expect(again.nextIndex).toBe(13);
    }
  });

  test("that was not finished leaves the one before it", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk);
    await store.append([entry("a"), entry("b")]);
    await store.saveSnapshot(1, entry("one"));
    disk.fault = (call, path) =>
      call === "datasync" && path.includes("snapshot")
        ? new SystemError("disk/no-space", "full")
        : undefined;
    await expect(store.saveSnapshot(2, entry("two"))).rejects.toMatchObject({
      code: "disk/no-space",
    });
    expect(await disk.exists(`${FOLDER}/snapshot.part`)).toBe(false);
    disk.fault = () => undefined;
    disk.powerCut();
    const { recovered } = await open(disk);
    expect(recovered.snapshot?.state.toString()).toBe("one");
    expect(textsOf(recovered)).toEqual(["b"]);
  });

  test("damaged anywhere refuses to open", async () => {
    const disk = new MemoryDisk();
    const { store } = await open(disk);
    await store.append([entry("a")]);
    await store.saveSnapshot(1, entry("one"));
    const path = `${FOLDER}/snapshot`;
    for (let at = 0; at < disk.contentOf(path).length; at += 3) {
      const was = Buffer.from(disk.contentOf(path).subarray(at, at + 1));
      disk.corrupt(path, at, Buffer.from([(was[0] ?? 0) ^ 0x20]));
      await expect(open(disk), `byte ${at}`).rejects.toMatchObject({ code: "disk/corrupt" });
      disk.corrupt(path, at, was);
    }
  });
});
