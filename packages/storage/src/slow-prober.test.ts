// A slow disk is asked for a little now and then, one thing at a time, and no other disk is.

import { TestCatalog, testNode, testStore } from "@ashlar/catalog/testing";
import { diskId, MIB, present } from "@ashlar/core";
import { MemoryChunkStore } from "@ashlar/replica/testing";
import { silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import type { OpenDisk } from "./disk-set.ts";
import { PROBE_INTERVAL_MS, SlowProber } from "./slow-prober.ts";

test("probes go to the disk that is slow, and to one that hangs no second one", async () => {
  const catalog = TestCatalog.created(4, 2);
  const clock = new ManualClock();
  const ends: (() => void)[] = [];
  let probes = 0;
  const disks: OpenDisk[] = [1, 2].map((number) => {
    const storeUuid = testStore(1, number);
    const sizes = { reserveBytes: 0, chunkSize: 16 * MIB };
    const memory = new MemoryChunkStore({ node: testNode(1), storeUuid, ...sizes });
    const store = Object.assign(memory, {
      probe: () => {
        probes += number;
        return new Promise<void>((resolve) => ends.push(resolve));
      },
    });
    return { disk: diskId(`disk-${number}`), store, failed: false };
  });
  const prober = new SlowProber({
    node: testNode(1),
    view: catalog.state.view,
    disks: { all: disks },
    clock,
    log: silentLog,
  });
  await prober.start();
  clock.advance(10 * PROBE_INTERVAL_MS);
  expect(probes).toBe(0);
  const slow = { reason: "slow", since: "" };
  catalog.done({ kind: "setSlow", store: testStore(1, 2), slow });
  clock.advance(10 * PROBE_INTERVAL_MS);
  expect(probes).toBe(2);
  present(ends[0], "it began")();
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(PROBE_INTERVAL_MS);
  expect(probes).toBe(4);
  present(disks[1], "of two").failed = true;
  present(ends[1], "it began")();
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(10 * PROBE_INTERVAL_MS);
  await prober.stop();
  expect(probes).toBe(4);
});
