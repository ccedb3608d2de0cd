// What `ashlar safe` says, in both forms, and its exit status.
import { startMembers, type TestMember } from "@ashlar/rpc/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXIT } from "../exit-status.ts";
import { said as saidBy } from "../testing/said.ts";

let leader: TestMember;
beforeEach(async () => {
  [leader] = (await startMembers(1)) as [TestMember];
  leader.part = "leads";
});
afterEach(async () => {
  process.exitCode = 0;
  await leader.stop();
});

const said = (...argv: string[]) => saidBy("safe", ...argv, "--admin", leader.address);

const LAST_COPY = { kind: "last-copy", volume: "demo", chunks: 2 };
const ON_ITS_WAY = { kind: "copy-on-its-way", volume: "demo", chunks: 1 };

test("safe: one word, and exit 0", async () => {
  const plain = await said("node", "storage-1");
  expect(plain).toMatchObject({ out: "SAFE\n", exit: EXIT.done });
  const json = await said("disk", "storage-1/disk-2", "--json");
  expect(JSON.parse(json.out)).toEqual({
    kind: "disk",
    id: "storage-1",
    disk: "disk-2",
    verdict: "SAFE",
    copies: 0,
    bytes: 0,
    etaMs: null,
    volumes: [],
    reasons: [],
  });
  expect(leader.asks("JudgeSafety").map(({ request }) => request)).toMatchObject([
    { kind: "node", id: "storage-1" },
    { kind: "disk", id: "storage-1", disk: "disk-2" },
  ]);
});

test("what would break is named, and the exit status tells", async () => {
  leader.on("JudgeSafety", () => ({ hazards: [LAST_COPY] }));
  const plain = await said("node", "storage-1");
  expect(plain.exit).toBe(EXIT.refused);
  expect(plain.out).toBe("WOULD BREAK\n  has the only copy in sync of 2 chunks of volume demo\n");
  const json = await said("node", "storage-1", "--json");
  expect(json.exit).toBe(EXIT.refused);
  expect(JSON.parse(json.out)).toMatchObject({
    verdict: "WOULD BREAK",
    volumes: ["demo"],
    reasons: [{ kind: "last-copy", volume: "demo", chunks: 2, breaks: true }],
  });
});

test("what is waited for is told with bytes and time, as far as they are known", async () => {
  const work = { hazards: [ON_ITS_WAY], copies: 1, bytes: 3 * 2 ** 20 };
  leader.on("JudgeSafety", () => ({ ...work, etaKnown: true, etaMs: 4_100 }));
  const plain = await said("node", "storage-1");
  expect(plain.exit).toBe(EXIT.refused);
  expect(plain.out).toContain("WAIT: at most 3 MiB in 1 copy, about 5 s\n");
  leader.on("JudgeSafety", () => work);
  expect((await said("node", "storage-1")).out).toContain("nobody knows yet how long");
});

test("--wait asks until it is safe", async () => {
  const answers = [{ hazards: [LAST_COPY] }, { hazards: [ON_ITS_WAY], copies: 1 }, {}];
  leader.on("JudgeSafety", () => answers.shift() ?? {});
  const { out, exit } = await said("gateway", "gateway-1", "--wait");
  expect([out, exit]).toEqual(["SAFE\n", EXIT.done]);
  expect(leader.asks("JudgeSafety")).toHaveLength(3);
});

test.each([
  [["disk", "storage-1"], "names no disk"],
  [["node", "Storage!"], "Storage!"],
])("%j is wrong usage", async (argv, message) => {
  const { out, exit } = await said(...argv, "--json");
  expect(exit).toBe(EXIT.usage);
  expect(JSON.parse(out).error.message).toContain(message);
});
