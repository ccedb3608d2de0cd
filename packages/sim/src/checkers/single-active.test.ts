import { expect, it } from "vitest";
import { SingleActive } from "./single-active.ts";

it("P3: one replica is ACTIVE in an epoch, and a later epoch is a failover", () => {
  const active = new SingleActive();
  active.onActive("1", 1, "storage-1/1");
  active.onActive("1", 2, "storage-2/1");
  active.onActive("2", 1, "storage-2/1");
  expect(active.failovers).toBe(1);
  expect(() => active.onActive("1", 2, "storage-3/1")).toThrow(/P3: chunk 1 epoch 2/);
});
