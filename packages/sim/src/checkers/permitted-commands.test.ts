import { describe, expect, it } from "vitest";
import {
  A,
  asked,
  B,
  given,
  keysTold,
  registered,
  type Times,
} from "../testing/unit-operations.ts";
import type { BlockOperation } from "./block-register.ts";
import { EFFECT_MAX_MS } from "./late-effects.ts";
import { checkPermitted } from "./permitted-commands.ts";
import type { UnitOperation } from "./unit-register.ts";

const register = "volume-1/0";
const ONE = "host-1@1";
const TWO = "host-2@2";
const PROBER = "prober";

const write = ([callTime, returnTime]: Times, client: string, stamp: number): BlockOperation => ({
  client,
  callTime,
  returnTime,
  input: { register, kind: "write", expected: 0, stamp },
  output: returnTime === undefined ? undefined : { kind: "written" },
});
const read = ([callTime, returnTime]: Times, client: string, stamp: number): BlockOperation => ({
  client,
  callTime,
  returnTime,
  input: { register, kind: "read", expected: 0, stamp: 0 },
  output: { kind: "read", stamp },
});

/** Two hosts, of which the first has reserved exclusive access, and is pre-empted from 100 to 110. */
const UNIT: readonly UnitOperation[] = [
  given([1, 2], "host-1", "readWrite"),
  given([3, 4], "host-2", "readWrite"),
  registered([5, 6], ONE, A),
  registered([7, 8], TWO, B),
  asked([9, 10], { nexus: ONE, action: "reserve", key: A, type: 3 }),
  asked([100, 110], { nexus: TWO, action: "preempt", key: B, other: A, type: 3 }),
];

interface Facts {
  readonly unit?: readonly UnitOperation[];
  /** When the write of stamp 7 was given up, and when the unit had it. */
  readonly atMs?: number;
  readonly arrivedMs?: number;
}

const judge = (
  blocks: readonly BlockOperation[],
  { unit = UNIT, atMs, arrivedMs }: Facts = {},
): void => {
  const givenUp = atMs === undefined ? [] : [{ register, stamp: 7, atMs }];
  const arrivals = new Map(arrivedMs === undefined ? [] : [[7, arrivedMs]]);
  checkPermitted({ blocks, givenUp, arrivals, beneath: new Set([PROBER]), unit });
};

describe("commands beside reservations (P11)", () => {
  it("are done by who may", () => {
    judge([write([20, 21], ONE, 1), read([30, 31], ONE, 1), write([120, 121], TWO, 2)]);
    judge([write([95, 105], ONE, 1), read([120, 121], TWO, 1)]);
  });

  it("are not answered GOOD to who was shut out", () => {
    expect(() => judge([write([120, 121], ONE, 1)])).toThrow(/P11: permitted commands/);
    expect(() => judge([write([20, 21], TWO, 1)])).toThrow(/P11/);
    expect(() => judge([read([20, 21], TWO, 0)])).toThrow(/P11/);
    judge([read([20, 21], PROBER, 0)]);
  });

  it("may use a right that a request under way gives, before it is told", () => {
    const unit = [
      ...UNIT.slice(0, -1),
      asked([100, 110], { nexus: TWO, action: "preempt", key: B, other: A, type: 5 }),
      registered([120, 140], ONE, A),
      keysTold([130, 131], { generation: 3, keys: [B] }),
    ];
    judge([write([122, 123], ONE, 1)], { unit });
    expect(() => judge([write([112, 113], ONE, 1)], { unit })).toThrow(/P11/);
    const isRefused = [...unit.slice(0, -2), registered([120, 140], TWO, B)];
    expect(() => judge([write([122, 123], ONE, 1)], { unit: isRefused })).toThrow(/P11/);
  });

  it("that were given up land before the pre-emption, or never", () => {
    const stale = write([90], ONE, 7);
    judge([stale, read([120, 121], PROBER, 7)], { atMs: 200 });
    judge([stale, read([120, 121], PROBER, 0)], { atMs: 200 });
    const late = [stale, write([120, 121], TWO, 2), read([130, 131], PROBER, 7)];
    expect(() => judge(late, { atMs: 200 })).toThrow(/P11/);
  });

  /** The first host is cut off from 100 to 110, and has its right again from 203 on. */
  const regained = (action: "preempt" | "preemptAndAbort"): readonly UnitOperation[] => [
    ...UNIT.slice(0, -1),
    asked([100, 110], { nexus: TWO, action, key: B, other: A, type: 3, calledMs: 100 }),
    asked([200, 201], { nexus: TWO, action: "clear", key: B }),
    registered([202, 203], ONE, A),
  ];
  const late = [write([90], ONE, 7), write([120, 121], TWO, 2), read([5_000, 5_001], PROBER, 7)];

  it("land no later than P9 allows, also where the right has come back", () => {
    const unit = regained("preempt");
    judge(late, { unit, atMs: 210 });
    expect(() => judge(late, { unit, atMs: 199 - EFFECT_MAX_MS })).toThrow(/P11/);
  });

  it("that were aborted by who pre-empted never land later", () => {
    judge(late, { unit: regained("preempt"), atMs: 210, arrivedMs: 95 });
    const unit = regained("preemptAndAbort");
    expect(() => judge(late, { unit, atMs: 210, arrivedMs: 95 })).toThrow(/P11/);
    judge(late, { unit, atMs: 210, arrivedMs: 105 });
  });

  it("are not of hosts that are not mapped, or not for writing", () => {
    const before = UNIT.slice(0, -1);
    const taken = (access: "none" | "readOnly") => [...before, given([20, 30], "host-1", access)];
    expect(() => judge([write([40, 41], ONE, 1)], { unit: taken("readOnly") })).toThrow(/P11/);
    judge([read([40, 41], ONE, 0)], { unit: taken("readOnly") });
    expect(() => judge([read([40, 41], ONE, 0)], { unit: taken("none") })).toThrow(/P11/);
    judge([write([25, 41], ONE, 1)], { unit: taken("none") });
  });
});
