import { crc32c, SystemError } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import { entriesOf } from "@ashlar/raft/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LOG_OWNER } from "../testing/raft-log-fixture.ts";
import { encodeFrame, encodeSegmentStart, framesOf, readSegment } from "./segment.ts";

const START = {
  sequence: 3,
  hardState: { term: 4, vote: 2 ** 47, commit: 8 },
  last: { term: 4, index: 9 },
};
const FRAME = { hardState: { term: 5, vote: 1, commit: 9 }, entries: entriesOf(10, 12, 5) };
const PLACE = { path: "segment", owner: LOG_OWNER, newest: true };

test("reads what it wrote", () => {
  const [head, frame, more] = [
    encodeSegmentStart(LOG_OWNER, START),
    encodeFrame(FRAME),
    encodeFrame({ hardState: undefined, entries: entriesOf(13, 13, 5) }),
  ];
  expect(readSegment(Buffer.concat([head, frame, more]), PLACE)).toEqual({
    path: "segment",
    start: START,
    frames: [FRAME, { hardState: undefined, entries: entriesOf(13, 13, 5) }],
    lastFrameAt: head.length + frame.length,
    length: head.length + frame.length + more.length,
    tornBytes: 0,
  });
});

test("no bytes make it read what nobody wrote, or fail by anything but a refusal", () => {
  const head = encodeSegmentStart(LOG_OWNER, START);
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.boolean(),
      fc.boolean(),
      (rest, sum, whole) => {
        const frame = Buffer.alloc(12 + rest.length);
        frame.write("ARAF", 0, "latin1");
        frame.writeUInt32LE(rest.length, 8);
        frame.set(rest, 12);
        // With a right checksum the bytes are those of another version.
        if (sum) frame.writeUInt32LE(crc32c(frame.subarray(8)), 4);
        const found = whole ? frame : Buffer.concat([head, frame]);
        try {
          const { frames, tornBytes } = readSegment(found, PLACE);
          if (!sum) expect([frames.length, tornBytes]).toEqual([0, frame.length]);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SystemError);
          expect(["disk/corrupt", "disk/foreign"]).toContain((thrown as SystemError).code);
        }
      },
    ),
    { numRuns: soaked(500) },
  );
});

test("a large write is cut into frames whose commit index is never past their entries", () => {
  const entries = entriesOf(1, 30, 2).map((entry) => ({ ...entry, data: Buffer.alloc(100_000) }));
  const frames = framesOf({ hardState: { term: 2, vote: 1, commit: 25 }, entries });
  expect(frames.length).toBeGreaterThan(2);
  expect(frames.flatMap((frame) => frame.entries)).toEqual(entries);
  for (const frame of frames) {
    expect(encodeFrame(frame).length).toBeLessThan(1.1 * 1024 * 1024);
    const last = frame.entries.at(-1)?.index ?? 0;
    expect(frame.hardState).toEqual({ term: 2, vote: 1, commit: Math.min(25, last) });
  }
});
