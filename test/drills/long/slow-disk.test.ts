// A disk becomes slow under a host at work and does not fail: it is named, leads nothing any more, its copies move
// elsewhere, and the host does not wait for it any more while it is as slow as before. Trusted again, it is used again.
// Before that, nothing is named under load alone: `ASHLAR_CALM_SECONDS=3600` makes an hour of it.
import { setTimeout } from "node:timers/promises";
import type { BlockDevice } from "@ashlar/core";
import { Lab, type OperationMeter, openLabSite } from "@ashlar/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PlacedCopies } from "../../support/placed-copies.ts";
import { ASHLAR, TestLab } from "../../support/test-lab.ts";
import { underLoad } from "../../support/verified-load.ts";

const { ASHLAR_CALM_SECONDS = "60" } = process.env;
const CALM_MS = Number(ASHLAR_CALM_SECONDS) * 1_000;
const SLOWED = { node: "storage-2", disk: "disk-1" };
/** Three times what is slow. */
const DELAY_MS = 300;
/** Half of a host's writes may take as much of it, once the disk is out of the way. */
const LEFT_MAX = 0.5;
const SETTLED_MS = 10_000;

interface SlowDisks {
  readonly keeps: boolean;
  readonly disks: readonly {
    readonly node: string;
    readonly disk: string;
    readonly reason: string;
    readonly primaries: number;
    readonly copies: number;
  }[];
}

/** What half of a host's writes took, since it was asked last; NaN for none. */
class WriteTimes implements OperationMeter {
  private times: number[] = [];

  async count<T>(operation: Promise<T>, kind: keyof BlockDevice): Promise<T> {
    const beganMs = performance.now();
    const value = await operation;
    if (kind === "write") this.times.push(performance.now() - beganMs);
    return value;
  }

  medianMs(): number {
    const times = this.times.sort((a, b) => a - b);
    this.times = [];
    return Math.round(times[Math.floor(times.length / 2)] ?? Number.NaN);
  }
}

let lab: TestLab;
beforeAll(async () => {
  lab = await TestLab.make("--nodes", "4");
});
afterAll(async () => {
  await lab?.remove();
});

const slowDisks = async (): Promise<SlowDisks["disks"]> =>
  (await lab.command<SlowDisks>("disk", "slow")).disks;

test(
  "a slow disk is named and out of the way while it is slow; load alone names none",
  async () => {
    const call = { signal: new AbortController().signal };
    const site = await openLabSite(new Lab({ dir: lab.dir, script: ASHLAR }));
    const writes = new WriteTimes();
    const figures: string[] = [];
    const report = await underLoad(
      lab,
      "slowed",
      async () => {
        await setTimeout(CALM_MS);
        expect(await slowDisks()).toEqual([]);
        const calmMs = writes.medianMs();
        const fault = await site.slowDisk(SLOWED, DELAY_MS, call);
        try {
          const beganMs = performance.now();
          await expect.poll(slowDisks, { timeout: 90_000, interval: 500 }).toHaveLength(1);
          const namedMs = performance.now() - beganMs;
          const slowMs = writes.medianMs();
          const [found] = await slowDisks();
          expect(found).toMatchObject(SLOWED);
          expect(found?.reason).toContain(`${SLOWED.node}/${SLOWED.disk}: a quarter of its`);
          const standing = async () => (await slowDisks())[0];
          await expect.poll(standing, { timeout: 30_000 }).toMatchObject({ primaries: 0 });
          await expect
            .poll(standing, { timeout: 240_000, interval: 500 })
            .toMatchObject({ copies: 0 });
          const emptyMs = performance.now() - beganMs;
          writes.medianMs();
          const before = fault.calls() ?? 0;
          await setTimeout(SETTLED_MS);
          const afterMs = writes.medianMs();
          expect(fault.calls() ?? 0, "it is as slow as before").toBeGreaterThan(before);
          expect(afterMs).toBeLessThan(DELAY_MS * LEFT_MAX);
          expect(slowMs).toBeGreaterThan(DELAY_MS * LEFT_MAX);
          figures.push(
            `named after ${Math.round(namedMs / 1_000)} s: ${found?.reason}`,
            `empty after ${Math.round(emptyMs / 1_000)} s`,
            `median of writes: calm ${calmMs} ms, slow ${slowMs} ms, out of the way ${afterMs} ms`,
          );
        } finally {
          await fault.end();
        }
        await lab.command("disk", "trust", `${SLOWED.node}/${SLOWED.disk}`);
        expect(await slowDisks()).toEqual([]);
        const copies = new PlacedCopies(lab);
        const used = async () => (await copies.on(SLOWED.node)) ?? 0;
        await expect.poll(used, { timeout: 120_000, interval: 500 }).toBeGreaterThan(0);
        await copies.untilWhole("slowed", 2);
        expect(await slowDisks()).toEqual([]);
      },
      { meter: writes },
    );
    console.info([...figures, report.text].join("\n"));
    expect(report, report.text).toMatchObject({ errors: 0, clean: true });
  },
  CALM_MS + 600_000,
);
