// Which chunks are copied first when more wait than may be copied at a time.
import { testNode } from "@ashlar/catalog/testing";
import { type ChunkId, chunkId, familyId } from "@ashlar/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ResyncSlots } from "./resync-slots.ts";

const RUNNING_MAX = 8;
const LEARNER = testNode(9);

/** Chunks with so many members in sync each, the first ones already copied. */
class Trial {
  readonly started: ChunkId[] = [];
  readonly inSync = new Map<ChunkId, number>();
  readonly slots = new ResyncSlots((chunk) => this.inSync.get(chunk) ?? 0);

  driver(index: number): Parameters<ResyncSlots["request"]>[0] {
    const chunk = chunkId(familyId(1), index);
    return { chunk, step: () => void this.started.push(chunk) };
  }

  ask(index: number, inSync: number): void {
    this.inSync.set(this.driver(index).chunk, inSync);
    this.slots.request(this.driver(index), LEARNER);
  }

  /** What started first of what has not ended ends. */
  end(index: number): void {
    this.slots.release(this.driver(index), LEARNER);
  }
}

test("the fewer members in sync, the sooner; among equals who asked first", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 60 }), (risks) => {
      const trial = new Trial();
      for (const [index, inSync] of risks.entries()) trial.ask(index, inSync);
      expect(trial.slots.runningCount).toBe(Math.min(risks.length, RUNNING_MAX));
      for (let ended = 0; ended < trial.started.length; ended += 1) {
        const chunk = trial.started[ended]!;
        trial.slots.release({ chunk, step: () => {} }, LEARNER);
      }
      const all = [...risks.keys()].map((index) => trial.driver(index).chunk);
      const later = all.slice(RUNNING_MAX);
      const riskOf = (chunk: ChunkId): number => trial.inSync.get(chunk)!;
      const expected = [...later].sort((a, b) => riskOf(a) - riskOf(b) || a - b);
      expect(trial.started).toEqual([...all.slice(0, RUNNING_MAX), ...expected]);
      expect([trial.slots.runningCount, trial.slots.waitingCount]).toEqual([0, 0]);
    }),
  );
});

test("who loses a member while it waits is copied before those that did not", () => {
  const trial = new Trial();
  for (let index = 0; index < 20; index += 1) trial.ask(index, 2);
  const endangered = trial.driver(15);
  trial.inSync.set(endangered.chunk, 1);
  trial.slots.reorder(endangered, [{ node: testNode(1) }, { node: LEARNER }]);
  expect(trial.slots.waitingCount).toBe(12);
  trial.end(0);
  expect(trial.started.at(-1)).toBe(endangered.chunk);
  trial.slots.reorder(trial.driver(3), [{ node: LEARNER }]);
  expect(trial.slots.runningCount, "what runs is left alone").toBe(RUNNING_MAX);
});

test("who gives up waiting is not started any more", () => {
  const trial = new Trial();
  for (let index = 0; index < 10; index += 1) trial.ask(index, 1);
  trial.end(9);
  trial.end(0);
  trial.end(1);
  expect(trial.started).toHaveLength(9);
  expect(trial.slots.waitingCount).toBe(0);
});
