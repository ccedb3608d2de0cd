import { expect, test } from "vitest";
import { openTarget } from "../testing/harness.ts";

const { run } = openTarget();
const page = async (control: string, pointer = "00 00"): Promise<string> =>
  (await run(`4d 00 ${control} 00 ${pointer} 00 ff 00`)).data.toString("hex");

test("the list of pages names each, with subpages too", async () => {
  expect(await page("40 00")).toBe("00000004000c0d2f");
  expect(await page("00 ff")).toBe("40ff000a00ff00000c000d002f00");
});

test("each page is what its own length says", async () => {
  expect(await page("4c 00")).toBe("0c000000");
  expect(await page("4d 00")).toBe("0d00000c" + "0000030200ff" + "0001030200ff");
  expect(await page("6f 00")).toBe("2f000008" + "000003040000ff00");
});

test("the parameter pointer leaves out what comes before it", async () => {
  expect(await page("4d 00", "00 01")).toBe("0d000006" + "0001030200ff");
  expect((await run("4d 00 4d 00 00 00 02 00 ff 00")).sense).toBe("05/24/00");
  expect((await run("4d 00 00 00 00 00 01 00 ff 00")).sense).toBe("05/24/00");
});

test("short buffers get the beginning; no bytes are no error", async () => {
  expect((await run("4d 00 4d 00 00 00 00 00 06 00")).data.toString("hex")).toBe("0d00000c0000");
  expect(await run("4d 00 4d 00 00 00 00 00 00 00")).toMatchObject({ status: 0 });
});

test("saving, unknown pages and subpages are refused", async () => {
  for (const cdb of ["4d 01 40 00", "4d 00 42 00", "4d 00 4d 01", "4d 00 40 01"]) {
    expect((await run(`${cdb} 00 00 00 00 ff 00`)).sense).toBe("05/24/00");
  }
});
