import { describe, expect, it } from "vitest";
import { WaitQueue } from "./wait-queue.ts";

describe("wait queue", () => {
  it("lets lines take turns and keeps order within each", () => {
    const queue = new WaitQueue<string>();
    for (const item of ["a1", "a2", "a3", "b1", "c1", "b2"]) queue.push(item.charAt(0), item);
    expect(queue.length).toBe(6);
    const order: (string | undefined)[] = [];
    while (queue.length > 0) {
      const peeked = queue.peek();
      order.push(queue.shift());
      expect(order.at(-1)).toBe(peeked);
    }
    expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
    expect(queue.shift()).toBeUndefined();
    expect(queue.peek()).toBeUndefined();
  });

  it("drains everything", () => {
    const queue = new WaitQueue<number>();
    queue.push("a", 1);
    queue.push("b", 2);
    queue.push("a", 3);
    expect(queue.drain()).toEqual([1, 3, 2]);
    expect(queue.length).toBe(0);
    expect(queue.peek()).toBeUndefined();
  });
});
