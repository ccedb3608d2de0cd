import { MIB } from "@ashlar/core";
import { decodeMessage } from "@ashlar/raft";
import { describe, expect, test } from "vitest";
import { RaftMessageQueue } from "./raft-message-queue.ts";
import { append, heartbeat } from "./testing/raft-peers.ts";

const ROUTE = { from: 1, to: 2 };

describe("messages that wait for a stream", () => {
  test("leave in order, no more at once than a batch holds, and at least one", () => {
    const queue = new RaftMessageQueue();
    const sizes = [2 * MIB, 0.6 * MIB, 0.6 * MIB, 0.3 * MIB].map(Math.floor);
    for (const [at, bytes] of sizes.entries()) queue.push(append(ROUTE, at + 1, bytes));
    const batches = [];
    while (queue.length > 0) batches.push(queue.takeBatch().map(decodeMessage));
    expect(batches.map((batch) => batch.length)).toEqual([1, 1, 2]);
    const indexes = batches.flat().map((message) => "entries" in message && message.entries[0]);
    expect(indexes).toMatchObject([{ index: 1 }, { index: 2 }, { index: 3 }, { index: 4 }]);
  });

  test("a newer heartbeat takes the place of one that waits", () => {
    const queue = new RaftMessageQueue();
    queue.push(heartbeat(ROUTE, 1));
    queue.push(append(ROUTE, 1));
    queue.push(heartbeat(ROUTE, 2));
    expect(queue.takeBatch().map(decodeMessage)).toEqual([append(ROUTE, 1), heartbeat(ROUTE, 2)]);
  });

  test("are bounded in number and bytes, and room comes back", () => {
    const pushed = (bytes: number): number => {
      const queue = new RaftMessageQueue();
      let count = 0;
      while (queue.push(append(ROUTE, count + 1, bytes))) count += 1;
      const first = queue.takeBatch();
      expect(first.length).toBeGreaterThan(0);
      expect(queue.push(append(ROUTE, count + 1, bytes))).toBe(true);
      return count;
    };
    expect(pushed(1)).toBe(1024);
    expect(pushed(MIB)).toBe(7);
  });

  test("one that is larger than the queue goes alone", () => {
    const queue = new RaftMessageQueue();
    expect(queue.push(append(ROUTE, 1, 9 * MIB))).toBe(true);
    expect(queue.push(append(ROUTE, 2))).toBe(false);
    expect(queue.takeBatch()).toHaveLength(1);
    expect(queue.push(append(ROUTE, 2))).toBe(true);
  });
});
