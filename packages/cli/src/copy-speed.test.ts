import { MIB, nodeId } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import { copySpeedAsked, copySpeedLines } from "./copy-speed.ts";

describe("the speed of copies", () => {
  test("is asked for in milliseconds and bytes per second, either or both", () => {
    expect(copySpeedAsked({ latencyTarget: "20ms", floor: "8MiB/s" })).toEqual({
      latencyTargetMs: 20,
      floorBytesPerSecond: 8 * MIB,
    });
    expect(copySpeedAsked({ latencyTarget: "2s" }).latencyTargetMs).toBe(2000);
    expect(copySpeedAsked({ latencyTarget: "7" })).toEqual({
      latencyTargetMs: 7,
      floorBytesPerSecond: undefined,
    });
    expect(copySpeedAsked({ floor: "16MiB" }).floorBytesPerSecond).toBe(16 * MIB);
  });

  test.each([
    {},
    { latencyTarget: "0" },
    { latencyTarget: "-1ms" },
    { latencyTarget: "soon" },
    { latencyTarget: "1.5ms" },
    { floor: "fast" },
    { floor: "8MB/s" },
  ])("%o is refused in words", (options) => {
    expect(() => copySpeedAsked(options)).toThrow(
      expect.objectContaining({ code: "argument/invalid" }),
    );
  });

  test("is shown with what each node does", () => {
    const copySpeed = { latencyTargetMs: 20, floorBytesPerSecond: 8 * MIB };
    const idle = {
      bytesPerSecond: 0,
      limitBytesPerSecond: null,
      p99Ms: 0,
      state: "unlimited",
    } as const;
    const held = { bytesPerSecond: 9 * MIB, limitBytesPerSecond: 8 * MIB, p99Ms: 31.256 };
    const nodes = [
      { id: nodeId("storage-1"), ...idle },
      { id: nodeId("storage-2"), ...held, state: "floor" as const },
    ];
    expect(copySpeedLines({ copySpeed, nodes })).toEqual([
      "copies give way while hosts wait more than 20 ms (p99), down to 8 MiB/s for each node",
      "NODE       COPIES   LIMIT    HOST P99  STATE",
      "storage-1  0 B/s    -        -         unlimited",
      "storage-2  9 MiB/s  8 MiB/s  31.3 ms   floor",
    ]);
  });
});
