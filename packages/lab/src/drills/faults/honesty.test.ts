// A receipt is honest: whatever a cluster gets wrong is a FAIL that names place and time, and a drill that did
// nothing is one too.
import { KIB, SystemError } from "@ashlar/core";
import type { DeviceFaults } from "@ashlar/initiator/testing";
import { expect, test } from "vitest";
import type { Finding } from "../receipt.ts";
import { findingsOf, once, runInMemory as run } from "../testing/memory-drill.ts";
import { MemorySite, type MemorySiteOptions } from "../testing/memory-site.ts";

const SECOND_MS = 1_000;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** What lies around the first border of chunks, where one write in ten goes. */
const BORDER = { offset: 256 * KIB - 32 * KIB, length: 64 * KIB };

/** The part of a write that lies there is replaced. */
const bentAtBorder = (bend: (part: Buffer, stored: Buffer) => void): DeviceFaults => ({
  onWrite: ({ offset, data }, device) => {
    const from = Math.max(offset, BORDER.offset);
    const to = Math.min(offset + data.length, BORDER.offset + BORDER.length);
    if (from >= to) return { offset, data };
    bend(data.subarray(from - offset, to - offset), device.content.subarray(from, to));
    return { offset, data };
  },
});

interface Lie {
  readonly what: string;
  readonly site: MemorySiteOptions;
  readonly step: string;
  readonly finding: Partial<Record<keyof Finding, unknown>>;
  readonly counted?: Record<string, unknown>;
}

const inABlock = {
  disk: expect.stringMatching(/^drill-[0-9a-f]{6}-[23]way$/),
  host: expect.stringMatching(/^host-[12]$/),
  command: expect.stringMatching(/^READ of the block at byte \d+$/),
};

const LIES: readonly Lie[] = [
  {
    what: "an acknowledged write that is lost",
    site: { device: () => bentAtBorder((part) => part.fill(0)) },
    step: "data",
    finding: { ...inABlock, found: "lost: zeros" },
    counted: { stale: 0, torn: 0, wrong: 0 },
  },
  {
    what: "a block that is another one",
    site: { device: () => bentAtBorder((part) => part.fill(0xa5)) },
    step: "data",
    finding: { ...inABlock, found: expect.stringMatching(/^wrong, never written: /) },
  },
  {
    what: "a block that stays as it was",
    site: {
      device: () =>
        bentAtBorder((part, stored) => {
          for (let at = 0; at < part.length; at += 4096) {
            const before = stored.subarray(at, at + 4096);
            if (before.some((byte) => byte !== 0)) before.copy(part, at);
          }
        }),
    },
    step: "data",
    finding: { ...inABlock, found: expect.stringMatching(/^stale: /) },
  },
  {
    what: "a block that is half of one write and half of another",
    site: {
      device: () =>
        bentAtBorder((part, stored) => {
          for (let at = 0; at < part.length; at += 4096) {
            const half = stored.subarray(at + 2048, at + 4096);
            if (half.some((byte) => byte !== 0)) half.copy(part, at + 2048);
          }
        }),
    },
    step: "data",
    finding: { ...inABlock, found: expect.stringMatching(/^torn: /) },
  },
  {
    what: "a stall that no Windows host would bear",
    site: {
      device: (site) => {
        const wait = once(() => site.clock.pass(16 * SECOND_MS));
        return { before: () => void (site.isBroken && wait()) };
      },
    },
    step: "timers",
    finding: {
      disk: expect.stringMatching(/^drill-/),
      path: "all paths",
      command: "Windows, LinkDownTime",
      expected: "the longest stall of a volume below 15000 ms",
      found: expect.stringMatching(/^1[67]\d{3} ms$/),
    },
  },
  {
    what: "copies that differ",
    site: { different: 1 },
    step: "check",
    finding: { command: "volume check", found: "1 copies different, 0 units damaged" },
  },
  {
    what: "a fault that did not take place",
    site: { undone: ["kill"] },
    step: "round-1",
    finding: { found: "none: nothing was done, or nobody noticed" },
  },
  {
    what: "a copy that stays missing",
    site: { undone: ["start"] },
    step: "round-1",
    finding: {
      command: "the way back to full redundancy",
      found: expect.stringContaining("storage-1 is down"),
    },
  },
];

test.each(LIES)("$what: FAIL, with place and time", async ({ site: options, step, ...lie }) => {
  const receipt = await run(new MemorySite(options));
  expect(receipt.verdict).toBe("FAIL");
  const failed = receipt.steps.find(({ verdict }) => verdict === "fail");
  expect(failed?.name).toBe(step);
  expect(failed?.findings).toContainEqual(expect.objectContaining({ step, ...lie.finding }));
  const timed = step !== "check";
  for (const { at } of failed?.findings ?? []) expect(at ?? "").toMatch(timed ? ISO : /^$/);
});

test("an operation that fails at the initiator is a FAIL that names it", async () => {
  const device = (site: MemorySite): DeviceFaults => {
    const fail = once(() => {
      throw new SystemError("chunk/bad-checksum", "a block that cannot be read");
    });
    return { before: () => void (site.isBroken && fail()) };
  };
  const receipt = await run(new MemorySite({ device }));
  const findings = findingsOf(receipt);
  expect(findings).toContainEqual(
    expect.objectContaining({
      command: expect.stringMatching(/^(READ|WRITE|UNMAP) of \d+ bytes at byte \d+$/),
      expected: "GOOD",
      at: expect.stringMatching(ISO),
    }),
  );
  expect(receipt.verdict).toBe("FAIL");
});
