import { expect, test } from "vitest";
import { ACCESS_STATE, type TargetPort } from "../command.ts";
import { NEXUS_A, NEXUS_B, openTarget } from "../testing/harness.ts";

const { activeOptimized, unavailable } = ACCESS_STATE;
const ports: TargetPort[] = [
  { tpgt: 2, state: activeOptimized },
  { tpgt: 1, state: activeOptimized },
  { tpgt: 0x1234, state: unavailable },
];
const { target, run } = openTarget({
  surroundings: { targetPorts: () => ports, findUnit: () => undefined },
});
const GROUPS = "000900010000000100000001" + "000900020000000100000002" + "030912340002000100001234";

test("every port is a group, the same in the same order through all of them", async () => {
  for (const nexus of [NEXUS_A, NEXUS_B]) {
    const { data } = await run("a3 0a 00 00 00 00 00 00 01 00", { nexus });
    expect(data.toString("hex")).toBe(`00000024${GROUPS}`);
  }
});

test("the extended header adds the transition time and is counted", async () => {
  const { data } = await run("a3 2a 00 00 00 00 00 00 01 00");
  expect(data.toString("hex")).toBe(`00000028100a0000${GROUPS}`);
});

test("short buffers tell the full length; other formats are refused", async () => {
  for (const [length, told] of [
    ["04", "00000024"],
    ["08", "0000002400090001"],
    ["00", ""],
  ]) {
    const { status, data } = await run(`a3 0a 00 00 00 00 00 00 00 ${length}`);
    expect([status, data.toString("hex")]).toEqual([0, told]);
  }
  for (const format of ["4a", "6a", "ea"]) {
    expect((await run(`a3 ${format} 00 00 00 00 00 00 01 00`)).sense).toBe("05/24/00");
  }
});

test("the port that was asked works, whatever is known of it", async () => {
  const nexus = { ...NEXUS_A, tpgt: 0x1234 };
  const { data } = await run("a3 0a 00 00 00 00 00 00 01 00", { nexus });
  expect(data.toString("hex", 28)).toBe("000912340000000100001234");
  const alone = await openTarget().run("a3 0a 00 00 00 00 00 00 01 00");
  expect(alone.data.toString("hex")).toBe("0000000c000900010000000100000001");
});

test("INQUIRY says implicit, and page 83 names the port's group as the report does", async () => {
  const standard = await run("12 00 00 00 60 00");
  expect((standard.data[5] ?? 0) & 0x30).toBe(0x10);
  const { data } = await run("12 01 83 00 ff 00", { nexus: NEXUS_B });
  expect(data.toString("hex")).toContain("5194000400000002" + "5195000400000002");
});

test("a change is told to every nexus once", async () => {
  for (const nexus of [NEXUS_A, NEXUS_B]) target.establishNexus(nexus, { reinstated: false });
  for (const nexus of [NEXUS_A, NEXUS_B]) await run("00", { nexus });
  target.portsChanged();
  target.portsChanged();
  for (const nexus of [NEXUS_A, NEXUS_B]) {
    expect((await run("00", { nexus })).sense).toBe("06/2a/06");
    expect((await run("00", { nexus })).status).toBe(0);
  }
});

test("the task management functions are told in both forms", async () => {
  expect((await run("a3 0d 00 00 00 00 00 00 00 10")).data.toString("hex")).toBe("ca000000");
  const extended = await run("a3 0d 80 00 00 00 00 00 00 10");
  expect(extended.data.toString("hex")).toBe("ca00000c".padEnd(32, "0"));
  expect((await run("a3 0d 00 00 00 00 00 00 00 03")).sense).toBe("05/24/00");
});
