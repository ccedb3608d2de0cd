import { clusterId, diskId, MIB, nodeId, storeUuid } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { MemoryDisk } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { BLOCK_SIZE, FORMAT_VERSION, SUPERBLOCK_COPIES } from "./format.ts";
import { createStore, openStore } from "./open.ts";

test("a store of another format is refused as such, and kept", async () => {
  const disk = new MemoryDisk();
  const options = {
    path: "/disk-1",
    clusterId: clusterId("6b1f7f0e-58a5-4b43-a3bd-2d6b7cf1d2aa"),
    node: nodeId("storage-1"),
    diskId: diskId("disk-1"),
    chunkSize: MIB,
  };
  const uuid = storeUuid("00000000-0000-4000-8000-00000000000a");
  const create = { ...options, sizeBytes: 16 * MIB, journalBytes: 2 * MIB, storeUuid: uuid };
  await createStore(disk, create, { log: silentLog });
  for (let copy = 0; copy < SUPERBLOCK_COPIES; copy += 1) {
    disk.corrupt(options.path, copy * BLOCK_SIZE + 4, Buffer.from([FORMAT_VERSION - 1, 0]));
  }
  const before = Buffer.from(disk.contentOf(options.path));
  await expect(openStore(disk, options, { log: silentLog })).rejects.toMatchObject({
    code: "disk/foreign",
    message: expect.stringContaining(`format ${FORMAT_VERSION - 1}`),
  });
  expect(before.equals(disk.contentOf(options.path))).toBe(true);
});
