// What a unit says of itself. Hosts remember it, so these are values that must never change.
import { volumeId } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import { identityOf } from "./identity.ts";
import { NEXUS_A, NEXUS_B, openTarget } from "./testing/harness.ts";

const page = (code: number): string => `12 01 ${code.toString(16).padStart(2, "0")} 00 ff 00`;

test("the NAA name comes from the volume's UUID and differs between volumes", () => {
  const one = identityOf(volumeId("0f8fad5b-d9cb-469f-a165-70867728950e"));
  expect(one.naa.toString("hex")).toBe("602a51a0f8fad5bd9cb69f1657086772");
  const other = identityOf(volumeId("0f8fad5b-d9cb-469f-a165-708676289500"));
  expect(other.naa.equals(one.naa)).toBe(false);
  expect(one.serial).toBe("0f8fad5bd9cb469fa16570867728950e");
});

describe("INQUIRY", () => {
  const { run } = openTarget();

  test("standard data: SPC-4, thin fields in place, cut to the allocation length", async () => {
    const { data } = await run("12 00 00 00 60 00");
    expect(data).toHaveLength(96);
    expect(data.subarray(0, 8).toString("hex")).toBe("000006125b181002");
    expect(data.toString("latin1", 8, 36)).toBe("ASHLAR  VOLUME          1   ");
    expect((await run("12 00 00 00 05 00")).data).toHaveLength(5);
    expect((await run("12 00 01 00 60 00")).sense).toBe("05/24/00");
    expect((await run("12 02 00 00 60 00")).sense).toBe("05/24/00");
  });

  test("page 00 lists every page in rising order and each of them exists", async () => {
    const { data } = await run(page(0));
    const codes = [...data.subarray(4)];
    expect(codes).toEqual([0x00, 0x80, 0x83, 0x86, 0x8f, 0xb0, 0xb1, 0xb2]);
    for (const code of codes) {
      const { data: body } = await run(page(code));
      expect([body[1], body.readUInt16BE(2)]).toEqual([code, body.length - 4]);
      expect(body.length).toBeLessThanOrEqual(255);
    }
    expect((await run(page(0xc0))).sense).toBe("05/24/00");
  });

  test("page 83: what names the unit is the same through every port", async () => {
    const [a, b] = await Promise.all([
      run(page(0x83), { nexus: NEXUS_A }),
      run(page(0x83), { nexus: NEXUS_B }),
    ]);
    const unitPart = 4 + 20 + 4 + 40;
    expect(a.data.subarray(0, unitPart).equals(b.data.subarray(0, unitPart))).toBe(true);
    expect(a.data.subarray(4, 8).toString("hex")).toBe("01030010");
    expect(b.data.toString("latin1")).toContain("iqn.2026-11.test:t,t,0x0002\0");
  });

  test("page B2 says thin and LBPRZ, page B1 non-rotating", async () => {
    expect((await run(page(0xb2))).data.toString("hex")).toBe("00b2000400e40200");
    expect((await run(page(0xb1))).data.readUInt16BE(4)).toBe(1);
  });
});

test("READ CAPACITY(16) and MODE SENSE agree with the pages", async () => {
  const { run } = openTarget();
  const { data } = await run("9e 10 00 00 00 00 00 00 00 00 00 00 00 20");
  expect(data.toString("hex", 0, 16)).toBe("0000000000007fff000002000003c000");
  const large = openTarget({ blockSize: 4096 });
  expect((await large.run("9e 10 00 00 00 00 00 00 00 00 00 00 00 20")).data[13]).toBe(0);

  const caching = await run("1a 08 08 00 ff 00");
  expect(caching.data.subarray(0, 7).toString("hex")).toBe("17001000081200");
  const all = await run("1a 00 3f 00 ff 00");
  expect([all.data[0], all.data[3]]).toEqual([all.data.length - 1, 8]);
  const ten = await run("5a 00 3f 00 00 00 00 00 ff 00");
  expect(ten.data.readUInt16BE(0)).toBe(ten.data.length - 2);
  expect((await run("1a 00 c8 00 ff 00")).sense).toBe("05/39/00");
  expect((await run("1a 00 05 00 ff 00")).sense).toBe("05/24/00");
});
