import { expect, test } from "vitest";
import { SystemError } from "./errors.ts";
import { eachPart } from "./parts.ts";

const reserved = new SystemError("volume/reserved", "another host has it");
const lost = new SystemError("chunk/unavailable", "nobody says");

/** The code of the whole, of whose parts those fail that have an error; parts end in their order. */
async function codeOf(ends: readonly (SystemError | undefined)[], atATime = 4): Promise<string> {
  try {
    await eachPart(ends, { atATime }, async (end, index) => {
      for (let turn = 0; turn < index; turn += 1) await undefined;
      if (end) throw end;
    });
    return "done";
  } catch (thrown) {
    return thrown instanceof SystemError ? thrown.code : String(thrown);
  }
}

test("runs so many parts at a time, and none after a failure", async () => {
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const whole = eachPart([0, 1, 2, 3, 4], { atATime: 2 }, async (part, index) => {
    expect(index).toBe(part);
    begun.push(part);
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (part === 2) throw lost;
  });
  await expect(whole).rejects.toBe(lost);
  expect(running, "all that ran are settled").toBe(0);
  expect([most, begun]).toEqual([2, [0, 1, 2, 3]]);
});

test.each([
  ["all were done", [undefined, undefined], "done"],
  ["all were refused", [reserved, reserved], "volume/reserved"],
  ["one was done before", [undefined, reserved], "cluster/unavailable"],
  ["one was done after", [reserved, undefined], "cluster/unavailable"],
  ["one may have been done", [reserved, lost], "cluster/unavailable"],
  ["one was lost first", [lost, reserved], "chunk/unavailable"],
])("P11: is in conflict only when no part was done: %s", async (_what, ends, code) => {
  expect(await codeOf(ends)).toBe(code);
});

test("P11: one after the other, the first that is refused ends it", async () => {
  expect(await codeOf([reserved, undefined], 1)).toBe("volume/reserved");
  expect(await codeOf([undefined, reserved], 1)).toBe("cluster/unavailable");
});
