// What the leader says of those that are to stop, with what it sees; and that two never may what one may.
import { verdictOf } from "@ashlar/catalog";
import { diskId, MIB, type NodeId, nodeId } from "@ashlar/core";
import type { MemberStatus, SafetySubject } from "@ashlar/rpc";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CopyPace } from "./copy-pace.ts";
import { SafetyJudge } from "./safety-judge.ts";
import { reportOf } from "./testing/metadata-fixture.ts";
import { PlacedGroup } from "./testing/placed-group.ts";
import { gatewayUp } from "./testing/test-group.ts";

let placed: PlacedGroup;
let pace: CopyPace;
let judge: SafetyJudge;
let isShuttingDown = false;
let unheard: readonly NodeId[];
let members: readonly MemberStatus[];
let sessions: readonly { readonly host: string; readonly gateway: number }[];
beforeEach(async () => {
  placed = await PlacedGroup.of(3, { chunks: 6 });
  [unheard, members, sessions] = [[], [1, 2, 3].map((number) => member(number)), []];
  const ports = { replicatedLog: placed.log, clock: placed.group.clock };
  pace = new CopyPace(ports);
  isShuttingDown = false;
  await pace.start();
  judge = new SafetyJudge({
    ...ports,
    pace,
    reportOf: (node) => reportOf(Number(node.split("-")[1]), 1024 * MIB),
    unheard: () => unheard,
    isShuttingDown: () => isShuttingDown,
    members: () => members,
    placement: { gatewaySessions: () => [1, 2].map(gateway) },
  });
});
afterEach(async () => {
  await pace.stop();
  await placed.group.stop();
});

const member = (number: number, more: Partial<MemberStatus> = {}): MemberStatus => ({
  id: nodeId(`metadata-${number}`),
  address: "",
  member: number,
  role: number === 1 ? "leader" : "follower",
  state: "up",
  matchIndex: 7,
  lag: 0,
  ...more,
});

const gateway = (number: number) => ({
  gateway: nodeId(`gateway-${number}`),
  open: true,
  sessions: sessions
    .filter((one) => one.gateway === number)
    .map(({ host }) => ({
      initiatorName: host,
      isid: `${number}`,
      targetName: "iqn.target",
      tpgt: number,
    })),
});

const subject = (kind: "node" | "gateway" | "member", id: string): SafetySubject => ({
  kind,
  id: nodeId(id),
});
const node = (number: number) => subject("node", `storage-${number}`);
const said = async (asked: SafetySubject) =>
  verdictOf(await placed.group.answered(judge.judge(asked)));
const asked = async (asked: SafetySubject) =>
  verdictOf(await placed.group.answered(judge.mayStop(asked)));

test("a node is safe, would break when another one died, and is waited for while that one catches up", async () => {
  expect(await said(node(1))).toBe("SAFE");
  expect(await said({ kind: "disk", id: nodeId("storage-1"), disk: diskId("disk-1") })).toBe(
    "SAFE",
  );
  await placed.down(2);
  expect(await said(node(1))).toBe("WOULD BREAK");
  await placed.up(2, 2);
  expect(await said(node(1))).toBe("WAIT");
  await placed.pass(2_000);
  await placed.admit(2);
  await placed.pass(2_000);
  const answer = await placed.group.answered(judge.judge(node(1)));
  // Two of four copies in about four seconds: as long again for the others.
  expect(answer.etaMs).toBeGreaterThan(1_000);
  expect(answer.etaMs).toBeLessThan(6_000);
  expect(answer.bytes).toBeGreaterThan(0);
  await placed.admit();
  expect(await said(node(1))).toBe("SAFE");
});

test("a node that is not heard counts for nobody", async () => {
  unheard = [nodeId("storage-2")];
  expect(await said(node(1))).toBe("WAIT");
});

test("of two nodes that ask at the same time one may stop", async () => {
  const both = [judge.mayStop(node(1)), judge.mayStop(node(2))];
  const verdicts = await placed.group.answered(Promise.all(both));
  expect(verdicts.map(verdictOf)).toEqual(["SAFE", "WOULD BREAK"]);
  expect(await asked(node(1)), "who was told so may ask again").toBe("SAFE");
  // It is back: what it holds counts again, once that is in sync.
  await placed.up(1, 2);
  await placed.admit();
  expect(await asked(node(2))).toBe("SAFE");
});

test("who was told that it may stop and does not is believed to be there again after a while", async () => {
  expect(await asked(node(1))).toBe("SAFE");
  expect(await said(node(2))).toBe("WOULD BREAK");
  await placed.pass(15_000);
  expect(await said(node(2))).toBe("SAFE");
});

test("nobody is missed when the whole cluster stops", async () => {
  isShuttingDown = true;
  expect([await asked(node(1)), await asked(node(2)), await asked(node(3))]).toEqual([
    "SAFE",
    "SAFE",
    "SAFE",
  ]);
});

test("a gateway is judged by the paths of its hosts, and two that stop leave none", async () => {
  for (const number of [1, 2]) await placed.apply(gatewayUp(number));
  sessions = [
    { host: "iqn.h", gateway: 1 },
    { host: "iqn.h", gateway: 2 },
  ];
  expect(await asked(subject("gateway", "gateway-1"))).toBe("SAFE");
  expect(await asked(subject("gateway", "gateway-2"))).toBe("WOULD BREAK");
});

test("a metadata member is judged by those that are left", async () => {
  expect(await asked(subject("member", "metadata-2"))).toBe("SAFE");
  expect(await said(subject("member", "metadata-3"))).toBe("WOULD BREAK");
  await placed.pass(5_000);
  members = [member(1), member(2), member(3, { state: "down" })];
  expect(await said(subject("member", "metadata-1"))).toBe("WOULD BREAK");
  expect(await said(subject("member", "metadata-3"))).toBe("SAFE");
});

test.each([
  [node(9), "node/not-found"],
  [{ kind: "disk", id: nodeId("storage-1"), disk: diskId("disk-9") } as const, "disk/not-found"],
  [subject("gateway", "gateway-9"), "gateway/not-found"],
  [subject("member", "metadata-9"), "member/unknown"],
])("%j is not known", async (unknown, code) => {
  await expect(placed.group.answered(judge.judge(unknown))).rejects.toMatchObject({ code });
});
