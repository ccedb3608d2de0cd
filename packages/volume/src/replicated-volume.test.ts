// A volume as its users see it, over real carriers.
import {
  alignDown,
  alignUp,
  CHECKSUM_UNIT,
  OP_LENGTH_MAX,
  scatterJoin,
  unitChecksums,
} from "@ashlar/core";
import { blockDeviceContract } from "@ashlar/core/testing";
import type { CarrierKind } from "@ashlar/rpc";
import { afterEach, describe, expect, it } from "vitest";
import { openVolume } from "./replicated-volume.ts";
import { CHUNK_SIZE, CHUNKS, replyOf, type VOLUME } from "./testing/fake-cluster.ts";
import {
  block,
  closeTestVolumes,
  codeOf,
  openTestVolume,
  options,
} from "./testing/opened-volume.ts";

afterEach(closeTestVolumes);

blockDeviceContract("ReplicatedVolume", async () => {
  const { volume } = await openTestVolume();
  return { device: volume, border: CHUNK_SIZE, dispose: closeTestVolumes };
});

describe.each<CarrierKind>(["socket", "grpc"])("replicated volume over %s", (kind) => {
  it("writes and reads across chunks, parts joined in order", async () => {
    const { volume, first, second } = await openTestVolume({ kind });
    const offset = CHUNK_SIZE - 1536;
    const length = CHUNK_SIZE + 4096;
    const data = Buffer.alloc(length);
    for (let i = 0; i < length; i += 4) data.writeUInt32LE(i, i);
    await volume.write(offset, [data.subarray(0, 1000), data.subarray(1000)], options());
    const read = await volume.read(offset, length, options());
    expect(scatterJoin(read).equals(data)).toBe(true);
    const before = await volume.read(offset - 512, 512, options());
    expect(scatterJoin(before).equals(Buffer.alloc(512))).toBe(true);
    expect(Math.max(...[...first.seen, ...second.seen].map((op) => op.length))).toBe(1_048_576);
    expect(first.carriers.size + second.carriers.size).toBe(2);
  });

  it("re-sends with the same opId when the connection breaks, and it happens once", async () => {
    const { volume, first } = await openTestVolume({ kind });
    await volume.write(0, block(1), options());
    let broken = false;
    first.intercept = (operation) => {
      if (broken) return false;
      broken = true;
      first.perform(operation);
      first.disconnect();
      return true;
    };
    await volume.compareAndWrite(0, block(1), block(2), options());
    const [, sent, again] = first.seen;
    expect(again?.opId).toEqual(sent?.opId);
    expect(scatterJoin(await volume.read(0, 4096, options()))[0]).toBe(2);
  });
});

describe("replicated volume", () => {
  it("says what it is", async () => {
    const { volume } = await openTestVolume();
    expect(volume.sizeBytes).toBe(CHUNKS * CHUNK_SIZE);
    expect(volume.blockSize).toBe(512);
    await volume.flush(options());
  });

  it("gives each operation what a primary decides by", async () => {
    const { volume, first } = await openTestVolume();
    const data = block(7, 5120);
    await volume.write(3584, data, options());
    await volume.write(0, block(8, 512), options());
    expect(first.seen[0]).toMatchObject({
      kind: "write",
      epoch: 1,
      generation: 1,
      layer: 0,
      opId: { incarnation: 9, seq: 1 },
      lowestUnresolvedSeq: 1,
      offset: 3584,
      length: 5120,
      checksums: unitChecksums(first.seen[0]!.chunk, 3584, data),
    });
    expect(first.seen[1]).toMatchObject({ opId: { seq: 2 }, lowestUnresolvedSeq: 2 });
  });

  it("never asks a primary for a write that exceeds the limit when widened to whole units", async () => {
    const { volume, first, second } = await openTestVolume();
    const data = Buffer.from(Array.from({ length: 3 * OP_LENGTH_MAX }, (_, index) => index % 251));
    for (const offset of [512, 3584, CHUNK_SIZE - 512, CHUNK_SIZE - OP_LENGTH_MAX + 1024]) {
      await volume.write(offset, [data], options());
      const read = scatterJoin(await volume.read(offset, data.length, options()));
      expect(read.equals(data)).toBe(true);
    }
    const widened = [...first.seen, ...second.seen].map(
      ({ offset, length }) =>
        alignUp(offset + length, CHECKSUM_UNIT) - alignDown(offset, CHECKSUM_UNIT),
    );
    expect(Math.max(...widened)).toBe(OP_LENGTH_MAX);
    const long = block(0, OP_LENGTH_MAX);
    expect(await codeOf(volume.compareAndWrite(512, long, long, options()))).toBe(
      "argument/invalid",
    );
  });

  it("reads whole checksum units and hands out what was asked for", async () => {
    const { volume, first } = await openTestVolume();
    const data = Buffer.from(Array.from({ length: 16_384 }, (_, index) => index >> 6));
    await volume.write(0, [data], options());
    const read = scatterJoin(await volume.read(3584, 5120, options()));
    expect(read.equals(data.subarray(3584, 8704))).toBe(true);
    expect(first.seen.at(-1)).toMatchObject({ kind: "read", offset: 0, length: 12_288 });
    expect(await volume.read(512, 0, options())).toEqual([]);
  });

  it("unmaps by whole chunks and zeroes what is less than a checksum unit", async () => {
    const { volume, first, second } = await openTestVolume();
    const all = CHUNKS * CHUNK_SIZE;
    for (let at = 0; at < all; at += CHUNK_SIZE) {
      await volume.write(at, block(3, CHUNK_SIZE), options());
    }
    first.seen.length = 0;
    second.seen.length = 0;
    await volume.unmapBlocks(512, 3 * CHUNK_SIZE, options());
    const shapes = [...first.seen, ...second.seen]
      .map(({ kind, offset, length }) => `${kind} ${offset}+${length}`)
      .sort();
    expect(shapes).toEqual(
      [
        "write 512+3584",
        "write 0+512",
        `unmap 4096+${CHUNK_SIZE - 4096}`,
        `unmap 0+${CHUNK_SIZE}`,
        `unmap 0+${CHUNK_SIZE}`,
      ].sort(),
    );
    const content = scatterJoin(await volume.read(0, all, options()));
    const expected = Buffer.alloc(all, 3).fill(0, 512, 512 + 3 * CHUNK_SIZE);
    expect(content.equals(expected)).toBe(true);
  });

  it("unmaps less than a unit by writing zeros only", async () => {
    const { volume, first } = await openTestVolume();
    await volume.write(0, block(3, 8192), options());
    await volume.unmapBlocks(1024, 512, options());
    expect(first.seen.at(-1)).toMatchObject({ kind: "write", offset: 1024, length: 512 });
    const content = scatterJoin(await volume.read(0, 8192, options()));
    expect(content.equals(Buffer.alloc(8192, 3).fill(0, 1024, 1536))).toBe(true);
  });

  it("tells where a compare-and-write found other data, and changes nothing", async () => {
    const { volume } = await openTestVolume();
    await volume.write(8192, block(1, 512), options());
    const expected = Buffer.alloc(512, 1);
    expected[77] = 2;
    await expect(
      volume.compareAndWrite(8192, [expected], block(9, 512), options()),
    ).rejects.toMatchObject({ code: "operation/miscompare", meta: { offset: 77 } });
    expect(scatterJoin(await volume.read(8192, 512, options()))[0]).toBe(1);
  });

  it("asks the primary of each part to set bits, and for no more than that", async () => {
    const { volume, first, second } = await openTestVolume();
    await volume.write(CHUNK_SIZE - 512, block(0b0011, 1024), options());
    await volume.orWrite(CHUNK_SIZE - 512, block(0b0101, 1024), options());
    const shapes = [...first.seen, ...second.seen].map(
      ({ kind, offset, length }) => `${kind} ${offset}+${length}`,
    );
    const parts = [`${CHUNK_SIZE - 512}+512`, "0+512"];
    expect(shapes).toEqual(parts.flatMap((part) => [`write ${part}`, `orWrite ${part}`]));
    const content = scatterJoin(await volume.read(CHUNK_SIZE - 512, 1024, options()));
    expect(content.equals(Buffer.alloc(1024, 0b0111))).toBe(true);
  });

  it("refuses what is not a range of whole blocks inside the volume", async () => {
    const { volume, first } = await openTestVolume();
    const end = volume.sizeBytes;
    expect(await codeOf(volume.read(end, 512, options()))).toBe("volume/out-of-range");
    expect(await codeOf(volume.write(end - 512, block(1), options()))).toBe("volume/out-of-range");
    expect(await codeOf(volume.read(100, 512, options()))).toBe("argument/invalid");
    expect(await codeOf(volume.unmapBlocks(0, 100, options()))).toBe("argument/invalid");
    const border = CHUNK_SIZE - 512;
    expect(
      await codeOf(volume.compareAndWrite(border, block(0, 1024), block(1, 1024), options())),
    ).toBe("argument/invalid");
    expect(await codeOf(volume.compareAndWrite(0, block(0, 512), block(1, 1024), options()))).toBe(
      "argument/invalid",
    );
    expect(first.seen).toEqual([]);
  });

  it("fails a read of several parts with the first error after all are settled", async () => {
    const { volume, first, second } = await openTestVolume();
    let answered = 0;
    second.intercept = (_, reply) => {
      reply(replyOf("outOfRange"));
      return true;
    };
    first.intercept = (operation, reply) => {
      setTimeout(() => {
        answered += 1;
        reply(first.perform(operation));
      }, 20);
      return true;
    };
    expect(await codeOf(volume.read(0, 2 * CHUNK_SIZE, options()))).toBe("volume/out-of-range");
    expect(answered).toBe(2);
  });

  it("opens only what the catalog knows", async () => {
    const { cluster, router } = await openTestVolume();
    const other = "0a0b0c0d-0000-4000-8000-0000000000bb" as typeof VOLUME;
    expect(() => openVolume({ client: cluster.catalog, router }, { volume: other })).toThrow(
      "there is no volume",
    );
  });
});
