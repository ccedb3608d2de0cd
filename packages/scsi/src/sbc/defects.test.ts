import { MIB } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import { openTarget } from "../testing/harness.ts";

const { run } = openTarget({ sizeBytes: MIB });

test("READ DEFECT DATA tells empty lists in the format that was asked", async () => {
  expect((await run("37 00 1d 00 00 00 00 00 ff")).data.toString("hex")).toBe("001d0000");
  expect((await run("37 00 00 00 00 00 00 00 02")).data.toString("hex")).toBe("0000");
  const twelve = await run("b7 1d 00 00 00 00 00 00 00 ff");
  expect(twelve.data.toString("hex")).toBe("001d000000000000");
});

describe("REASSIGN BLOCKS", () => {
  const list = (header: string, ...lbas: string[]): { data: Buffer } => ({
    data: Buffer.from((header + lbas.join("")).replaceAll(" ", ""), "hex"),
  });

  test("blocks that exist are accepted, in every form of the list", async () => {
    const forms = [
      ["07 00", list("0000 0008", "00000000", "000007ff")],
      ["07 01", list("0000 0004", "000007ff")],
      ["07 02", list("0000 0008", "00000000000007ff")],
      ["07 03", list("0000 0008", "00000000000007ff")],
      ["07 00", list("0000 0000")],
    ] as const;
    for (const [cdb, data] of forms) expect((await run(cdb, data)).status, cdb).toBe(0);
  });

  test("blocks beyond the end, and lists of a wrong length, are not", async () => {
    expect((await run("07 00", list("0000 0004", "00000800"))).sense).toBe("05/21/00");
    expect((await run("07 02", list("0000 0008", "0100000000000000"))).sense).toBe("05/21/00");
    for (const [cdb, data] of [
      ["07 00", list("0000 0008", "00000000")],
      ["07 00", list("0000 0003", "00000000")],
      ["07 02", list("0000 0004", "00000000")],
      ["07 01", list("0100 0004", "00000000")],
      ["07 00", list("0000")],
      ["07 00", list("")],
    ] as const) {
      expect((await run(cdb, data)).sense).toBe("05/1a/00");
    }
  });
});
