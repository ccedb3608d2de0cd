import { seededRandom } from "@ashlar/runtime";
import { describe, expect, it } from "vitest";
import { DiskContent, writtenOf } from "./disk-content.ts";

const filled = (byte: number, length = 1024): Buffer => Buffer.alloc(length, byte);

function contentOf(content: DiskContent): Buffer {
  const found = Buffer.alloc(content.sizeBytes);
  content.read(0, found);
  return found;
}

describe("the bytes of a simulated file", () => {
  it("are read as written, over what is durable", () => {
    const content = new DiskContent();
    content.write(0, writtenOf([filled(1)]));
    content.sync(content.mark);
    content.write(512, writtenOf([filled(2, 256), filled(3, 256)]));
    content.write(600, writtenOf([Buffer.alloc(8)]));
    const expected = Buffer.concat([filled(1, 512), filled(2, 256), filled(3, 256)]);
    expected.fill(0, 600, 608);
    expect(contentOf(content)).toEqual(expected);
  });

  it("lose what no sync covered when the power goes, and nothing else (P13)", () => {
    const content = new DiskContent();
    content.write(0, writtenOf([filled(1)]));
    const mark = content.mark;
    content.write(0, writtenOf([filled(2)]));
    content.sync(mark);
    expect(content.powerCut(seededRandom(1), 0)).toBe(1);
    expect(contentOf(content)).toEqual(filled(1));
  });

  it("may keep any sectors of a write that was not synced", () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= 40; seed += 1) {
      const content = new DiskContent();
      content.write(0, writtenOf([filled(1)]));
      content.sync(content.mark);
      content.write(0, writtenOf([filled(2)]));
      content.powerCut(seededRandom(seed), 50);
      const found = contentOf(content);
      outcomes.add(`${found[0]}${found[512]}`);
    }
    expect([...outcomes].sort()).toEqual(["11", "12", "21", "22"]);
  });
});
