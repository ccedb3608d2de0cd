import { SystemError } from "@ashlar/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRAME_HEAD_SIZE, FRAME_LENGTH_MAX, FRAME_VERSION, type Frame } from "./carrier.ts";
import { FrameBatch } from "./frame-batch.ts";
import { BodyReader, BodyWriter } from "./frame-codec.ts";
import { FrameParser } from "./frame-parser.ts";

const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const bytes = fc.uint8Array({ maxLength: 20_000 }).map((array) => Buffer.from(array));
const frame = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  id: safe,
  body: fc.array(bytes, { maxLength: 4 }),
});

function encoded(frames: readonly Frame[]): Buffer {
  const batch = new FrameBatch();
  for (const each of frames) batch.push(each);
  const announced = batch.byteLength;
  const joined = Buffer.concat(batch.take());
  expect(joined.length).toBe(announced);
  expect(batch.byteLength).toBe(0);
  return joined;
}

function head({ length = FRAME_HEAD_SIZE, version = FRAME_VERSION, idHigh = 0 } = {}): Buffer {
  const buffer = Buffer.alloc(FRAME_HEAD_SIZE);
  buffer.writeUInt32LE(length, 0);
  buffer.writeUInt8(version, 4);
  buffer.writeUInt32LE(idHigh, 12);
  return buffer;
}

describe("frames", () => {
  it("come out as they went in, wherever the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 40 }),
        (frames, cuts) => {
          const stream = encoded(frames);
          const received: Frame[] = [];
          const parser = new FrameParser(({ type, id, body }) =>
            received.push({ type, id, body: [body] }),
          );
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const end = at + (cuts[turn % cuts.length] ?? 1);
            // A copy: the parser may keep what it is given.
            parser.push(Buffer.from(stream.subarray(at, end)));
            at = end;
          }
          expect(received.length).toBe(frames.length);
          for (const [index, sent] of frames.entries()) {
            expect(received[index]).toMatchObject({ type: sent.type, id: sent.id });
            expect(Buffer.concat(sent.body).equals(received[index]!.body[0]!)).toBe(true);
          }
        },
      ),
    );
  });

  it("cut into single bytes still come out", () => {
    const stream = encoded([
      { type: 1, id: 7, body: [Buffer.from("abc"), Buffer.from("def")] },
      { type: 2, id: 0, body: [] },
    ]);
    const seen: string[] = [];
    const parser = new FrameParser(({ type, id, body }) => seen.push(`${type} ${id} ${body}`));
    for (const byte of stream) parser.push(Buffer.of(byte));
    expect(seen).toEqual(["1 7 abcdef", "2 0 "]);
  });

  it("keep long bodies where they are and never share memory between batches", () => {
    const long = Buffer.alloc(100_000, 1);
    const batch = new FrameBatch();
    batch.push({ type: 1, id: 1, body: [long] });
    expect(batch.take()).toContain(long);
    batch.push({ type: 1, id: 2, body: [Buffer.from("first")] });
    const first = Buffer.concat(batch.take());
    const before = first.toString("hex");
    batch.push({ type: 1, id: 3, body: [Buffer.from("second")] });
    batch.take();
    expect(first.toString("hex")).toBe(before);
  });

  it.each([
    ["too short", head({ length: FRAME_HEAD_SIZE - 1 })],
    ["too long", head({ length: FRAME_LENGTH_MAX + 1 })],
    ["another version", head({ version: FRAME_VERSION + 1 })],
    ["an id beyond 2^53", head({ idHigh: 2 ** 21 })],
  ])("are refused when bad: %s", (_, bad) => {
    const parser = new FrameParser(() => {});
    expect(() => parser.push(bad)).toThrow(SystemError);
  });

  it("of the greatest length pass", () => {
    const body = Buffer.alloc(FRAME_LENGTH_MAX - FRAME_HEAD_SIZE, 5);
    let received = 0;
    const parser = new FrameParser((got) => {
      received = got.body.length;
    });
    parser.push(encoded([{ type: 1, id: 1, body: [body] }]));
    expect(received).toBe(body.length);
  });
});

describe("body primitives", () => {
  it("read what was written", () => {
    fc.assert(
      fc.property(safe, fc.uint32Array({ maxLength: 20 }), bytes, (number, sums, data) => {
        const lsn = { epoch: 4_294_967_295, seq: number };
        const body = new BodyWriter(1 + 2 + 4 + 8 + 12 + 4 * sums.length + data.length)
          .u8(255)
          .u16(65_535)
          .u32(4_294_967_295)
          .u64(number)
          .lsn(lsn)
          .u32Array(sums)
          .bytes(data)
          .finish();
        const reader = new BodyReader(body);
        expect([reader.u8(), reader.u16(), reader.u32()]).toEqual([255, 65_535, 4_294_967_295]);
        expect(reader.u64()).toBe(number);
        expect(reader.lsn()).toEqual(lsn);
        expect(reader.u32Array(sums.length)).toEqual(sums);
        expect(reader.rest().equals(data)).toBe(true);
        reader.end();
      }),
    );
  });

  it("refuse to read past the end, to leave bytes over, and numbers beyond 2^53", () => {
    expect(() => new BodyReader(Buffer.alloc(3)).u32()).toThrow("too short");
    expect(() => new BodyReader(Buffer.alloc(3)).bytes(4)).toThrow("too short");
    expect(() => new BodyReader(Buffer.alloc(7)).u32Array(2)).toThrow("too short");
    expect(() => new BodyReader(Buffer.alloc(8, 255)).u64()).toThrow("2^53");
    expect(() => new BodyReader(Buffer.alloc(1)).end()).toThrow("too many");
  });
});
