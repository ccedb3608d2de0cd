import { EXTENT_SIZE } from "@ashlar/core";
import { describe, expect, it } from "vitest";
import { ClaimQueue, SpaceClaims } from "./space-claims.ts";
import { A, B, configOf, lsn, ScriptedReplica, storeOf } from "./testing/scripted-chunk.ts";

const store = storeOf(B);

describe("claims on a store's room (P18)", () => {
  it("are shared by all chunks of the node, and given back as entries get there", () => {
    const claims = new SpaceClaims(8 * EXTENT_SIZE);
    const first = new ClaimQueue(claims, store);
    const second = new ClaimQueue(claims, store);
    first.add(1, EXTENT_SIZE);
    second.add(7, EXTENT_SIZE);
    expect(claims.admits(store, EXTENT_SIZE), "a quarter of the reserve is taken").toBe("busy");
    first.settle(1);
    expect(claims.admits(store, EXTENT_SIZE)).toBe("room");
    first.add(2, EXTENT_SIZE);
    second.clear();
    first.clear();
    claims.told(store, 8 * EXTENT_SIZE);
    first.add(3, 3 * EXTENT_SIZE);
    expect(claims.admits(store, EXTENT_SIZE)).toBe("room");
    expect(claims.admits(store, 2 * EXTENT_SIZE)).toBe("busy");
  });

  it("let one operation pass while there is room, and none when there is none", () => {
    const claims = new SpaceClaims(0);
    expect(claims.admits(store, EXTENT_SIZE)).toBe("room");
    claims.told(store, EXTENT_SIZE - 1);
    expect(claims.admits(store, EXTENT_SIZE)).toBe("noSpace");
    expect(claims.admitsOwn(store, EXTENT_SIZE, EXTENT_SIZE)).toBe("room");
    expect(claims.admitsOwn(store, EXTENT_SIZE, 0)).toBe("noSpace");
  });
});

describe("a primary whose own store is nearly full", () => {
  it("takes one write at a time, and the next when that is committed", () => {
    const primary = new ScriptedReplica(A);
    primary.freeBytes = EXTENT_SIZE;
    primary.lead(configOf([A, B]), [B]);
    primary.operate();
    primary.operate({ offset: EXTENT_SIZE });
    expect(primary.statuses).toEqual(["busy"]);
    primary.sync();
    primary.ack(B, lsn(1, 1));
    primary.operate({ offset: EXTENT_SIZE });
    primary.sync();
    primary.ack(B, lsn(1, 2));
    expect(primary.statuses).toEqual(["busy", "good", "good"]);
  });
});
