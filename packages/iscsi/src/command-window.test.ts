import fc from "fast-check";
import { expect, test } from "vitest";
import { CommandWindow } from "./command-window.ts";
import { serialAdd } from "./serial.ts";

const SIZE = 8;

/** A window whose deliveries are written down. */
function open(first: number) {
  const window = new CommandWindow({ first, size: SIZE });
  const delivered: number[] = [];
  const offer = (cmdSn: number): void => window.offer(cmdSn, () => delivered.push(cmdSn));
  return { window, delivered, offer };
}

test("in whatever order commands come, they are delivered once and in theirs, also past zero", () => {
  const firsts = fc.constantFrom(0, 1, 0x7fffffff, 0xfffffffc);
  const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: SIZE });
  fc.assert(
    fc.property(firsts, order, fc.array(fc.nat(7)), (first, offsets, repeated) => {
      const { window, delivered, offer } = open(first);
      for (const offset of [...offsets, ...repeated]) offer(serialAdd(first, offset));
      const expected = [0, 1, 2, 3, 4, 5, 6, 7].map((offset) => serialAdd(first, offset));
      expect(delivered).toEqual(expected);
      expect(window.expCmdSn).toBe(serialAdd(first, SIZE));
    }),
  );
});

test("what lies outside the window is ignored", () => {
  const { window, delivered, offer } = open(100);
  for (const cmdSn of [99, 108, 0, 100 + 2 ** 31]) offer(cmdSn);
  expect(delivered).toEqual([]);
  expect([window.expCmdSn, window.maxCmdSn]).toEqual([100, 107]);
});

test("it closes as commands stay active, opens as they end, and never moves back", () => {
  const { window, offer } = open(1);
  for (let cmdSn = 1; cmdSn <= SIZE; cmdSn += 1) offer(cmdSn);
  window.admit(SIZE);
  expect(window.maxCmdSn).toBe(SIZE);
  window.admit(SIZE - 3);
  expect(window.maxCmdSn).toBe(SIZE + 3);
  window.admit(SIZE);
  expect(window.maxCmdSn).toBe(SIZE + 3);
});

test("a skipped command is never delivered and does not hold up the others", () => {
  const { window, delivered, offer } = open(1);
  offer(2);
  expect(window.skip(1)).toBe(true);
  expect(delivered).toEqual([2]);
  offer(1);
  expect(delivered).toEqual([2]);
  expect(window.skip(1)).toBe(false);
});
