// What a leader has to do and is kept from.
import { nodeId } from "@ashlar/core";
import { nodeRandom } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import { TestGroup } from "../testing/test-group.ts";
import { foundCluster } from "./member-folder.ts";

let group: TestGroup;
afterEach(() => group.stop());

test("a founder whose disk fills up in its first moments goes on when there is room", async () => {
  group = new TestGroup();
  const names = [nodeId("metadata-1"), nodeId("metadata-2")] as const;
  const [name] = names;
  const disk = group.diskOf(name);
  await foundCluster({ disk, random: nodeRandom }, TestGroup.identity(name));
  const { host, log } = await group.start(name, names);
  log.onLead(() => {
    disk.sizeBytesMax = 1;
  });
  await group.until(() => host.noSpace !== undefined);
  disk.sizeBytesMax = Number.MAX_SAFE_INTEGER;
  await group.until(() => log.view.members.get(name)?.member === host.member);
  expect([...log.view.members.keys()]).toEqual(names);
  expect(log.view.cluster).toBeDefined();
});
