// Who waits for whom.
import { expect, test } from "vitest";
import { RangeTurns } from "./range-turns.ts";

/** Work that ends when it is told to. */
function work(story: string[], name: string): { run: () => Promise<void>; end: () => void } {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = async (): Promise<void> => {
    story.push(`${name} begins`);
    await ended;
    story.push(`${name} ends`);
  };
  return { run, end };
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("one that has a range to itself waits for those before it, and those behind it wait", async () => {
  const story: string[] = [];
  const turn = new RangeTurns();
  const [first, owner, later, beside] = ["first", "owner", "later", "beside"].map((name) =>
    work(story, name),
  );
  if (!first || !owner || !later || !beside) throw new Error("four works");
  const all = [
    turn.together([0, 10], first.run),
    turn.alone([5, 15], owner.run),
    turn.together([14, 20], later.run),
    turn.together([15, 20], beside.run),
  ];
  await turns();
  expect(story).toEqual(["first begins", "beside begins"]);
  first.end();
  await turns();
  expect(story.slice(2)).toEqual(["first ends", "owner begins"]);
  owner.end();
  await turns();
  expect(story.slice(4)).toEqual(["owner ends", "later begins"]);
  later.end();
  beside.end();
  await Promise.all(all);
});

test("one that failed is no longer waited for", async () => {
  const turn = new RangeTurns();
  const fails = async (): Promise<void> => {
    throw new Error("it fails");
  };
  await expect(turn.alone([0, 10], fails)).rejects.toThrow("it fails");
  await expect(turn.together([0, 10], fails)).rejects.toThrow("it fails");
  await turn.alone([0, 10], async () => {});
  await turn.together([0, 10], async () => {});
});
