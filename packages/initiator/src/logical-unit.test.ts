// The retries of a host, against an executor that answers by a script.
import { hasCode } from "@ashlar/core";
import { ManualClock } from "@ashlar/runtime/testing";
import { describe, expect, it } from "vitest";
import { LogicalUnit } from "./logical-unit.ts";
import type { ScsiResult } from "./scsi/command.ts";
import { SENSE_KEY, STATUS } from "./scsi/sense.ts";

const { signal } = new AbortController();
const good: ScsiResult = { status: STATUS.good, dataIn: [], residual: { kind: "none" } };
const busy: ScsiResult = { ...good, status: STATUS.busy };
const failing = (key: number, asc = 0): ScsiResult => ({
  ...good,
  status: STATUS.checkCondition,
  sense: { key, asc, ascq: 0 },
});

/** Answers with the script, then with its last entry for ever; time passes while a unit pauses. */
function scripted(...script: readonly ScsiResult[]) {
  const clock = new ManualClock();
  const asked: number[] = [];
  const execute = async (): Promise<ScsiResult> => {
    asked.push(clock.nowMs());
    setImmediate(() => clock.advance(100));
    return script[Math.min(asked.length, script.length) - 1] ?? good;
  };
  const unit = new LogicalUnit({ execute }, { lun: 0, clock, retryBudgetMs: 1_000 });
  return { unit, asked };
}

describe("a logical unit", () => {
  it("repeats a command at once after unit attentions, and records them", async () => {
    const attention = failing(SENSE_KEY.unitAttention, 0x29);
    const { unit, asked } = scripted(attention, attention, good);
    await unit.testUnitReady();
    expect(asked).toHaveLength(3);
    expect(unit.incidents.counts["unit-attention"]).toBe(2);
    expect(unit.incidents.list()[0]).toMatchObject({ detail: "06/29/00" });
  });

  it("waits while the target is busy or not ready, but not for ever", async () => {
    const { unit, asked } = scripted(busy, failing(SENSE_KEY.notReady, 0x04), good);
    await unit.testUnitReady();
    expect(asked).toHaveLength(3);
    const stuck = scripted(busy);
    const thrown = await stuck.unit.testUnitReady().catch((error) => error);
    expect(hasCode(thrown, "cluster/unavailable")).toBe(true);
    expect(stuck.asked.length).toBeGreaterThan(5);
    expect(stuck.asked.length).toBeLessThan(20);
  });

  it("ends a series of unit attentions that does not end", async () => {
    const { unit, asked } = scripted(failing(SENSE_KEY.unitAttention, 0x29));
    await expect(unit.testUnitReady()).rejects.toThrow(/06\/29\/00/);
    expect(asked.length).toBeLessThanOrEqual(17);
  });

  it("repeats what the target aborted, except a COMPARE AND WRITE", async () => {
    const aborted = failing(SENSE_KEY.abortedCommand);
    const { unit, asked } = scripted(aborted, good);
    await unit.write(0, [Buffer.alloc(512)], { signal });
    expect(asked).toHaveLength(2);
    const compare = scripted(aborted, good);
    const blocks = [Buffer.alloc(512)];
    const thrown = await compare.unit
      .compareAndWrite(0, blocks, blocks, { signal })
      .catch((error) => error);
    expect(hasCode(thrown, "operation/aborted")).toBe(true);
    expect(compare.asked).toHaveLength(1);
  });

  it.each([
    [failing(SENSE_KEY.mediumError), "disk/failed"],
    [failing(SENSE_KEY.dataProtect, 0x27), "disk/no-space"],
    [failing(SENSE_KEY.illegalRequest, 0x21), "volume/out-of-range"],
    [failing(SENSE_KEY.illegalRequest, 0x24), "argument/invalid"],
    [failing(SENSE_KEY.miscompare), "operation/miscompare"],
    [{ ...good, status: STATUS.reservationConflict }, "volume/reserved"],
    [{ ...good, status: STATUS.acaActive }, "internal"],
  ] as const)("fails at once with %j", async (result, code) => {
    const { unit, asked } = scripted(result);
    const thrown = await unit.testUnitReady().catch((error) => error);
    expect(hasCode(thrown, code)).toBe(true);
    expect(asked).toHaveLength(1);
  });

  it("refuses ranges that are not whole blocks", async () => {
    const { unit, asked } = scripted(good);
    const thrown = await unit.read(1, 512, { signal }).catch((error) => error);
    expect(hasCode(thrown, "argument/invalid")).toBe(true);
    expect(asked).toEqual([]);
  });
});
