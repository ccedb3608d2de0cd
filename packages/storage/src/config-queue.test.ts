import type { ChunkConfig } from "@ashlar/catalog";
import { TestCatalog } from "@ashlar/catalog/testing";
import { expect, test } from "vitest";
import { CONFIGS_PER_TURN, ConfigQueue } from "./config-queue.ts";

const catalog = TestCatalog.created(2);
const configs = catalog.state.view.chunksOf(catalog.volume(1, 3 * CONFIGS_PER_TURN, 2));
const at = (index: number): ChunkConfig => {
  const config = configs[index];
  if (!config) throw new Error("the volume has this chunk");
  return config;
};

function opened(urgent: ReadonlySet<number> = new Set()) {
  const turns: (() => void)[] = [];
  const given: ChunkConfig[] = [];
  const after = (_: number, call: () => void) => {
    turns.push(call);
    return { cancel: () => {} };
  };
  const give = (config: ChunkConfig) => given.push(config);
  const queue = new ConfigQueue({ after }, give, (chunk) => urgent.has(chunk));
  return { nextTurn: () => turns.shift()?.(), given, queue };
}

test("a lost node's chunks are told in slices of bounded size, each in a turn of its own", () => {
  const { nextTurn, given, queue } = opened();
  queue.add(configs);
  for (let turns = 1; turns <= 3; turns += 1) {
    expect(given).toHaveLength(turns * CONFIGS_PER_TURN);
    nextTurn();
  }
  expect(given).toEqual(configs);
});

test("few are told at once, the newest of a chunk alone, and one that is asked for comes first", () => {
  const { nextTurn, given, queue } = opened();
  queue.add([at(1)]);
  expect(given).toEqual([at(1)]);
  queue.add(configs);
  const newer = { ...at(200), version: 9 };
  queue.add([newer]);
  queue.drop(at(201).chunk);
  queue.hurry(newer.chunk);
  expect(given.at(-1)).toBe(newer);
  for (let turns = 0; turns < 3; turns += 1) nextTurn();
  expect(given.filter(({ chunk }) => chunk === newer.chunk)).toEqual([newer]);
  expect(given.some(({ chunk }) => chunk === at(201).chunk)).toBe(false);
});

test("who waits until all are told is not called before", async () => {
  const { nextTurn, given, queue } = opened();
  await queue.given();
  queue.add(configs);
  let done = false;
  const all = queue.given().then(() => {
    done = true;
  });
  nextTurn();
  await Promise.resolve();
  expect(done, `${given.length} told`).toBe(false);
  for (let turns = 0; turns < 3; turns += 1) nextTurn();
  await all;
  expect(given).toHaveLength(configs.length);
});

test("of very many those come first that somebody waits for", () => {
  const urgent = new Set([at(200).chunk, at(3 * CONFIGS_PER_TURN - 1).chunk]);
  const { nextTurn, given, queue } = opened(urgent);
  queue.add(configs);
  expect(given).toHaveLength(CONFIGS_PER_TURN);
  expect(given.slice(0, 2).map(({ chunk }) => chunk)).toEqual([...urgent]);
  for (let turns = 0; turns < 3; turns += 1) nextTurn();
  expect(given).toHaveLength(configs.length);
});
