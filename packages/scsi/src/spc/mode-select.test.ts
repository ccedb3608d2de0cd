// MODE SELECT accepts what MODE SENSE tells and nothing else.
import { scatterJoin } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import { openTarget } from "../testing/harness.ts";

const { run } = openTarget();
const SIX = { select: "15 10 00 00", sense: "1a 00 3f 00 ff 00", header: 4 };
const TEN = {
  select: "55 10 00 00 00 00 00 00",
  sense: "5a 00 3f 00 00 00 00 00 ff 00",
  header: 8,
};

const hex = (value: number): string => value.toString(16).padStart(2, "0");

/** What MODE SENSE tells, as a list to send back: the length of the data is reserved there. */
async function currentList({ sense, header }: typeof SIX): Promise<Buffer> {
  const list = Buffer.from((await run(sense)).data);
  list.fill(0, 0, header === 4 ? 1 : 2);
  return list;
}

const select = ({ select: cdb }: typeof SIX, data: Buffer) =>
  run(`${cdb} ${hex(data.length)} 00`, { data });

describe.each([
  ["MODE SELECT(6)", SIX],
  ["MODE SELECT(10)", TEN],
])("%s", (_name, form) => {
  test("the current values are accepted, with and without block descriptor", async () => {
    const list = await currentList(form);
    expect(await select(form, list)).toMatchObject({ status: 0 });
    const withoutDescriptor = Buffer.concat([
      list.subarray(0, form.header - 1),
      Buffer.from([0]),
      list.subarray(form.header + 8),
    ]);
    expect(await select(form, withoutDescriptor)).toMatchObject({ status: 0 });
    expect(await select(form, Buffer.alloc(form.header))).toMatchObject({ status: 0 });
    expect(await select(form, Buffer.alloc(0))).toMatchObject({ status: 0 });
  });

  test("any other value is refused, and the sense points at it", async () => {
    const list = await currentList(form);
    // SWP of the control page, WCE of the caching page.
    const caching = list.indexOf(Buffer.from([0x08, 18]));
    const control = list.indexOf(Buffer.from([0x0a, 10]));
    for (const [at, bit] of [
      [caching + 2, 0x04],
      [control + 4, 0x08],
      [control + 2, 0x04],
    ] as const) {
      const changed = Buffer.from(list);
      changed[at] = (changed[at] ?? 0) ^ bit;
      const { sense, result } = await select(form, changed);
      expect(sense).toBe("05/26/00");
      expect(result.sense?.readUInt8(15)).toBe(0x80);
      expect(result.sense?.readUInt16BE(16)).toBe(at);
    }
    expect((await run(form.sense)).data.subarray(form.header + 8)).toEqual(
      list.subarray(form.header + 8),
    );
  });

  test("lists cut anywhere are of a wrong length, unless a page ends there", async () => {
    const list = await currentList(form);
    const ends = new Set([form.header, form.header + 8]);
    for (let at = form.header + 8; at < list.length; at += 2 + list.readUInt8(at + 1)) ends.add(at);
    ends.delete(form.header);
    for (let length = 1; length < list.length; length += 1) {
      const { sense } = await select(form, list.subarray(0, length));
      expect(sense, `${length}`).toBe(ends.has(length) ? undefined : "05/1a/00");
    }
  });

  test("saving, vendor formats, foreign pages, subpages and other block sizes are refused", async () => {
    const page = Buffer.concat([
      Buffer.alloc(form.header),
      Buffer.from([0x08, 18]),
      Buffer.alloc(18),
    ]);
    const length = hex(page.length);
    const at = form.header;
    expect((await select(form, page)).status).toBe(0);
    const saving = form.select.replace(/^(..) 10/, "$1 11");
    expect((await run(`${saving} ${length} 00`, { data: page })).sense).toBe("05/24/00");
    const vendor = form.select.replace(/^(..) 10/, "$1 00");
    expect((await run(`${vendor} ${length} 00`, { data: page })).sense).toBe("05/24/00");
    for (const [where, value] of [
      [at, 0x05],
      [at, 0x48],
      [at + 1, 17],
      [at === 4 ? 1 : 2, 1],
      [at - 1, 7],
    ] as const) {
      const wrong = Buffer.from(page);
      wrong[where] = value;
      expect((await select(form, wrong)).sense, `byte ${where}`).toBe("05/26/00");
    }
    const list = await currentList(form);
    list.writeUInt16BE(4096, at + 6);
    expect((await select(form, list)).sense).toBe("05/26/00");
  });
});

test("MODE SELECT(10) knows no long block descriptors", async () => {
  const data = Buffer.alloc(8);
  data[4] = 1;
  expect((await select(TEN, data)).sense).toBe("05/26/00");
});

test("MODE SENSE of pages says nothing is changeable", async () => {
  const { result } = await run("1a 08 7f 00 ff 00");
  const data = scatterJoin(result.dataIn);
  for (let at = 4; at < data.length; at += 2 + data.readUInt8(at + 1)) {
    const body = data.subarray(at + 2, at + 2 + data.readUInt8(at + 1));
    expect(body.every((byte) => byte === 0)).toBe(true);
  }
});
