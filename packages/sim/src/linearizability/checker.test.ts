import { describe, expect, it } from "vitest";
import { operation } from "../testing/history.ts";
import { REGISTER, type RegisterInput, type RegisterOutput } from "../testing/register.ts";
import { checkLinearizable, type Verdict } from "./checker.ts";
import { explainVerdict } from "./explanation.ts";
import type { History, Model, Operation } from "./model.ts";

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;
type Times = readonly [callTime: number, returnTime: number | undefined];

const read = (client: string, times: Times, value: number): RegisterOperation =>
  operation(client, times, { kind: "read" }, value);

const write = (client: string, times: Times, value: number): RegisterOperation =>
  operation(client, times, { kind: "write", value }, times[1] === undefined ? undefined : 0);

const compareAndSet = (
  client: string,
  times: Times,
  [expected, value]: readonly [expected: number, value: number],
  output: number,
): RegisterOperation =>
  operation(client, times, { kind: "compare-and-set", expected, value }, output);

const judge = (
  history: History<RegisterInput, RegisterOutput>,
): Verdict<RegisterInput, RegisterOutput> => checkLinearizable(REGISTER, history);

describe("accepts", () => {
  const histories: Readonly<Record<string, History<RegisterInput, RegisterOutput>>> = {
    nothing: [],
    "a value read after it was written": [write("a", [1, 2], 7), read("b", [3, 4], 7)],
    "the old value, while the write goes on": [write("a", [1, 4], 7), read("b", [2, 3], 0)],
    "the new value, while the write goes on": [write("a", [1, 4], 7), read("b", [2, 3], 7)],
    "an answer at the moment of the next call: they overlap": [
      write("a", [1, 2], 7),
      read("b", [2, 3], 0),
    ],
    "overlapping writes in the order that reads show": [
      write("a", [1, 10], 1),
      write("b", [2, 9], 2),
      read("c", [3, 4], 2),
      read("c", [5, 6], 1),
    ],
    "operations that come in no order": [read("b", [3, 4], 7), write("a", [1, 2], 7)],
    "a write without an answer that nobody ever sees": [
      write("a", [1, undefined], 7),
      read("b", [2, 3], 0),
      read("b", [4, 5], 0),
    ],
    "a write without an answer that is seen late": [
      write("a", [1, undefined], 7),
      read("b", [2, 3], 0),
      write("b", [4, 5], 8),
      read("b", [6, 7], 8),
      read("b", [8, 9], 7),
    ],
    "a compare-and-set without an answer that made way for another": [
      operation("a", [1, undefined], { kind: "compare-and-set", expected: 0, value: 1 }),
      compareAndSet("b", [2, 3], [1, 2], 1),
      read("c", [4, 5], 2),
    ],
    "nothing but operations without an answer": [
      write("a", [1, undefined], 1),
      write("b", [1, undefined], 2),
    ],
  };

  it.each(Object.entries(histories))("%s", (_name, history) => {
    expect(judge(history)).toEqual({ kind: "linearizable" });
  });
});

describe("rejects", () => {
  const histories: Readonly<Record<string, History<RegisterInput, RegisterOutput>>> = {
    "a stale read": [write("a", [1, 2], 7), read("b", [3, 4], 0)],
    "a read of a value never written": [write("a", [1, 2], 7), read("b", [1, 4], 9)],
    "a value from the future": [read("b", [1, 2], 7), write("a", [3, 4], 7)],
    "a lost update: two took the same value for their own": [
      compareAndSet("a", [1, 4], [0, 1], 1),
      compareAndSet("b", [2, 3], [0, 2], 1),
    ],
    "an acknowledged write that is gone": [
      write("a", [1, 2], 1),
      write("a", [3, 4], 2),
      read("b", [5, 6], 1),
    ],
    "reads that go back, of one client": [
      write("a", [1, 10], 7),
      read("b", [2, 3], 7),
      read("b", [4, 5], 0),
    ],
    "reads that go back, of two clients": [
      write("a", [1, 10], 7),
      read("b", [2, 3], 7),
      read("c", [4, 5], 0),
    ],
    "two orders of the same writes": [
      write("a", [1, 2], 1),
      write("b", [1, 2], 2),
      read("c", [3, 4], 1),
      read("d", [5, 6], 2),
    ],
    "a write without an answer, seen and then unseen": [
      write("a", [1, undefined], 7),
      read("b", [2, 3], 7),
      read("b", [4, 5], 0),
    ],
    "a write without an answer, seen before it was called": [
      read("b", [1, 2], 7),
      write("a", [3, undefined], 7),
    ],
    "a write without an answer, seen twice with another between": [
      write("a", [1, undefined], 7),
      read("b", [2, 3], 7),
      write("b", [4, 5], 8),
      read("b", [6, 7], 8),
      read("b", [8, 9], 7),
    ],
  };

  it.each(Object.entries(histories))("%s", (_name, history) => {
    expect(judge(history).kind).toBe("not-linearizable");
  });
});

it("shows the longest order and the answer that fits none", () => {
  const good = [write("a", [1, 2], 1), read("b", [3, 4], 1), write("a", [5, 8], 2)];
  const stale = read("b", [9, 10], 1);
  const verdict = judge([...good, stale]);
  expect(verdict).toEqual({ kind: "not-linearizable", longest: good, blocked: stale });
  expect(explainVerdict(verdict)).toBe(
    [
      "not linearizable; the longest order found:",
      '  [1, 2] a: {"kind":"write","value":1} -> 0',
      '  [3, 4] b: {"kind":"read"} -> 1',
      '  [5, 8] a: {"kind":"write","value":2} -> 0',
      "no place for:",
      '  [9, 10] b: {"kind":"read"} -> 1',
    ].join("\n"),
  );
});

it("says so when the limit of steps ends the search", () => {
  const history = [write("a", [1, 2], 1), read("b", [3, 4], 1)];
  expect(checkLinearizable(REGISTER, history, { stepsMax: 1 }).kind).toBe("undecided");
  expect(checkLinearizable(REGISTER, history, { stepsMax: 2 }).kind).toBe("linearizable");
});

it("refuses an answer before its call", () => {
  expect(() => judge([read("a", [2, 1], 0)])).toThrow("an answer follows its call");
});

it("takes a long history with many clients and lost answers in few steps", () => {
  const history: RegisterOperation[] = [];
  for (let round = 0; round < 500; round += 1) {
    const at = 10 * round;
    history.push(write("a", [at, round % 50 === 0 ? undefined : at + 5], 2 * round));
    history.push(write("b", [at + 1, at + 6], 2 * round + 1));
    history.push(read("c", [at + 7, at + 8], 2 * round + 1));
  }
  const verdict = checkLinearizable(REGISTER, history, { stepsMax: 50_000 });
  expect(verdict).toEqual({ kind: "linearizable" });
});

it("refutes a history with many lost answers in few steps, whatever they asked for", () => {
  const lost = Array.from({ length: 40 }, (_, at) => [
    write("a", [at, undefined], 1),
    write("b", [at, undefined], 2),
    operation("c", [at, undefined], { kind: "read" } as const),
  ]).flat();
  const history = [...lost, read("d", [100, 101], 1), read("d", [102, 103], 3)];
  const verdict = checkLinearizable(REGISTER, history, { stepsMax: 20_000 });
  expect(verdict.kind).toBe("not-linearizable");
});

it("takes a history in few steps where few of many lost requests were done", () => {
  /** A sum, to which each request adds another part. */
  const sum: Model<number, { readonly add: number }, number> = {
    initial: () => 0,
    step: (state, { add }, output) =>
      output === undefined || output === state + add
        ? { ok: true, state: state + add }
        : { ok: false },
    key: String,
  };
  const lost = Array.from({ length: 40 }, (_, at) =>
    operation("a", [at, undefined], { add: 2 ** at }),
  );
  const shown = (at: number, value: number) => operation("b", [at, at + 1], { add: 0 }, value);
  const history = [
    ...lost,
    shown(100, 2 ** 17),
    shown(110, 2 ** 17 + 2 ** 3),
    shown(120, 2 ** 17 + 2 ** 3 + 2 ** 5 + 2 ** 30),
  ];
  expect(checkLinearizable(sum, history, { stepsMax: 5_000 }).kind).toBe("linearizable");
  const few = [...lost.slice(0, 8), shown(100, 2 ** 17)];
  expect(checkLinearizable(sum, few, { stepsMax: 5_000 }).kind).toBe("not-linearizable");
});
