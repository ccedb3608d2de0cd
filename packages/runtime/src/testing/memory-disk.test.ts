import { SystemError } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import { diskContract } from "./disk-contract.ts";
import { MemoryDisk } from "./memory-disk.ts";

diskContract("MemoryDisk", async () => ({
  disk: new MemoryDisk(),
  folder: "/disk",
  dispose: async () => {},
}));

describe("MemoryDisk at a power cut", () => {
  const written = async (): Promise<MemoryDisk> => {
    const disk = new MemoryDisk();
    const file = await disk.open("/a", { mode: "create" });
    await file.write(0, [Buffer.from("1111")]);
    await file.datasync();
    await file.write(0, [Buffer.from("2")]);
    await file.write(1, [Buffer.from("3")]);
    return disk;
  };

  test("loses what was not synced", async () => {
    const disk = await written();
    disk.powerCut();
    expect(disk.contentOf("/a").toString()).toBe("1111");
  });

  test("may keep a later write and lose an earlier one", async () => {
    const disk = await written();
    disk.powerCut((_, index) => index === 1);
    expect(disk.contentOf("/a").toString()).toBe("1311");
  });
});

test("MemoryDisk at the end of a process keeps pages that look clean and never reach the disk", async () => {
  const disk = new MemoryDisk();
  const file = await disk.open("/a", { mode: "create" });
  await file.write(0, [Buffer.from("1")]);
  await file.datasync();
  await file.write(0, [Buffer.from("22")]);
  disk.endProcess();
  const again = await disk.open("/a", { mode: "open" });
  await again.write(1, [Buffer.from("3")]);
  await again.datasync();
  expect(disk.contentOf("/a").toString()).toBe("23");
  disk.powerCut();
  expect(disk.contentOf("/a").toString()).toBe("13");
});

test("faults and a full disk are errors of the right code", async () => {
  const disk = new MemoryDisk();
  disk.sizeBytesMax = 4;
  const file = await disk.open("/a", { mode: "create" });
  await expect(file.write(0, [Buffer.alloc(5)])).rejects.toMatchObject({ code: "disk/no-space" });
  disk.fault = (call) =>
    call === "datasync" ? new SystemError("disk/failed", "injected") : undefined;
  await file.write(0, [Buffer.alloc(4)]);
  await expect(file.datasync()).rejects.toMatchObject({ code: "disk/failed" });
});
