// What every Disk must do; run by each implementation's test.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Disk } from "../disk.ts";

export interface DiskFixture {
  readonly disk: Disk;
  /** A folder of its own for each test. */
  readonly folder: string;
  readonly dispose: () => Promise<void>;
}

export function diskContract(name: string, open: () => Promise<DiskFixture>): void {
  describe(`${name} keeps the Disk contract`, () => {
    let fixture: DiskFixture;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(() => fixture.dispose());
    const path = (file: string): string => `${fixture.folder}/${file}`;

    test("reads what was written, zeros past the end", async () => {
      const file = await fixture.disk.open(path("a"), { mode: "create" });
      await file.write(10, [Buffer.from("one"), Buffer.alloc(0), Buffer.from("two")]);
      await file.datasync();
      expect(await file.sizeBytes()).toBe(16);
      const target = Buffer.alloc(12, 0xee);
      await file.read(8, target);
      expect(target.toString("latin1")).toBe("\0\0onetwo\0\0\0\0");
      await file.read(100, target);
      expect(target.equals(Buffer.alloc(12))).toBe(true);
      await file.close();
    });

    test("takes more buffers than one system call does", async () => {
      const file = await fixture.disk.open(path("a"), { mode: "create" });
      const list = Array.from({ length: 2500 }, (_, index) => Buffer.from([index % 256]));
      await file.write(0, list);
      const target = Buffer.alloc(2500);
      await file.read(0, target);
      expect(target.equals(Buffer.concat(list))).toBe(true);
      await file.close();
    });

    test.each([5, 300])("writes %i pieces in one call", async (count) => {
      const file = await fixture.disk.open(path("a"), { mode: "create" });
      const bytes = (piece: number): Buffer => Buffer.alloc(4096, piece);
      const pieces = Array.from({ length: count }, (_, piece) => ({
        position: piece * 3 * 4096,
        data: [
          bytes(piece).subarray(0, 100),
          bytes(piece).subarray(100),
          bytes(255 - (piece % 256)),
        ],
      }));
      await file.writeMany(pieces.toReversed());
      await Promise.all([
        file.writeMany([]),
        file.writeMany([{ position: 1, data: [Buffer.from("x")] }]),
      ]);
      await file.datasync();
      const target = Buffer.alloc(3 * 4096);
      for (let piece = 0; piece < count; piece += 1) {
        const expected = [bytes(piece), bytes(255 - (piece % 256)), Buffer.alloc(4096)];
        if (piece === 0) expected[0]?.write("x", 1);
        await file.read(piece * target.length, target);
        expect(target.equals(Buffer.concat(expected)), `piece ${piece}`).toBe(true);
      }
      await file.close();
    });

    test("truncate cuts, and extends with zeros", async () => {
      const file = await fixture.disk.open(path("a"), { mode: "create" });
      await file.write(0, [Buffer.from("abcdef")]);
      await file.truncate(3);
      await file.truncate(5);
      const target = Buffer.alloc(5);
      await file.read(0, target);
      expect(target.toString("latin1")).toBe("abc\0\0");
      await file.close();
    });

    test("modes say whether the file must be there", async () => {
      const failed = expect.objectContaining({ code: "disk/failed" });
      await expect(fixture.disk.open(path("a"), { mode: "open" })).rejects.toThrow(failed);
      await (await fixture.disk.open(path("a"), { mode: "openOrCreate" })).close();
      await expect(fixture.disk.open(path("a"), { mode: "create" })).rejects.toThrow(failed);
      expect(await fixture.disk.exists(path("a"))).toBe(true);
      expect(await fixture.disk.exists(path("b"))).toBe(false);
    });

    test("a lock keeps a second opener out until it is closed", async () => {
      const first = await fixture.disk.open(path("a"), { mode: "create", lock: true });
      await expect(fixture.disk.open(path("a"), { mode: "open", lock: true })).rejects.toThrow(
        expect.objectContaining({ code: "disk/locked" }),
      );
      await first.close();
      await (await fixture.disk.open(path("a"), { mode: "open", lock: true })).close();
    });

    test("rename replaces, list names, remove removes", async () => {
      await fixture.disk.makeFolder(path("f"));
      for (const [file, text] of [
        ["f/a", "old"],
        ["f/b", "new"],
      ] as const) {
        const opened = await fixture.disk.open(path(file), { mode: "create" });
        await opened.write(0, [Buffer.from(text)]);
        await opened.datasync();
        await opened.close();
      }
      await fixture.disk.rename(path("f/b"), path("f/a"));
      expect(await fixture.disk.list(path("f"))).toEqual(["a"]);
      const file = await fixture.disk.open(path("f/a"), { mode: "open" });
      const target = Buffer.alloc(3);
      await file.read(0, target);
      expect(target.toString()).toBe("new");
      await file.close();
      await fixture.disk.rename(path("f"), path("g"));
      expect(await fixture.disk.exists(path("f"))).toBe(false);
      expect(await fixture.disk.list(path("g"))).toEqual(["a"]);
      await fixture.disk.remove(path("g"));
      expect(await fixture.disk.exists(path("g/a"))).toBe(false);
      expect(await fixture.disk.freeBytes(fixture.folder)).toBeGreaterThan(0);
    });
  });
}
