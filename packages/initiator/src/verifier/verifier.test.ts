import { KIB, MIB, SystemError } from "@ashlar/core";
import { nodeClock, seededRandom } from "@ashlar/runtime";
import { describe, expect, it } from "vitest";
import { type DeviceFaults, MemoryDevice } from "../testing/memory-device.ts";
import { FAULT_KINDS, type FaultKind, isClean, type VerifierReport } from "./report.ts";
import { Verifier, type VerifierOptions } from "./verifier.ts";

const signal = new AbortController().signal;
const SIZE = 4 * MIB;

function make(
  faults: DeviceFaults = {},
  options: Partial<VerifierOptions> = {},
): { readonly device: MemoryDevice; readonly verifier: Verifier } {
  const device = new MemoryDevice({ sizeBytes: SIZE });
  device.faults = faults;
  const verifier = new Verifier(
    { paths: [{ name: "memory", device }], clock: nodeClock },
    { seed: 1, runId: 77, borderSize: MIB, lengthMax: 64 * KIB, ...options },
  );
  return { device, verifier };
}

const kindsOf = (report: VerifierReport): FaultKind[] =>
  FAULT_KINDS.filter((kind) => report.faultCounts[kind] > 0);

/** Waits a few turns of the event loop, so that operations overlap in every order. */
function shuffledDelay(seed: number): () => Promise<void> {
  const random = seededRandom(seed);
  return async () => {
    for (let turns = random.below(6); turns > 0; turns--) await new Promise(setImmediate);
  };
}

describe("Verifier on a sound device", () => {
  it("finds nothing, whatever overlaps", async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { verifier } = make({ delay: shuffledDelay(seed) }, { seed, depth: 16 });
      await verifier.run({ operations: 600, signal });
      await verifier.readBack({ signal });
      const report = verifier.report();
      expect(report.faults).toEqual([]);
      expect(isClean(report)).toBe(true);
      expect(report.errorCount).toBe(0);
      expect(report.unitsChecked).toBeGreaterThan(report.unitsWritten);
      expect(report.operations.write.count).toBeGreaterThan(200);
    }
  });

  it("allows failed writes to have happened, or not", async () => {
    for (const happened of [true, false]) {
      let count = 0;
      const { device, verifier } = make();
      device.faults = {
        onWrite: (write) => {
          if (++count % 5 !== 0) return write;
          if (happened) write.data.copy(device.content, write.offset);
          throw new SystemError("rpc/disconnected", "path lost");
        },
      };
      await verifier.run({ operations: 200, signal });
      await verifier.readBack({ signal });
      const report = verifier.report();
      expect(report.faults).toEqual([]);
      expect(report.errorCount).toBeGreaterThan(10);
      expect(report.errors[0]).toMatchObject({ operation: "write", code: "rpc/disconnected" });
    }
  });

  it("does the same again for the same seed", async () => {
    const contents = await Promise.all(
      [1, 2].map(async () => {
        const { device, verifier } = make({}, { depth: 1, seed: 9 });
        await verifier.run({ operations: 100, signal });
        return device.content;
      }),
    );
    expect(contents[0]?.equals(contents[1] ?? Buffer.alloc(0))).toBe(true);
  });

  it("judges 4 KiB units, a part of the device, and content from before", async () => {
    const device = new MemoryDevice({ sizeBytes: SIZE });
    device.content.fill(0xab);
    const verifier = new Verifier(
      { paths: [{ name: "memory", device }], clock: nodeClock },
      { seed: 2, runId: 5, unitSize: 4096, initial: "any", offset: MIB, length: MIB },
    );
    await verifier.run({ operations: 100, signal });
    await verifier.readBack({ signal });
    expect(verifier.report().faults).toEqual([]);
    expect(device.content.subarray(0, MIB).every((byte) => byte === 0xab)).toBe(true);
  });

  it("leaves writes in flight alone when told to", async () => {
    const writing = new Set<readonly [begin: number, end: number]>();
    let overlaps = 0;
    const { device, verifier } = make({}, { overlap: false, depth: 16, unmapPercent: 0 });
    const delay = shuffledDelay(4);
    const write = device.write.bind(device);
    device.write = async (offset, data, options) => {
      const range = [offset, offset + (data[0]?.length ?? 0)] as const;
      for (const other of writing) if (range[0] < other[1] && other[0] < range[1]) overlaps++;
      writing.add(range);
      await delay();
      await write(offset, data, options);
      writing.delete(range);
    };
    await verifier.run({ operations: 500, signal });
    expect(overlaps).toBe(0);
    expect(isClean(verifier.report())).toBe(true);
  });

  it("records the longest time without a completion", async () => {
    const { device, verifier } = make({}, { depth: 1 });
    let count = 0;
    device.faults = {
      delay: async () => {
        if (++count === 20) await new Promise((resolve) => setTimeout(resolve, 120));
      },
    };
    await verifier.run({ operations: 40, signal });
    expect(verifier.report().longestStallMs).toBeGreaterThanOrEqual(100);
  });
});

describe("Verifier on a device that", () => {
  const AT = 64 * KIB;

  async function writeTwiceAndRead(faults: DeviceFaults): Promise<VerifierReport> {
    const { device, verifier } = make();
    await verifier.write(AT, 8 * KIB, { signal });
    device.faults = faults;
    await verifier.write(AT, 8 * KIB, { signal });
    device.faults = faults.onRead ? faults : {};
    await verifier.read(AT, 8 * KIB, { signal });
    return verifier.report();
  }

  it("loses a write: stale if something older stands there, lost if nothing does", async () => {
    expect(kindsOf(await writeTwiceAndRead({ onWrite: () => undefined }))).toEqual(["stale"]);
    const { verifier } = make({ onWrite: () => undefined });
    await verifier.write(AT, 8 * KIB, { signal });
    await verifier.readBack({ signal });
    const report = verifier.report();
    expect(kindsOf(report)).toEqual(["lost"]);
    expect(report.faultCounts.lost).toBe(16);
    expect(report.faults[0]).toMatchObject({ offset: AT, legal: [1], path: "memory" });
  });

  it("puts a write in the wrong place", async () => {
    const report = await writeTwiceAndRead({
      onRead: ({ offset, data }, device) =>
        Buffer.from(device.content.subarray(offset + 512, offset + 512 + data.length)),
    });
    expect(report.faultCounts.foreign).toBe(15);
  });

  it("swaps two blocks", async () => {
    const report = await writeTwiceAndRead({
      onWrite: ({ offset, data }) => ({
        offset,
        data: Buffer.concat([data.subarray(512, 1024), data.subarray(0, 512), data.subarray(1024)]),
      }),
    });
    expect(report.faultCounts).toMatchObject({ foreign: 2, stale: 0 });
  });

  it("tears a write inside a block", async () => {
    const report = await writeTwiceAndRead({
      onWrite: ({ offset, data }) => ({ offset, data: data.subarray(0, 512 + 256) }),
    });
    expect(report.faultCounts).toMatchObject({ torn: 1, stale: 14 });
  });

  it("tears a block against zeros", async () => {
    const { verifier } = make({
      onWrite: ({ offset, data }) => ({ offset: offset + 128, data: data.subarray(128) }),
    });
    await verifier.write(AT, 4 * KIB, { signal });
    await verifier.readBack({ signal });
    expect(verifier.report().faultCounts).toMatchObject({ torn: 1, lost: 0 });
  });

  it("flips a bit", async () => {
    const report = await writeTwiceAndRead({
      onRead: ({ data }) => {
        data.writeUInt8(data.readUInt8(700) ^ 1, 700);
        return data;
      },
    });
    expect(kindsOf(report)).toEqual(["corrupt"]);
  });

  it("returns old data now and then, during load", async () => {
    const { device, verifier } = make({}, { unmapPercent: 0, depth: 1 });
    const old = Buffer.alloc(SIZE);
    let reads = 0;
    device.faults = {
      onWrite: (write) => {
        device.content.copy(old, write.offset, write.offset, write.offset + write.data.length);
        return write;
      },
      onRead: ({ offset, data }) =>
        ++reads % 3 === 0 ? Buffer.from(old.subarray(offset, offset + data.length)) : data,
    };
    await verifier.run({ operations: 400, signal });
    const { stale, lost } = verifier.report().faultCounts;
    expect(stale + lost).toBeGreaterThan(0);
  });

  it("serves the content of another run, or of before an unmap", async () => {
    const { device, verifier } = make();
    await verifier.write(AT, 4 * KIB, { signal });
    const before = Buffer.from(device.content);
    await verifier.unmap(AT, 4 * KIB, { signal });
    before.copy(device.content);
    await verifier.readBack({ signal });
    expect(kindsOf(verifier.report())).toEqual(["stale"]);

    const other = new Verifier(
      { paths: [{ name: "memory", device }], clock: nodeClock },
      { seed: 1, runId: 78 },
    );
    await other.read(AT, 4 * KIB, { signal });
    await other.write(0, 512, { signal });
    device.content.copy(device.content, 0, AT, AT + 512);
    await other.read(0, 512, { signal });
    expect(kindsOf(other.report())).toEqual(["foreign"]);
    expect(other.report().faultCounts.foreign).toBe(9);
  });

  it("goes back after the newer value was seen, while both writes are of unknown fate", async () => {
    const { device, verifier } = make();
    const versions: Buffer[] = [];
    device.faults = {
      onWrite: ({ data }) => {
        versions.push(data);
        throw new SystemError("rpc/disconnected", "path lost");
      },
    };
    for (let write = 0; write < 2; write++) await verifier.write(AT, 512, { signal });
    const readSees = async (version: Buffer | undefined): Promise<void> => {
      device.faults = { onRead: () => Buffer.from(version ?? Buffer.alloc(512)) };
      await verifier.read(AT, 512, { signal });
    };
    await readSees(undefined);
    await readSees(versions[0]);
    await readSees(versions[1]);
    expect(isClean(verifier.report())).toBe(true);
    await readSees(versions[0]);
    expect(kindsOf(verifier.report())).toEqual(["stale"]);
  });

  it("shows one path an older state than another", async () => {
    const good = new MemoryDevice({ sizeBytes: SIZE });
    const behind = new MemoryDevice({ sizeBytes: SIZE });
    const paths = [
      { name: "a", device: good },
      { name: "b", device: behind },
    ];
    const verifier = new Verifier({ paths, clock: nodeClock }, { seed: 1, runId: 3 });
    await verifier.write(AT, 4 * KIB, { signal });
    await verifier.readBack({ signal });
    const report = verifier.report();
    expect(report.faults.map((fault) => fault.path)).toEqual(new Array(8).fill("b"));
  });
});
