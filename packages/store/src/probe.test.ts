// A probe is made durable as everything is, and means nothing: not to who reads, and not to who starts anew.
import { CHECKSUM_UNIT, scatterJoin } from "@ashlar/core";
import { patternedBytes, writeEntry } from "@ashlar/replica/testing";
import { silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { createStore, openStore } from "./open.ts";
import { RecordingDisk } from "./testing/recording-disk.ts";
import { A, OPTIONS, PATH, SIZES, UUID } from "./testing/small-store.ts";

const PORTS = { log: silentLog, clock: new ManualClock() };
const DATA = patternedBytes(CHECKSUM_UNIT, 1);

test("a store that was probed many times, between writes and at rest, opens with what was written", async () => {
  const disk = new RecordingDisk(PATH);
  await createStore(disk, { ...OPTIONS, ...SIZES, storeUuid: UUID }, PORTS);
  const store = await openStore(disk, OPTIONS, PORTS);
  const { freeBytes } = store.space();
  await store.probe();
  await store.append(A, writeEntry(A, { epoch: 1, seq: 1 }, 0, DATA));
  await Promise.all([store.probe(), store.probe()]);
  store.commit(A, { epoch: 1, seq: 1 });
  // More than the ring holds: room is made for probes as for all else.
  for (let probe = 0; probe < 600; probe += 1) await store.probe();
  expect(store.space().freeBytes).toBeLessThanOrEqual(freeBytes);
  await store.close();
  await expect(store.probe()).rejects.toMatchObject({ code: "disk/failed" });
  const again = await openStore(disk, OPTIONS, PORTS);
  await again.probe();
  expect(scatterJoin((await again.read(A, 0, CHECKSUM_UNIT)).data)).toEqual(DATA);
  await again.close();
  // Nothing but the probe is to be replayed.
  const third = await openStore(disk, OPTIONS, PORTS);
  expect(scatterJoin((await third.read(A, 0, CHECKSUM_UNIT)).data)).toEqual(DATA);
  await third.close();
});
