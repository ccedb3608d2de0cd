import { type CatalogState, stateHash } from "@ashlar/catalog";
import { diskId, MIB, nodeId, storeUuid } from "@ashlar/core";
import { MemoryDisk } from "@ashlar/runtime/testing";
import { describe, expect, test } from "vitest";
import { createdTestLog, openTestLog } from "../testing/open-log.ts";
import type { SingleMemberLog } from "./single-member-log.ts";

const up = (number: number, boot: number) =>
  ({
    kind: "nodeUp",
    node: nodeId(`storage-${number}`),
    bootId: `boot-${boot}`,
    address: "127.0.0.1:7001",
    disks: [
      {
        disk: diskId("disk-1"),
        storeUuid: storeUuid(`00000000-0000-4000-8000-00000000000${number}`),
        sizeBytes: MIB,
        state: "up",
      },
    ],
  }) as const;

const hashOf = (log: SingleMemberLog): number =>
  stateHash((log as unknown as { state: CatalogState }).state);

describe("a log of one member", () => {
  test("proposals made together share one sync and are applied in order", async () => {
    const disk = new MemoryDisk();
    const log = await createdTestLog(disk);
    const seen: number[] = [];
    log.subscribe(({ index }) => seen.push(index));
    let syncs = 0;
    disk.fault = (call) => {
      if (call === "datasync") syncs += 1;
      return undefined;
    };
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, at) => log.propose(up((at % 9) + 1, at))),
    );
    expect(all.map(({ index }) => index)).toEqual(Array.from({ length: 50 }, (_, at) => at + 2));
    expect(seen).toEqual(all.map(({ index }) => index));
    expect(syncs).toBeLessThanOrEqual(2);
    expect(await log.readIndex()).toBe(51);
  });

  test("R8: snapshot and replay give the same state, over any number of power cuts", async () => {
    const disk = new MemoryDisk();
    let log = await createdTestLog(disk, 7);
    for (let boot = 0; boot < 40; boot += 1) {
      await log.propose(up((boot % 3) + 1, boot));
      if (boot % 5 !== 0) continue;
      const hash = hashOf(log);
      disk.powerCut();
      log = await openTestLog(disk, 7);
      expect(hashOf(log)).toBe(hash);
    }
    expect(await disk.exists("/log/snapshot")).toBe(true);
    expect(log.view.appliedIndex).toBe(41);
  });

  test("closing answers what was proposed, and refuses what comes later", async () => {
    const disk = new MemoryDisk();
    const log = await createdTestLog(disk);
    const proposed = log.propose(up(1, 1));
    const order: string[] = [];
    const answered = proposed.then(() => order.push("answered"));
    const closing = log.close().then(() => order.push("closed"));
    await expect(log.propose(up(2, 1))).rejects.toMatchObject({ code: "cluster/unavailable" });
    await Promise.all([answered, closing]);
    expect(order).toEqual(["answered", "closed"]);
    await expect(proposed).resolves.toMatchObject({ index: 2, result: { kind: "done" } });
  });
});
