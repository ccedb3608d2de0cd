// What a member's folder says of it, also after a note that could not be taken.
import { clusterId, nodeId, SystemError } from "@ashlar/core";
import { nodeRandom, silentLog } from "@ashlar/runtime";
import { MemoryDisk } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { readMemberFile } from "../log/member-file.ts";
import { MemberFolder } from "./member-folder.ts";

const identity = {
  dataDir: "/metadata",
  clusterId: clusterId("abcdef01-0000-4000-8000-000000000000"),
  nodeId: nodeId("metadata-1"),
};

test("a note that failed is taken when it is made again, and the last of several counts", async () => {
  const disk = new MemoryDisk();
  const folder = await MemberFolder.open({ disk, random: nodeRandom, log: silentLog }, identity);
  const told = () => readMemberFile(disk, "/metadata", { ...identity, node: identity.nodeId });
  disk.fault = (call) => (call === "write" ? new SystemError("disk/no-space", "full") : undefined);
  await expect(folder.noteVoters(3)).rejects.toMatchObject({ code: "disk/no-space" });
  disk.fault = () => undefined;
  expect((await told())?.voters).toBe(0);
  await folder.noteVoters(3);
  expect((await told())?.voters).toBe(3);
  await Promise.all([folder.noteVoters(2), folder.noteVoters(3)]);
  expect(await told()).toMatchObject({ voters: 3, member: folder.member });
  await folder.close();
});
