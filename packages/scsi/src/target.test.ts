import { describe, expect, test } from "vitest";
import { COMMAND_TABLE } from "./command-table.ts";
import { SENSE } from "./sense.ts";
import { NEXUS_A, NEXUS_B, openTarget } from "./testing/harness.ts";

const GOOD = 0;
const CHECK = 2;
const TUR = "00 00 00 00 00 00";

describe("dispatch", () => {
  test("unknown opcodes, service actions and units have their own sense", async () => {
    const { run } = openTarget();
    expect(await run("ff")).toMatchObject({ status: CHECK, sense: "05/20/00" });
    expect(await run("9e 1f")).toMatchObject({ sense: "05/24/00" });
    expect(await run(TUR, { lun: 1 })).toMatchObject({ sense: "05/25/00" });
    expect(await run("ff", { lun: 1 })).toMatchObject({ sense: "05/25/00" });
  });

  test("INQUIRY, REPORT LUNS and REQUEST SENSE answer where no unit is", async () => {
    const { run } = openTarget();
    const inquiry = await run("12 00 00 00 60 00", { lun: 5 });
    expect(inquiry.status).toBe(GOOD);
    expect(inquiry.data[0]).toBe(0x7f);
    const luns = await run("a0 00 00 00 00 00 00 00 00 10", { lun: 5 });
    expect(luns.data.toString("hex")).toBe("00000008000000000000000000000000");
    const sense = await run("03 00 00 00 12", { lun: 5 });
    expect([sense.data[2], sense.data[12]]).toEqual([5, 0x25]);
  });

  test("the table tells itself, and every row's usage mask begins with its opcode", async () => {
    const { run } = openTarget();
    const { data } = await run("a3 0c 00 00 00 00 00 00 ff ff");
    expect(data.readUInt32BE(0)).toBe(COMMAND_TABLE.length * 8);
    for (const row of COMMAND_TABLE) {
      expect(Number.parseInt(row.usage.slice(0, 2), 16)).toBe(row.opcode);
      expect([6, 10, 12, 16]).toContain(row.usage.length / 2);
    }
    const one = await run("a3 0c 01 2a 00 00 00 00 ff ff");
    expect(one.data.toString("hex")).toBe("0003000a2af8ffffffff00ffff00");
    const orWrite = await run("a3 0c 01 8b 00 00 00 00 ff ff");
    expect(orWrite.data.toString("hex")).toBe(`000300108bf8${"ff".repeat(12)}0000`);
    expect((await run("a3 0c 01 9e 00 00 00 00 ff ff")).sense).toBe("05/24/00");
    expect((await run("a3 0c 02 9e 00 10 00 00 ff ff")).data[1]).toBe(3);
    expect((await run("a3 0c 03 fe 00 00 00 00 ff ff")).data[1]).toBe(1);
  });

  test("NACA is refused: there is no auto contingent allegiance", async () => {
    const { run } = openTarget();
    expect((await run("00 00 00 00 00 04")).sense).toBe("05/24/00");
    expect((await run("12 00 00 00 60 04")).sense).toBe("05/24/00");
    expect((await run("88 00 00 00 00 00 00 00 00 00 00 00 00 01 00 04")).sense).toBe("05/24/00");
  });
});

describe("unit attentions", () => {
  test("a new nexus hears of power on once, by whatever command reports it", async () => {
    const { target, run } = openTarget();
    target.establishNexus(NEXUS_A, { reinstated: false });
    expect((await run("12 00 00 00 60 00")).status).toBe(GOOD);
    expect((await run("a0 00 00 00 00 00 00 00 00 10")).status).toBe(GOOD);
    expect(await run(TUR)).toMatchObject({ status: CHECK, sense: "06/29/00" });
    expect((await run(TUR)).status).toBe(GOOD);
  });

  test("REQUEST SENSE reports and clears it as data", async () => {
    const { target, run } = openTarget();
    target.establishNexus(NEXUS_A, { reinstated: true });
    const { data } = await run("03 00 00 00 12 00");
    expect([data[2], data[12], data[13]]).toEqual([6, 0x29, 7]);
    expect((await run("03 00 00 00 12 00")).data[2]).toBe(0);
  });

  test("a reset reaches every nexus, once however often it happens", async () => {
    const { target, run } = openTarget();
    for (const nexus of [NEXUS_A, NEXUS_B]) {
      target.establishNexus(nexus, { reinstated: false });
      expect((await run(TUR, { nexus })).sense).toBe("06/29/00");
    }
    target.reset(0);
    target.reset(undefined);
    for (const nexus of [NEXUS_A, NEXUS_B]) {
      expect((await run(TUR, { nexus })).sense).toBe("06/29/03");
      expect((await run(TUR, { nexus })).status).toBe(GOOD);
    }
  });

  test("a lost nexus leaves nothing behind", async () => {
    const { target, unit, run } = openTarget();
    target.establishNexus(NEXUS_A, { reinstated: false });
    await target.loseNexus(NEXUS_A);
    unit.attentions.raise(SENSE.capacityChanged);
    expect((await run(TUR)).status).toBe(GOOD);
  });
});
