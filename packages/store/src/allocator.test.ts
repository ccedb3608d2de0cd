import { expect, test } from "vitest";
import { Allocator } from "./allocator.ts";

function opened(extentCount: number): Allocator {
  const allocator = new Allocator(extentCount, extentCount);
  allocator.replayed();
  return allocator;
}

test("hands out contiguous runs and passes over what is in use", () => {
  const allocator = new Allocator(100, 100);
  for (let extent = 3; extent <= 70; extent += 1) expect(allocator.claim(extent)).toBe(true);
  expect(allocator.claim(5)).toBe(false);
  expect(allocator.claim(101)).toBe(false);
  allocator.replayed();
  expect(allocator.take(4)).toEqual([1, 2, 71, 72]);
  expect(allocator.take(29)).toBeUndefined();
  expect(allocator.take(28)).toHaveLength(28);
  expect(allocator.readyCount).toBe(0);
});

test("P20: a discarded extent stays in use until its freeing is durable", () => {
  const allocator = opened(2);
  expect(allocator.take(2)).toEqual([1, 2]);
  allocator.discard(1);
  expect(allocator.take(1)).toBeUndefined();
  const freed = allocator.takeDiscarded();
  expect(allocator.releasingCount).toBe(1);
  expect(allocator.take(1)).toBeUndefined();
  allocator.releaseAll(freed);
  expect(allocator.take(1)).toEqual([1]);
});

test("P20: a pinned extent is free only when the last pin is gone", () => {
  const allocator = opened(1);
  allocator.take(1);
  allocator.pin(1);
  allocator.pin(1);
  allocator.release(1);
  allocator.unpin(1);
  expect(allocator.take(1)).toBeUndefined();
  allocator.unpin(1);
  expect(allocator.take(1)).toEqual([1]);
});

test("P20: freeing twice is a broken rule", () => {
  const allocator = opened(1);
  allocator.take(1);
  allocator.release(1);
  expect(() => allocator.release(1)).toThrow("P20");
});

test("only what has grown is handed out; promises count against the whole disk", () => {
  const allocator = new Allocator(10, 4);
  allocator.replayed();
  expect(allocator.take(5)).toBeUndefined();
  allocator.reserve(3);
  expect(allocator.freeCount).toBe(7);
  allocator.grow(8);
  expect(allocator.take(5)).toEqual([1, 2, 3, 4, 5]);
  allocator.unreserve(3);
  expect(allocator.freeCount).toBe(5);
});
