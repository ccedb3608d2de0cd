import { expect, test } from "vitest";
import { Lifecycle } from "./lifecycle.ts";
import { silentLog } from "./log.ts";

function parts(failing?: string) {
  const calls: string[] = [];
  const part = (name: string) =>
    [
      name,
      {
        start: async () => {
          calls.push(`start ${name}`);
          if (name === failing) throw new Error(name);
        },
        stop: async () => {
          calls.push(`stop ${name}`);
        },
      },
    ] as const;
  return { calls, list: ["a", "b", "c"].map(part) };
}

test("starts in order, stops in reverse", async () => {
  const { calls, list } = parts();
  const lifecycle = new Lifecycle({ log: silentLog });
  await lifecycle.start(list);
  await lifecycle.stop();
  expect(calls).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
});

test("what ran is stopped when a later part cannot start", async () => {
  const { calls, list } = parts("c");
  await expect(new Lifecycle({ log: silentLog }).start(list)).rejects.toThrow("c");
  expect(calls).toEqual(["start a", "start b", "start c", "stop b", "stop a"]);
});
