// EXTENDED COPY and what is told about it, over one unit and over two.
import { MIB, NO_PATH, SystemError, scatterJoin, volumeId } from "@ashlar/core";
import { MemoryBlockDevice } from "@ashlar/core/testing";
import { describe, expect, test } from "vitest";
import { LogicalUnit } from "../logical-unit.ts";
import { NEXUS_A, NEXUS_B, openTarget } from "../testing/harness.ts";
import { LocalReservations } from "../testing/local-reservations.ts";

interface Segment {
  readonly from?: number;
  readonly to?: number;
  readonly source?: number;
  readonly destination?: number;
  readonly count?: number;
  readonly flags?: number;
}

interface ListOptions {
  readonly units: readonly LogicalUnit[];
  readonly segments: readonly Segment[];
  readonly listId?: number;
  readonly usage?: number;
}

/** A parameter list as QEMU and libiscsi write it. */
function listOf({ units, segments, listId = 1, usage = 0 }: ListOptions): Buffer {
  const header = Buffer.alloc(16);
  header[0] = listId;
  header[1] = usage << 3;
  header.writeUInt16BE(units.length * 32, 2);
  header.writeUInt32BE(segments.length * 28, 8);
  const addresses = units.map(({ identity, blockSize }) => {
    const address = Buffer.alloc(32);
    address.set([0xe4, 0, 0, 0, 1, 3, 0, 16]);
    identity.naa.copy(address, 8);
    address.writeUIntBE(blockSize, 29, 3);
    return address;
  });
  const descriptors = segments.map((segment) => {
    const { from = 0, to = 0, source = 0, destination = 0, count = 1, flags = 0 } = segment;
    const descriptor = Buffer.alloc(28);
    descriptor.set([0x02, flags, 0, 24]);
    descriptor.writeUInt16BE(source, 4);
    descriptor.writeUInt16BE(destination, 6);
    descriptor.writeUInt16BE(count, 10);
    descriptor.writeUInt32BE(from, 16);
    descriptor.writeUInt32BE(to, 24);
    return descriptor;
  });
  return Buffer.concat([header, ...addresses, ...descriptors]);
}

const options = { signal: new AbortController().signal, path: NO_PATH };

function open({
  blockSize = 512,
  otherBlockSize = 512,
  sizeBytes = 16 * MIB,
  readOnly = false,
} = {}) {
  const volume = volumeId("0f8fad5b-d9cb-469f-a165-708676289500");
  const device = new MemoryBlockDevice({ sizeBytes, blockSize: otherBlockSize });
  const allowed = { now: true };
  const reservations = new LocalReservations();
  const other = new LogicalUnit({ device, volume, reservations });
  const harness = openTarget({
    blockSize,
    sizeBytes,
    surroundings: {
      targetPorts: () => [],
      findUnit: (naa, nexus) =>
        nexus === NEXUS_A && allowed.now && naa.equals(other.identity.naa)
          ? { unit: other, readOnly }
          : undefined,
    },
  });
  const copy = (data: Buffer, nexus = NEXUS_A) =>
    harness.run(
      `83 00 00 00 00 00 00 00 00 00 00 00 ${data.length.toString(16).padStart(4, "0")}`,
      {
        data,
        nexus,
      },
    );
  const read = async ({ device: from }: LogicalUnit, at: number, length: number) =>
    scatterJoin(await from.read(at, length, options));
  const write = (to: LogicalUnit, at: number, data: Buffer) => to.device.write(at, [data], options);
  return { ...harness, other, allowed, copy, read, write };
}

const pattern = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => (index * 7 + (index >> 9)) % 251));

describe("copies", () => {
  test("within a unit and to another one, in the order of the segments", async () => {
    const { unit, other, copy, read, write } = open();
    const data = pattern(3 * MIB);
    await write(unit, 0, data);
    const segments = [
      { to: 8192, count: 6144 },
      { from: 8192, source: 0, destination: 1, to: 64, count: 6144 },
      { count: 0 },
    ];
    expect(await copy(listOf({ units: [unit, other], segments }))).toMatchObject({ status: 0 });
    expect((await read(unit, 8192 * 512, data.length)).equals(data)).toBe(true);
    expect((await read(other, 64 * 512, data.length)).equals(data)).toBe(true);
    expect((await read(other, 0, 64 * 512)).every((byte) => byte === 0)).toBe(true);
  });

  test.each([
    ["up", 0, 100],
    ["down", 100, 0],
  ])("overlapping ranges, %s", async (_name, from, to) => {
    const { unit, copy, read, write } = open();
    const data = pattern(5 * MIB);
    await write(unit, from * 512, data);
    const segments = [{ from, to, count: data.length / 512 }];
    expect((await copy(listOf({ units: [unit], segments }))).status).toBe(0);
    expect((await read(unit, to * 512, data.length)).equals(data)).toBe(true);
  });

  test("between units of other block sizes, counted as the segment says", async () => {
    const { unit, other, copy, read, write } = open({ otherBlockSize: 4096 });
    const data = pattern(8192);
    await write(unit, 0, data);
    const units = [unit, other];
    const bySource = [{ destination: 1, to: 1, count: 16 }];
    expect((await copy(listOf({ units, segments: bySource }))).status).toBe(0);
    expect((await read(other, 4096, 8192)).equals(data)).toBe(true);
    const byDestination = [{ destination: 1, to: 8, count: 2, flags: 2 }];
    expect((await copy(listOf({ units, segments: byDestination }))).status).toBe(0);
    expect((await read(other, 8 * 4096, 8192)).equals(data)).toBe(true);
    const halfABlock = [{ destination: 1, count: 4 }];
    expect((await copy(listOf({ units, segments: halfABlock }))).sense).toBe("0a/00/00");
  });
});

describe("reservations of other hosts", () => {
  const key = "00000000000000bb";
  const nexus = { initiatorPort: NEXUS_B.initiatorPort, targetPort: 2 };
  const register = {
    kind: "register",
    nexus,
    seen: 0,
    key: undefined,
    newKey: key,
    allTargetPorts: false,
    aptpl: false,
  } as const;

  test.each([
    ["write exclusive", 1, "source", 0x00],
    ["write exclusive", 1, "destination", 0x18],
    ["exclusive access", 3, "source", 0x18],
  ] as const)("%s (type %i) of the %s: status %i", async (_name, type, side, status) => {
    const { unit, other, copy, write, read } = open();
    await write(unit, 0, pattern(512));
    await write(other, 0, pattern(512));
    await other.reservations.change(register, options);
    await other.reservations.change({ kind: "reserve", nexus, seen: 0, key, type }, options);
    const segment = side === "source" ? { source: 1, to: 9 } : { destination: 1, to: 9 };
    expect((await copy(listOf({ units: [unit, other], segments: [segment] }))).status).toBe(status);
    const written = await read(side === "source" ? unit : other, 9 * 512, 512);
    expect(written.equals(pattern(512))).toBe(status === 0);
  });
});

describe("what cannot be done ends the command at its segment", () => {
  test("a unit that the nexus may only read is read, and not written to", async () => {
    const { unit, other, copy, read } = open({ readOnly: true });
    await other.device.write(0, [pattern(512)], options);
    const units = [unit, other];
    expect((await copy(listOf({ units, segments: [{ source: 1 }] }))).status).toBe(0);
    expect((await copy(listOf({ units, segments: [{ destination: 1, to: 1 }] }))).sense).toBe(
      "07/27/00",
    );
    expect((await read(other, 512, 512)).every((byte) => byte === 0)).toBe(true);
  });

  test("a unit that the host loses in the middle of a copy is not written any more (P11)", async () => {
    const { unit, other, allowed, copy, read } = open();
    const write = other.device.write.bind(other.device);
    let pieces = 0;
    other.device.write = async (offset, data, each) => {
      pieces += 1;
      await write(offset, data, each);
      allowed.now = false;
    };
    await unit.device.write(0, [pattern(3 * MIB)], options);
    const segments = [{ destination: 1, count: 6144 }];
    expect((await copy(listOf({ units: [unit, other], segments }))).status).not.toBe(0);
    expect(pieces).toBe(1);
    expect((await read(other, MIB, MIB)).every((byte) => byte === 0)).toBe(true);
  });

  test("units that the nexus may not access are not reachable", async () => {
    const { unit, other, copy } = open();
    const list = listOf({ units: [unit, other], segments: [{ destination: 1 }] });
    expect((await copy(list)).status).toBe(0);
    expect((await copy(list, NEXUS_B)).sense).toBe("0a/08/04");
    expect((await copy(listOf({ units: [unit], segments: [{ destination: 1 }] }))).sense).toBe(
      "0a/08/04",
    );
  });

  test("earlier segments are done, and the sense counts them", async () => {
    const { unit, copy, read, write, run } = open({ sizeBytes: MIB });
    await write(unit, 0, pattern(512));
    const segments = [{ to: 9 }, { to: 10 }, { to: 2048 }, { to: 11 }];
    const { sense, result } = await copy(listOf({ units: [unit], segments }));
    expect([sense, result.sense?.readUInt32BE(3)]).toEqual(["0a/00/00", 2]);
    expect((await read(unit, 10 * 512, 512)).equals(pattern(512))).toBe(true);
    expect((await read(unit, 11 * 512, 512)).every((byte) => byte === 0)).toBe(true);
    const status = await run("84 00 01 00 00 00 00 00 00 00 00 00 00 ff");
    expect(status.data.toString("hex")).toBe("00000008" + "02" + "0002" + "01" + "00000001");
  });

  test("long segments and a host that is wrong about the block size", async () => {
    const { unit, copy } = open({ sizeBytes: 64 * MIB });
    const long = listOf({ units: [unit], segments: [{ to: 65536, count: 32769 }] });
    expect((await copy(long)).sense).toBe("0a/00/00");
    const list = listOf({ units: [unit], segments: [{ to: 1 }] });
    list.writeUInt16BE(4096, 16 + 30);
    expect((await copy(list)).sense).toBe("0a/00/00");
  });

  test("trouble in the cluster is BUSY where the host may repeat, else the copy is aborted", async () => {
    const { unit, device, copy } = open();
    device.failure = new SystemError("chunk/unavailable", "no replica answers");
    const apart = listOf({ units: [unit], segments: [{ to: 100, count: 8 }] });
    expect((await copy(apart)).status).toBe(8);
    const over = listOf({ units: [unit], segments: [{ to: 4, count: 8 }] });
    expect((await copy(over)).sense).toBe("0a/0d/01");
    const chained = [{ to: 100 }, { from: 100, to: 0 }];
    expect((await copy(listOf({ units: [unit], segments: chained }))).sense).toBe("0a/0d/01");
  });
});

describe("lists", () => {
  const harness = open();
  const { unit, other, copy } = harness;
  const good = (): Buffer => listOf({ units: [unit], segments: [{ to: 1 }] });
  const changed = (at: number, value: number): Buffer => {
    const list = good();
    list[at] = value;
    return list;
  };

  test.each([
    ["an unknown kind of address", changed(16, 0xe0), "05/26/07"],
    ["an unknown kind of segment", changed(48, 0x03), "05/26/09"],
    ["a segment of another length", changed(51, 25), "05/26/00"],
    ["a tape", changed(17, 1), "05/26/00"],
    ["a designator that is no NAA name", changed(21, 1), "05/26/00"],
    ["a reserved list identifier usage", changed(1, 1 << 3), "05/26/00"],
    ["an identifier where there is none", changed(1, 3 << 3), "05/26/00"],
    ["inline data", changed(15, 4), "05/26/00"],
    ["addresses that end within one", changed(3, 31), "05/26/00"],
    ["a list longer than what was sent", changed(11, 29), "05/1a/00"],
    ["less than a header", good().subarray(0, 15), "05/1a/00"],
    ["too many addresses", listOf({ units: [unit, other, unit], segments: [] }), "05/26/06"],
    [
      "too many segments",
      listOf({ units: [unit], segments: Array.from({ length: 9 }, () => ({})) }),
      "05/26/08",
    ],
  ])("with %s are refused and copy nothing", async (_name, list, sense) => {
    const before = harness.device.failure;
    harness.device.failure = new SystemError("internal", "nothing may be read or written");
    expect((await copy(list)).sense).toBe(sense);
    harness.device.failure = before;
  });

  test("longer than the limit are refused before they are sent; empty ones are no error", async () => {
    const { target, run } = harness;
    const cdb = Buffer.from("83000000000000000000000001310000", "hex");
    expect(target.prepare(NEXUS_A, 0, cdb)).toMatchObject({ kind: "refused" });
    cdb.writeUInt32BE(0x130, 10);
    expect(target.prepare(NEXUS_A, 0, cdb)).toMatchObject({ kind: "ready", dataOutLength: 0x130 });
    expect((await run("83")).status).toBe(0);
    expect((await copy(listOf({ units: [], segments: [] }))).status).toBe(0);
  });

  test("LU ID TYPE and NUL of older standards are ignored, as SPC-4 says", async () => {
    expect((await copy(changed(17, 0xe0))).status).toBe(0);
  });
});

describe("RECEIVE COPY RESULTS", () => {
  const status = (id: string) => `84 00 ${id} 00 00 00 00 00 00 00 00 00 00 ff`;

  test("tells the last copy of the nexus by its identifier, until the nexus is lost", async () => {
    const { target, unit, copy, run } = open();
    expect((await run(status("01"))).sense).toBe("05/24/00");
    await copy(listOf({ units: [unit], segments: [{ to: 9, count: 6 }], listId: 7 }));
    const { data } = await run(status("07"));
    expect(data.toString("hex")).toBe("00000008" + "01" + "0001" + "01" + "00000003");
    expect((await run(status("01"))).sense).toBe("05/24/00");
    expect((await run(status("07"), { nexus: NEXUS_B })).sense).toBe("05/24/00");
    await target.loseNexus(NEXUS_A);
    expect((await run(status("07"))).sense).toBe("05/24/00");
  });

  test("a copy without identifier leaves nothing to ask about", async () => {
    const { unit, copy, run } = open();
    const list = listOf({ units: [unit], segments: [{ to: 9 }], listId: 0, usage: 3 });
    expect((await copy(list)).status).toBe(0);
    expect((await run(status("00"))).sense).toBe("05/24/00");
  });

  test("a copy that still runs is told as such", async () => {
    const { unit, device, copy, run } = open();
    let go: () => void = () => {};
    const stopped = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { read } = device;
    device.read = async (...parameters) => {
      await stopped;
      return read.apply(device, parameters);
    };
    const running = copy(listOf({ units: [unit], segments: [{ to: 9 }] }));
    expect((await run(status("01"))).data[4]).toBe(0);
    go();
    expect((await running).status).toBe(0);
    expect((await run(status("01"))).data[4]).toBe(1);
  });

  test("the operating parameters are the limits that hold, and page 8F agrees", async () => {
    const { run } = open();
    const { data } = await run("84 03 00 00 00 00 00 00 00 00 00 00 00 ff");
    expect(data.readUInt32BE(0)).toBe(data.length - 4);
    const limits = [data.readUInt16BE(8), data.readUInt16BE(10), data.readUInt32BE(12)];
    expect([...limits, data.readUInt32BE(16)]).toEqual([2, 8, 288, 16 * MIB]);
    expect(data.toString("hex", 43)).toBe("0202e4");
    const page = (await run("12 01 8f 00 ff 00")).data;
    expect(page.toString("hex", 4, 16)).toBe("0001000807830100" + "84020003");
    const found = new Map<number, Buffer>();
    for (let at = 4; at < page.length; at += 4 + page.readUInt16BE(at + 2)) {
      found.set(page.readUInt16BE(at), page.subarray(at + 4, at + 4 + page.readUInt16BE(at + 2)));
    }
    expect(found.get(0x0004)?.toString("hex", 4, 12)).toBe("0002000800000120");
    expect(found.get(0x0008)?.toString("hex")).toBe("0202e400");
    expect(found.get(0x8001)?.readUInt32BE(8)).toBe(16 * MIB);
  });
});
