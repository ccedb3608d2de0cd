import { nodeId } from "@ashlar/core";
import { ManualClock } from "@ashlar/runtime/testing";
import { describe, expect, test } from "vitest";
import { LivenessMonitor } from "./liveness-monitor.ts";

const A = nodeId("storage-1");
const B = nodeId("storage-2");

function monitored() {
  const clock = new ManualClock();
  const monitor = new LivenessMonitor({ silenceMaxMs: 1000, graceMs: 5000, checkIntervalMs: 100 });
  const silent: string[] = [];
  clock.every(100, () => {
    for (const { process, incarnation } of monitor.check(clock.nowMs())) {
      silent.push(`${process}#${incarnation} at ${clock.nowMs()}`);
    }
  });
  return { clock, monitor, silent };
}

describe("liveness", () => {
  test("silence of the maximum is told once, regular pings never", () => {
    const { clock, monitor, silent } = monitored();
    monitor.heard(A, 1, clock.nowMs());
    monitor.heard(B, 2, clock.nowMs());
    clock.every(200, () => monitor.heard(B, 2, clock.nowMs()));
    clock.advance(10_000);
    expect(silent).toEqual(["storage-1#1 at 1000"]);
  });

  test("processes the log says are up have the grace to find the restarted service", () => {
    const { clock, monitor, silent } = monitored();
    monitor.grace(A, 1, clock.nowMs());
    monitor.grace(B, 2, clock.nowMs());
    clock.advance(4_900);
    monitor.heard(A, 1, clock.nowMs());
    clock.advance(900);
    expect(silent).toEqual(["storage-2#2 at 5000"]);
    clock.advance(200);
    expect(silent).toEqual(["storage-2#2 at 5000", "storage-1#1 at 5900"]);
  });

  test("an early ping does not shorten the grace", () => {
    const { clock, monitor, silent } = monitored();
    monitor.grace(A, 1, clock.nowMs());
    monitor.heard(A, 1, clock.nowMs());
    clock.advance(4_900);
    expect(silent).toEqual([]);
  });

  test("a stall of the judge itself counts against nobody", () => {
    const monitor = new LivenessMonitor({
      silenceMaxMs: 1000,
      graceMs: 5000,
      checkIntervalMs: 100,
    });
    monitor.heard(A, 1, 0);
    monitor.check(100);
    monitor.check(200);
    expect(monitor.check(30_200)).toEqual([]);
    expect(monitor.check(30_300)).toEqual([]);
    expect(monitor.check(31_000 - 1)).toEqual([]);
    let told: readonly unknown[] = [];
    for (let now = 31_000; told.length === 0 && now < 40_000; now += 100) told = monitor.check(now);
    expect(told).toEqual([{ process: A, incarnation: 1 }]);
  });

  test("nor does one before its first look", () => {
    const monitor = new LivenessMonitor({
      silenceMaxMs: 1000,
      graceMs: 5000,
      checkIntervalMs: 100,
    });
    monitor.grace(A, 1, 0);
    expect(monitor.check(30_000)).toEqual([]);
    expect(monitor.check(30_100)).toEqual([]);
  });

  test("the usual jitter of its timer does not stretch the silence it allows", () => {
    const monitor = new LivenessMonitor({
      silenceMaxMs: 1000,
      graceMs: 5000,
      checkIntervalMs: 100,
    });
    monitor.heard(A, 1, 0);
    let now = 0;
    for (let told: readonly unknown[] = []; told.length === 0; now += 140)
      told = monitor.check(now);
    expect(now - 140).toBeLessThan(1000 + 140);
  });

  test("a new incarnation is judged afresh, a forgotten process not at all", () => {
    const { clock, monitor, silent } = monitored();
    monitor.heard(A, 1, clock.nowMs());
    monitor.heard(B, 2, clock.nowMs());
    clock.advance(900);
    monitor.heard(A, 3, clock.nowMs());
    monitor.forget(B);
    clock.advance(900);
    expect(silent).toEqual([]);
    clock.advance(100);
    expect(silent).toEqual(["storage-1#3 at 1900"]);
  });

  test("half of its time without a sign, and a process may be lost with others", () => {
    const { clock, monitor, silent } = monitored();
    monitor.grace(A, 1, clock.nowMs());
    monitor.heard(B, 2, clock.nowMs());
    const heard = (sinceMs = -1) =>
      [A, B].filter((process) => monitor.isHeard(process, clock.nowMs(), sinceMs));
    expect(heard(), "time to find the service is no sign").toEqual([B]);
    monitor.heard(A, 1, clock.nowMs());
    expect(heard()).toEqual([A, B]);
    expect(heard(clock.nowMs())).toEqual([]);
    clock.advance(500);
    expect(heard()).toEqual([A]);
    monitor.heard(B, 2, clock.nowMs());
    expect(heard()).toEqual([A, B]);
    expect(heard(400)).toEqual([B]);
    clock.advance(4_000);
    expect(heard()).toEqual([]);
    expect(silent).toEqual(["storage-2#2 at 1500"]);
    monitor.again(B, 2, clock.nowMs());
    expect(heard()).toEqual([]);
    clock.advance(500);
    expect(silent).toEqual(["storage-2#2 at 1500", "storage-1#1 at 5000", "storage-2#2 at 5000"]);
  });
});
