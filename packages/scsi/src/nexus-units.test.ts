// What a nexus sees of a target whose policy decides otherwise than before: units, numbers, write protection,
// and the unit attentions that tell it.
import { SystemError } from "@ashlar/core";
import { expect, test } from "vitest";
import { COMMAND_TABLE } from "./command-table.ts";
import { OPEN, type UnitPolicy, type UnitView } from "./nexus-units.ts";
import { NEXUS_A, NEXUS_B, openTarget } from "./testing/harness.ts";

const TUR = "00 00 00 00 00 00";
const READ_ONE = "28 00 00 00 00 00 00 00 01";
const WRITE_ONE = "2a 00 00 00 00 00 00 00 01";
const REPORT_LUNS = "a0 00 00 00 00 00 00 00 00 10";
const INQUIRY = "12 00 00 00 60 00";
const MODE_SENSE_6 = "1a 08 3f 00 ff 00";
const MODE_SENSE_10 = "5a 08 3f 00 00 00 00 00 ff 00";
const BLOCK = { data: Buffer.alloc(512, 7) };

/** A target with one unit, and what each nexus may see of it. Both nexuses know of their power on. */
async function opened() {
  const views = new Map<string, UnitView | undefined>();
  const policy: UnitPolicy = (nexus, lun) =>
    views.has(nexus.name) ? views.get(nexus.name) : OPEN(nexus, lun);
  const harness = openTarget({ policy });
  for (const nexus of [NEXUS_A, NEXUS_B]) {
    harness.target.establishNexus(nexus, { reinstated: false });
    await harness.run(TUR, { nexus });
  }
  const show = (view: UnitView | undefined, nexus = NEXUS_A): void => {
    views.set(nexus.name, view);
    harness.target.reviewAccess();
  };
  return { ...harness, show };
}

test("a unit that is taken away is told once, then it is not there; the other nexus sees no change", async () => {
  const { run, show, target } = await opened();
  show(undefined);
  expect((await run(REPORT_LUNS)).data.readUInt32BE(0)).toBe(0);
  expect((await run(INQUIRY)).data[0]).toBe(0x7f);
  expect((await run(TUR)).sense).toBe("06/3f/0e");
  for (const cdb of [TUR, READ_ONE, WRITE_ONE]) {
    expect((await run(cdb, BLOCK)).sense).toBe("05/25/00");
  }
  target.reviewAccess();
  expect((await run(TUR)).sense, "told once").toBe("05/25/00");
  expect(target.unitAt(NEXUS_A, 0)).toBeUndefined();
  expect(await run(TUR, { nexus: NEXUS_B })).toMatchObject({ status: 0 });
});

test("a unit that is given back is told, and serves without a new session", async () => {
  const { run, show } = await opened();
  show(undefined);
  show({ lun: 0, readOnly: false });
  expect((await run(REPORT_LUNS)).data.readUInt32BE(0)).toBe(8);
  expect((await run(TUR)).sense).toBe("06/3f/0e");
  expect((await run(WRITE_ONE, BLOCK)).status).toBe(0);
});

test("a unit that gets another number is told at both", async () => {
  const { run, show, target } = await opened();
  show({ lun: 7, readOnly: false });
  expect((await run(REPORT_LUNS)).data.toString("hex")).toBe("00000008000000000007000000000000");
  for (const [lun, then] of [
    [0, "05/25/00"],
    [7, undefined],
  ] as const) {
    expect((await run(TUR, { lun })).sense).toBe("06/3f/0e");
    expect((await run(TUR, { lun })).sense).toBe(then);
  }
  expect(target.lunOf(NEXUS_A, 0)).toBe(7);
  target.reset(0);
  expect((await run(TUR, { lun: 7 })).sense, "resets are of the unit").toBe("06/29/03");
});

test("a unit that may only be read says so, and refuses what writes", async () => {
  const { run, show, device } = await opened();
  await run(WRITE_ONE, BLOCK);
  show({ lun: 0, readOnly: true });
  expect((await run(TUR)).sense).toBe("06/2a/01");
  expect((await run(READ_ONE)).data).toEqual(BLOCK.data);
  for (const [cdb, at] of [
    [MODE_SENSE_6, 2],
    [MODE_SENSE_10, 3],
  ] as const) {
    expect((await run(cdb)).data[at], "WP and DPOFUA").toBe(0x90);
    expect((await run(cdb, { nexus: NEXUS_B })).data[at]).toBe(0x10);
  }
  device.write = () => Promise.reject(new SystemError("internal", "nothing may come here"));
  expect((await run(WRITE_ONE, BLOCK)).sense).toBe("07/27/00");
  show({ lun: 0, readOnly: false });
  expect((await run(TUR)).sense).toBe("06/2a/01");
  expect((await run(MODE_SENSE_6)).data[2]).toBe(0x10);
});

test("of the commands that reservations hold for writes, all that write are refused there", async () => {
  const { run, show } = await opened();
  show({ lun: 0, readOnly: true });
  await run(TUR);
  const refused: string[] = [];
  for (const { name, opcode, serviceAction = 0 } of COMMAND_TABLE) {
    const cdb = Buffer.from([opcode, serviceAction]);
    if ((await run(cdb, BLOCK)).sense === "07/27/00") refused.push(name);
  }
  const leaving = ["START STOP UNIT", "SYNCHRONIZE CACHE(10)", "SYNCHRONIZE CACHE(16)"];
  const holding = COMMAND_TABLE.filter(({ reservation }) => reservation === "write");
  expect([...refused, ...leaving].sort()).toEqual(holding.map(({ name }) => name).sort());
});

test.each([
  ["is taken away", undefined, "05/25/00"],
  ["gets another number", { lun: 1, readOnly: false }, "05/25/00"],
  ["may only be read", { lun: 0, readOnly: true }, "07/27/00"],
] as const)(
  "a write under way whose unit %s ends with what forbids it",
  async (_what, view, sense) => {
    const { run, show, device } = await opened();
    device.write = async () => {
      show(view);
      throw new SystemError("operation/aborted", "interrupted");
    };
    expect((await run(WRITE_ONE, BLOCK)).sense).toBe(sense);
  },
);

test("a request on reservations that may have been done is BUSY, and not denied, though its unit was taken away", async () => {
  const { run, show, unit } = await opened();
  unit.reservations.change = async () => {
    show(undefined);
    throw new SystemError("cluster/unavailable", "the reservations could not be changed in time");
  };
  const clear = { data: Buffer.alloc(24) };
  expect(await run("5f 03 00 00 00 00 00 00 18 00", clear)).toMatchObject({ status: 8 });
});

test("a write that was done before its unit was taken away is good, and a failed one of another nexus as ever", async () => {
  const { run, show, device } = await opened();
  const write = device.write.bind(device);
  device.write = async (offset, data, options) => {
    await write(offset, data, options);
    show(undefined);
  };
  expect((await run(WRITE_ONE, BLOCK)).status).toBe(0);
  device.write = () => Promise.reject(new SystemError("operation/aborted", "interrupted"));
  expect((await run(WRITE_ONE, { ...BLOCK, nexus: NEXUS_B })).sense).toBe("0b/00/00");
});
