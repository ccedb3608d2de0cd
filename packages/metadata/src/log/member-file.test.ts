import { clusterId, nodeId } from "@ashlar/core";
import { FaultyDisk, MemoryDisk } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { type MemberFile, readMemberFile, writeMemberFile } from "./member-file.ts";
import { setAside } from "./set-aside.ts";

const FOLDER = "/metadata";
const FILE: MemberFile = {
  version: 1,
  clusterId: clusterId("abcdef01-0000-4000-8000-000000000000"),
  node: nodeId("metadata-1"),
  member: 2 ** 47 + 1,
  birth: "founder",
  voters: 1,
};
const read = (disk: MemoryDisk | FaultyDisk, over: Partial<MemberFile> = {}) =>
  readMemberFile(disk, FOLDER, { clusterId: FILE.clusterId, node: FILE.node, ...over });

test("a folder belongs to nobody, then to the member that was written last", async () => {
  const disk = new MemoryDisk();
  expect(await read(disk)).toBeUndefined();
  await writeMemberFile(disk, FOLDER, FILE);
  disk.powerCut();
  expect(await read(disk)).toEqual(FILE);
  const diverged = { ...FILE, voters: 3, diverged: "state hash at 1024" };
  await writeMemberFile(disk, FOLDER, diverged);
  disk.powerCut();
  expect(await read(disk)).toEqual(diverged);
});

test("a crash at any call leaves the former member or the new one", async () => {
  const next = { ...FILE, voters: 3 };
  for (let calls = 0, written = false; !written; calls += 1) {
    const memory = new MemoryDisk();
    await writeMemberFile(memory, FOLDER, FILE);
    const disk = new FaultyDisk(memory);
    disk.tornBytes = 40;
    disk.dieAfter(calls);
    written = await writeMemberFile(disk, FOLDER, next).then(
      () => true,
      () => false,
    );
    memory.powerCut(() => true);
    expect(await read(memory)).toEqual(written ? next : FILE);
  }
});

test("damage in any byte is refused", async () => {
  const disk = new MemoryDisk();
  const path = `${FOLDER}/member.json`;
  await writeMemberFile(disk, FOLDER, FILE);
  const whole = Buffer.from(disk.contentOf(path));
  for (let at = 0; at < whole.length; at += 1) {
    for (const bit of [0x01, 0x20, 0x80]) {
      disk.corrupt(path, at, Buffer.from([(whole[at] ?? 0) ^ bit]));
      await expect(read(disk), `byte ${at}`).rejects.toMatchObject({ code: "disk/corrupt" });
      disk.corrupt(path, at, whole.subarray(at, at + 1));
    }
  }
  expect(await read(disk)).toEqual(FILE);
});

test("a folder of another cluster or node is refused, both are named", async () => {
  const disk = new MemoryDisk();
  await writeMemberFile(disk, FOLDER, FILE);
  const other = clusterId("ffffffff-0000-4000-8000-000000000000");
  await expect(read(disk, { clusterId: other })).rejects.toMatchObject({
    code: "disk/foreign",
    message: `${FOLDER}/member.json belongs to cluster ${FILE.clusterId}, not to ${other}`,
  });
  await expect(read(disk, { node: nodeId("metadata-2") })).rejects.toMatchObject({
    code: "disk/foreign",
    message: `${FOLDER}/member.json belongs to node metadata-1, not to metadata-2`,
  });
});

test("a file of a newer version is refused, not taken for damage", async () => {
  const disk = new MemoryDisk();
  await writeMemberFile(disk, FOLDER, { ...FILE, version: 2 as 1 });
  await expect(read(disk)).rejects.toMatchObject({
    code: "disk/foreign",
    meta: { hint: "it was written by a newer version: use that one" },
  });
});

test("what is set aside is kept under the next free name", async () => {
  const disk = new MemoryDisk();
  expect(await setAside(disk, FOLDER)).toBeUndefined();
  for (const number of [1, 2]) {
    await writeMemberFile(disk, FOLDER, { ...FILE, voters: number });
    expect(await setAside(disk, FOLDER)).toBe(`${FOLDER}.damaged-${number}`);
    expect(await disk.exists(FOLDER)).toBe(false);
  }
  const kept = await readMemberFile(disk, `${FOLDER}.damaged-1`, FILE);
  expect(kept?.voters).toBe(1);
});
