// What counts as a stall: time in which something was asked and nothing answered, and no other.
import { ManualClock } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { Completions } from "./completions.ts";
import { PathLog } from "./path-log.ts";
import { StallMeter } from "./stall-meter.ts";

/** An operation that ends when it is told. */
function operation(): { promise: Promise<void>; end: () => void; fail: () => void } {
  let end = (): void => {};
  let fail = (): void => {};
  const promise = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = () => reject(new Error("failed"));
  });
  return { promise, end, fail };
}

async function took(meter: StallMeter, clock: ManualClock, ms: number): Promise<void> {
  const one = operation();
  const counted = meter.count(one.promise);
  clock.advance(ms);
  one.end();
  await counted;
}

test("time in which nothing was asked is no stall", async () => {
  const clock = new ManualClock();
  const meter = new StallMeter(clock);
  await took(meter, clock, 600);
  clock.advance(60_000);
  await took(meter, clock, 100);
  expect(meter.longest).toEqual({ atMs: 0, ms: 600 });
  expect(meter.stalls).toEqual([{ atMs: 0, ms: 600 }]);
  expect(meter.slowest).toEqual({ atMs: 0, ms: 600 });
  expect(meter.completions.total).toBe(2);
});

test("an answer to another operation ends a stall, and the operation itself goes on being slow", async () => {
  const clock = new ManualClock();
  const meter = new StallMeter(clock);
  const slow = operation();
  const counted = meter.count(slow.promise);
  await took(meter, clock, 400);
  clock.advance(500);
  slow.end();
  await counted;
  expect(meter.longest).toEqual({ atMs: 400, ms: 500 });
  expect(meter.slowest).toEqual({ atMs: 0, ms: 900 });
});

test("a stall that still lasts is told, goes on over a round's end, and is whole in the list", async () => {
  const clock = new ManualClock();
  const meter = new StallMeter(clock);
  const one = operation();
  const counted = meter.count(one.promise);
  clock.advance(2_000);
  expect(meter.takeStall()).toEqual({ atMs: 0, ms: 2_000 });
  clock.advance(1_000);
  one.end();
  await counted;
  expect(meter.take()).toBe(1_000);
  expect(meter.longest).toEqual({ atMs: 0, ms: 3_000 });
  expect(meter.stalls).toEqual([{ atMs: 0, ms: 3_000 }]);
});

test("of a volume a failure is no answer; of a path it is", async () => {
  const clock = new ManualClock();
  const volume = new StallMeter(clock);
  const path = new StallMeter(clock, { failureIsAnswer: true });
  for (const meter of [volume, path]) {
    const one = operation();
    const counted = meter.count(one.promise);
    clock.advance(500);
    one.fail();
    await expect(counted).rejects.toThrow("failed");
    clock.advance(5_000);
    await took(meter, clock, 500);
  }
  expect(volume.longest.ms).toBe(6_000);
  expect(path.longest.ms).toBe(500);
});

test("of very many stalls the longest are kept", async () => {
  const clock = new ManualClock();
  const meter = new StallMeter(clock);
  for (let ms = 500; ms < 600; ms += 1) await took(meter, clock, ms);
  const kept = meter.stalls.map(({ ms }) => ms);
  expect(kept).toEqual(Array.from({ length: 25 }, (_, at) => 575 + at));
});

test("a timeline becomes coarser, and loses nothing", () => {
  const completions = new Completions();
  for (let atMs = 0; atMs < 600_000; atMs += 100) completions.add(atMs);
  expect(completions.bucketMs).toBe(3_200);
  expect(completions.buckets).toHaveLength(188);
  expect(completions.total).toBe(6_000);
});

test("a path without a session is told, all of them as a time without any, and a logout is neither", () => {
  const clock = new ManualClock();
  const log = new PathLog(clock, clock.nowMs(), ["a", "b"]);
  for (const path of ["a", "b"]) log.pathUp(path);
  expect(log.allUp).toBe(true);
  clock.advance(1_000);
  log.pathDown("a");
  clock.advance(500);
  log.pathDown("b");
  clock.advance(200);
  log.pathUp("b");
  expect(log.allUp).toBe(false);
  clock.advance(300);
  log.pathUp("a");
  log.end();
  log.pathDown("a");
  log.pathDown("b");
  clock.advance(9_000);
  expect(log.figures().map(({ down }) => down())).toEqual([
    [{ atMs: 1_000, ms: 1_000 }],
    [{ atMs: 1_500, ms: 200 }],
  ]);
  expect(log.withoutPath()).toEqual([{ atMs: 1_500, ms: 200 }]);
});
