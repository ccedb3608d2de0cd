// Which of two addresses of a member is believed.
import { nodeId } from "@ashlar/core";
import { afterEach, expect, test } from "vitest";
import { addressOf, TestGroup } from "../testing/test-group.ts";
import { MemberAddresses } from "./member-addresses.ts";

let group: TestGroup;
afterEach(() => group.stop());

const name = nodeId("metadata-1");
const CONFIGURED = [{ nodeId: name, address: "configured:1" }];
const moved = { kind: "memberExpected", node: name, address: "moved:2" } as const;

test("the configuration is newer than what the log held at the start", async () => {
  group = await TestGroup.of(1);
  const { log, member } = group.leader();
  const { appliedIndex } = log;
  const addresses = new MemberAddresses(log, CONFIGURED, { lastIndex: appliedIndex + 1 });
  expect(addresses.of(member)).toBe("configured:1");
  // As when the end of the log is applied once more.
  await log.propose(moved);
  expect(log.appliedIndex).toBe(appliedIndex + 1);
  expect(addresses.of(member)).toBe("configured:1");
  expect(addresses.all()).toEqual(["configured:1", "moved:2"]);
});

test("a member that moves later is found where the catalog says", async () => {
  group = await TestGroup.of(1);
  const { log, member } = group.leader();
  const addresses = new MemberAddresses(log, CONFIGURED, { lastIndex: log.appliedIndex });
  await log.propose({ ...moved, address: addressOf(name) });
  expect(addresses.of(member)).toBe("configured:1");
  await log.propose(moved);
  expect(addresses.of(member)).toBe("moved:2");
});
