// What was done is told with what came of it, when that can be known.
import { expect, test } from "vitest";
import { AdviceHistory, HISTORY_MAX } from "./advice-history.ts";

const done = (id: string, atMs: number) => ({
  id,
  action: "storage-2 leads it",
  byItself: true,
  from: "storage-1",
  to: "storage-2",
  chunks: 2,
  before: { from: 900, to: 100 },
  atMs,
  judgedMs: atMs + 60_000,
});
const asked = (node: string): number => (node === "storage-1" ? 510 : 490);

test("figures of before are not taken for those of after", () => {
  const history = new AdviceHistory();
  history.add(done("a", 1_000));
  expect(history.judge(60_999, asked)).toEqual([]);
  expect(
    history.judge(61_000, () => undefined),
    "one of them was not heard",
  ).toEqual([]);
  expect(history.list(61_000)).toMatchObject([{ id: "a", agoMs: 60_000, after: null }]);
  expect(history.judge(61_000, asked)).toMatchObject([{ id: "a", after: { from: 510, to: 490 } }]);
  expect(history.judge(62_000, asked), "once").toEqual([]);
});

test("the newest few are kept, the newest first", () => {
  const history = new AdviceHistory();
  for (let at = 0; at <= HISTORY_MAX; at += 1) history.add(done(`${at}`, at));
  const ids = history.list(100).map(({ id }) => id);
  expect(ids).toEqual(Array.from({ length: HISTORY_MAX }, (_, at) => `${HISTORY_MAX - at}`));
  history.clear();
  expect(history.list(100)).toEqual([]);
});
