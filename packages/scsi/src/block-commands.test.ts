import { ERROR_CODES, MIB, SystemError } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import { resultOfError } from "./error-sense.ts";
import { openTarget } from "./testing/harness.ts";

const GOOD = 0;
const BUSY = 8;
const filled = (length: number, byte: number): Buffer => Buffer.alloc(length, byte);

/** An UNMAP parameter list of LBAs and numbers of blocks. */
function unmapList(...ranges: [number, number][]): Buffer {
  const bytes = Buffer.alloc(8 + 16 * ranges.length);
  bytes.writeUInt16BE(bytes.length - 2, 0);
  bytes.writeUInt16BE(16 * ranges.length, 2);
  ranges.forEach(([lba, count], index) => {
    bytes.writeUInt32BE(lba, 8 + 16 * index + 4);
    bytes.writeUInt32BE(count, 8 + 16 * index + 8);
  });
  return bytes;
}
const unmapCdb = ({ length }: Buffer): string =>
  `42 00 00 00 00 00 00 00 ${length.toString(16).padStart(2, "0")}`;

describe("ranges", () => {
  const { run } = openTarget({ sizeBytes: MIB });
  const last = "00 00 07 ff";

  test.each([
    ["READ(6)", "08 00 07 ff 01"],
    ["READ(10)", `28 00 ${last} 00 00 01`],
    ["READ(12)", `a8 00 ${last} 00 00 00 01`],
    ["READ(16)", `88 00 00 00 00 00 ${last} 00 00 00 01`],
  ])("%s reads the last block and nothing beyond", async (_name, cdb) => {
    expect((await run(cdb)).data).toHaveLength(512);
    const beyond = Buffer.from(cdb.replaceAll(" ", ""), "hex");
    beyond.writeUInt8(2, beyond.length - 1);
    expect(await run(beyond)).toMatchObject({ sense: "05/21/00" });
  });

  test("an LBA of 64 bits beyond all numbers is out of range, not wrapped", async () => {
    const { sense } = await run("88 00 ff ff ff ff ff ff ff ff 00 00 00 01");
    expect(sense).toBe("05/21/00");
  });

  test("zero blocks are no error, 0 in READ(6) means 256", async () => {
    expect(await run("28 00 00 00 00 00 00 00 00")).toMatchObject({ status: GOOD });
    expect((await run("08 00 00 00 00")).data).toHaveLength(256 * 512);
  });

  test("protection bits and too long transfers are refused", async () => {
    for (const cdb of ["28 20", "2a 20", "2f 20", "2e 20", "41 20", "88 20", "8b 20"]) {
      expect((await run(cdb)).sense).toBe("05/24/00");
    }
    const { run: large } = openTarget({ sizeBytes: 64 * MIB });
    for (const opcode of ["88", "8a", "8b"]) {
      const cdb = `${opcode} 00 00 00 00 00 00 00 00 00 00 00 40 01`;
      expect((await large(cdb)).sense).toBe("05/24/00");
    }
  });
});

describe("writes", () => {
  test("what one command writes another reads, FUA or not", async () => {
    const { run } = openTarget();
    await run("2a 08 00 00 00 08 00 00 02", { data: filled(1024, 0xa5) });
    const { data } = await run("88 08 00 00 00 00 00 00 00 08 00 00 00 02");
    expect(data.equals(filled(1024, 0xa5))).toBe(true);
  });

  test("less data than the CDB says writes the whole blocks that came", async () => {
    const { run } = openTarget();
    await run("2a 00 00 00 00 00 00 00 02", { data: filled(700, 7) });
    const { data } = await run("28 00 00 00 00 00 00 00 02");
    expect(data.equals(Buffer.concat([filled(512, 7), filled(512, 0)]))).toBe(true);
  });

  test("ORWRITE sets the bits that came, FUA and DPO or not, and keeps all others", async () => {
    const { run } = openTarget({ sizeBytes: MIB });
    await run("2a 00 00 00 00 00 00 00 03", { data: filled(1536, 0b0011) });
    const orWrite = "8b 18 00 00 00 00 00 00 00 01 00 00 00 02";
    expect((await run(orWrite, { data: filled(1024, 0b0101) })).status).toBe(GOOD);
    const read = async () => (await run("28 00 00 00 00 00 00 00 03")).data;
    const expected = Buffer.concat([filled(512, 0b0011), filled(1024, 0b0111)]);
    expect((await read()).equals(expected)).toBe(true);
    // Of what is not whole blocks nothing is written, as by WRITE.
    expect((await run(orWrite, { data: filled(700, 0b1000) })).status).toBe(GOOD);
    expect((await read()).equals(Buffer.from(expected).fill(0b1111, 512, 1024))).toBe(true);
    expect((await run("8b 00 00 00 00 00 00 00 07 ff 00 00 00 02")).sense).toBe("05/21/00");
    expect((await run("8b 00 00 00 00 00 00 00 08 01 00 00 00 00")).sense).toBe("05/21/00");
    expect((await run("8b 00 00 00 00 00 00 00 08 00 00 00 00 00")).status).toBe(GOOD);
  });

  test("WRITE SAME spreads a pattern over many pieces, zeros unmap", async () => {
    const { run } = openTarget();
    const block = Buffer.concat([filled(511, 1), filled(1, 2)]);
    const same = "93 00 00 00 00 00 00 00 00 01 00 00 04 02";
    expect((await run(same, { data: block })).status).toBe(GOOD);
    const { data } = await run("88 00 00 00 00 00 00 00 00 00 00 00 04 04");
    expect(data.subarray(0, 512).equals(filled(512, 0))).toBe(true);
    for (let at = 512; at < 0x403 * 512; at += 512) {
      expect(data.compare(block, 0, 512, at, at + 512)).toBe(0);
    }
    expect(data.subarray(0x403 * 512).equals(filled(512, 0))).toBe(true);
    await run("93 09 00 00 00 00 00 00 00 01 00 00 04 02");
    const empty = await run("88 00 00 00 00 00 00 00 00 00 00 00 04 04");
    expect(empty.data.equals(filled(0x404 * 512, 0))).toBe(true);
  });

  test("WRITE SAME refuses no blocks, anchors, and data of another size than one block", async () => {
    const { run } = openTarget();
    const data = filled(512, 1);
    expect((await run("41 00 00 00 00 00 00 00 00", { data })).sense).toBe("05/24/00");
    expect((await run("41 10 00 00 00 00 00 00 01", { data })).sense).toBe("05/24/00");
    const two = { data: filled(1024, 1) };
    expect((await run("41 00 00 00 00 00 00 00 01", two)).sense).toBe("05/24/00");
  });

  test("UNMAP checks every descriptor before the first takes effect", async () => {
    const { run } = openTarget({ sizeBytes: MIB });
    await run("2a 00 00 00 00 00 00 00 02", { data: filled(1024, 9) });
    const list = unmapList;
    const unmap = (data: Buffer) => run(unmapCdb(data), { data });
    expect((await unmap(list([0, 1], [2048, 1]))).sense).toBe("05/21/00");
    expect((await run("28 00 00 00 00 00 00 00 01")).data[0]).toBe(9);
    expect((await unmap(list([0, 1], [7, 0]))).status).toBe(GOOD);
    const { data } = await run("28 00 00 00 00 00 00 00 02");
    expect(data.equals(Buffer.concat([filled(512, 0), filled(512, 9)]))).toBe(true);
    expect((await unmap(Buffer.alloc(4))).sense).toBe("05/1a/00");
    expect((await run("42 00 00 00 00 00 00 00 00")).status).toBe(GOOD);
    expect((await run("42 01 00 00 00 00 00 00 00")).sense).toBe("05/24/00");
  });

  test("UNMAP makes one operation of descriptors that touch, in whatever order", async () => {
    const { run, device } = openTarget({ sizeBytes: MIB });
    const ranges: [number, number][] = [];
    const unmapBlocks = device.unmapBlocks.bind(device);
    device.unmapBlocks = (offset, length, options) => {
      ranges.push([offset / 512, length / 512]);
      return unmapBlocks(offset, length, options);
    };
    const data = unmapList([9, 1], [3, 2], [8, 1], [4, 4], [20, 0], [30, 5], [31, 2]);
    expect((await run(unmapCdb(data), { data })).status).toBe(GOOD);
    expect(ranges).toEqual([
      [3, 7],
      [30, 5],
    ]);
  });

  test("UNMAP of which a part failed is over only when all of it is", async () => {
    const { run, device } = openTarget({ sizeBytes: MIB });
    let over = 0;
    device.unmapBlocks = async (offset) => {
      if (offset === 0) throw new SystemError("chunk/unavailable", "no replica answers");
      await new Promise((resolve) => setImmediate(resolve));
      over += 1;
    };
    const data = unmapList([0, 1], [9, 1], [19, 1]);
    expect((await run(unmapCdb(data), { data })).status).toBe(BUSY);
    expect(over).toBe(2);
  });

  test("COMPARE AND WRITE writes on equality, else says where it differs", async () => {
    const { run } = openTarget();
    const cas = "89 00 00 00 00 00 00 00 00 03 00 00 00 01";
    const change = Buffer.concat([filled(512, 0), filled(512, 5)]);
    expect((await run(cas, { data: change })).status).toBe(GOOD);
    change.writeUInt8(5, 0);
    const { sense, result } = await run(cas, { data: change });
    expect(sense).toBe("0e/1d/00");
    expect(result.sense?.readUInt8(0)).toBe(0xf0);
    expect(result.sense?.readUInt32BE(3)).toBe(1);
    expect((await run(cas, { data: filled(512, 0) })).sense).toBe("05/24/00");
    const two = "89 00 00 00 00 00 00 00 00 03 00 00 00 02";
    expect((await run(two, { data: filled(2048, 0) })).sense).toBe("05/24/00");
  });

  test("VERIFY compares on demand and names the first difference", async () => {
    const { run } = openTarget();
    await run("2a 00 00 00 00 00 00 00 02", { data: filled(1024, 3) });
    expect((await run("2f 00 00 00 00 00 00 00 02")).status).toBe(GOOD);
    const data = filled(1024, 3);
    expect((await run("2f 02 00 00 00 00 00 00 02", { data })).status).toBe(GOOD);
    data.writeUInt8(4, 600);
    const { sense, result } = await run("2f 02 00 00 00 00 00 00 02", { data });
    expect([sense, result.sense?.readUInt32BE(3)]).toEqual(["0e/1d/00", 600]);
    expect((await run("2f 04 00 00 00 00 00 00 02")).sense).toBe("05/24/00");
  });
});

describe("failures of the block device", () => {
  test("trouble in the cluster is BUSY, for every command that reaches it", async () => {
    const { run, device } = openTarget();
    device.failure = new SystemError("chunk/unavailable", "no replica answers");
    const data = filled(512, 1);
    for (const cdb of [
      "28 00 00 00 00 00 00 00 01",
      "2a 00 00 00 00 00 00 00 01",
      "8b 00 00 00 00 00 00 00 00 00 00 00 00 01",
      "35",
    ]) {
      expect((await run(cdb, { data })).status).toBe(BUSY);
    }
  });

  test("only data that no replica has in good order is a medium error", () => {
    const medium = ERROR_CODES.filter(
      (code) => resultOfError(new SystemError(code, "")).sense?.[2] === 3,
    );
    expect(medium).toEqual(["chunk/bad-checksum"]);
  });

  test("a full cluster can be added to; a deleted volume is gone", () => {
    const senseOf = (code: "disk/no-space" | "volume/not-found"): (number | undefined)[] => {
      const { sense } = resultOfError(new SystemError(code, ""));
      return [sense?.[2], sense?.[12], sense?.[13]];
    };
    expect(senseOf("disk/no-space")).toEqual([2, 0x04, 0x14]);
    expect(senseOf("volume/not-found")).toEqual([5, 0x25, 0]);
  });
});
