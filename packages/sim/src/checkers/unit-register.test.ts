import { describe, expect, it } from "vitest";
import { A, asked, B, given, keysTold, refused, registered } from "../testing/unit-operations.ts";
import { checkSingleEffects } from "./single-effects.ts";
import { checkConflicts } from "./true-conflicts.ts";
import { checkReports, type UnitOperation } from "./unit-register.ts";

const ONE = "host-1@1";
const TWO = "host-2@2";
/** Both are mapped and registered, and the first has reserved. */
const RESERVED: readonly UnitOperation[] = [
  given([0.1, 0.2], "host-1", "readWrite"),
  given([0.3, 0.4], "host-2", "readWrite"),
  registered([1, 2], ONE, A),
  registered([3, 4], TWO, B),
  asked([5, 6], { nexus: ONE, action: "reserve", key: A, type: 1 }),
];
const preempted = (from: number, to?: number): UnitOperation =>
  asked(to === undefined ? [from] : [from, to], {
    nexus: TWO,
    action: "preempt",
    key: B,
    other: A,
    type: 1,
  });

describe("what is told of reservations (P11)", () => {
  it("is what was asked for and done before", () => {
    checkReports([...RESERVED, preempted(7, 8), keysTold([9, 10], { generation: 3, keys: [B] })]);
  });

  it("is not what was before it, once that was answered", () => {
    const late = keysTold([9, 10], { generation: 2, keys: [A, B] });
    expect(() => checkReports([...RESERVED, preempted(7, 8), late])).toThrow(/P11: reservations/);
    checkReports([...RESERVED, preempted(7), late]);
  });

  it("does not go back while a request is under way", () => {
    const seen = keysTold([8, 9], { generation: 3, keys: [B] });
    const unseen = keysTold([10, 11], { generation: 2, keys: [A, B] });
    expect(() => checkReports([...RESERVED, preempted(7, 20), seen, unseen])).toThrow(/P11/);
    checkReports([
      ...RESERVED,
      preempted(7, 20),
      unseen,
      keysTold([12, 13], { generation: 3, keys: [B] }),
    ]);
  });

  it("has a place for each answer: who was pre-empted is not registered", () => {
    const again = asked([9, 10], { nexus: ONE, action: "reserve", key: A }, "conflict");
    checkReports([...RESERVED, preempted(7, 8), again]);
    const done = asked([9, 10], { nexus: ONE, action: "release", key: A, type: 1 });
    expect(() => checkReports([...RESERVED, preempted(7, 8), done])).toThrow(/P11/);
  });

  it("is nothing of a host that was unmapped", () => {
    const gone = [...RESERVED, given([7, 8], "host-1", "none")];
    const told = keysTold([9, 10], { generation: 3, keys: [B] });
    checkReports([...gone, told]);
    expect(() => checkReports([...RESERVED, told])).toThrow(/P11/);
    const late = registered([9, 12], ONE, A);
    expect(() => checkReports([...gone, late])).toThrow(/P11/);
    checkReports([...gone, given([10, 11], "host-1", "readOnly"), late]);
  });

  it("is kept: reservations do not vanish", () => {
    const lost = keysTold([9, 10], { generation: 0, keys: [] });
    expect(() => checkReports([...RESERVED, lost])).toThrow(/P11/);
  });
});

describe("a conflict (P11)", () => {
  it("is told while another one has reserved", () => {
    checkConflicts([...RESERVED, refused([7, 8], TWO, "write")]);
    checkConflicts([...RESERVED, preempted(7, 12), refused([8, 9], ONE, "write")]);
  });

  it("is never told without", () => {
    expect(() => checkConflicts([...RESERVED, refused([7, 8], ONE, "write")])).toThrow(
      /P11: conflicts/,
    );
    expect(() => checkConflicts([...RESERVED, refused([7, 8], TWO, "read")])).toThrow(/P11/);
    const released = asked([7, 8], { nexus: ONE, action: "release", key: A, type: 1 });
    expect(() => checkConflicts([...RESERVED, released, refused([9, 10], TWO, "write")])).toThrow(
      /P11/,
    );
  });
});

describe("effects (P11, R10)", () => {
  const told = (generation: number) => keysTold([20, 21], { generation, keys: [B] });

  it("are as many as were answered, and at most one for each that was not", () => {
    checkSingleEffects([...RESERVED, preempted(7, 8), told(3)]);
    checkSingleEffects([...RESERVED, preempted(7), told(2)]);
    checkSingleEffects([...RESERVED, preempted(7), told(3)]);
  });

  it("are not two for one request, and not none for one that was done", () => {
    expect(() => checkSingleEffects([...RESERVED, preempted(7, 8), told(4)])).toThrow(/at most/);
    expect(() => checkSingleEffects([...RESERVED, preempted(7), told(4)])).toThrow(/at most/);
    expect(() => checkSingleEffects([...RESERVED, preempted(7, 8), told(2)])).toThrow(/at least/);
    expect(() => checkSingleEffects([told(1)])).toThrow(/at most/);
  });

  it("are one of an unmapping, if the host was registered", () => {
    const gone = [...RESERVED, given([7, 8], "host-1", "none")];
    for (const generation of [2, 3]) checkSingleEffects([...gone, told(generation)]);
    expect(() => checkSingleEffects([...gone, told(4)])).toThrow(/at most/);
  });
});
