// The pure parts of a drill: where its writers work, what keeps a cluster from being whole, what a timer means, and
// what a process says it copied.
import { MIB } from "@ashlar/core";
import { expect, test } from "vitest";
import { MemorySite } from "../testing/memory-site.ts";
import { countedBytes } from "./copied-bytes.ts";
import { writerPlaces } from "./drill-host.ts";
import { HOST_TIMERS, judgeGoals, judgeTimers, median } from "./host-timers.ts";
import { missingFrom } from "./redundancy.ts";

const { signal } = new AbortController();
const place = { volume: "drill-1", host: "host-1", path: "all paths" };
const measured = (ms: number) => {
  const one = { atMs: 0, ms, place };
  return { command: one, volume: one, path: one, noPath: one };
};

test("every chunk has a writer, and none reaches beyond the volume", () => {
  const chunkSize = 64 * MIB;
  expect(writerPlaces({ chunkSize, sizeBytes: 4 * chunkSize })).toEqual([
    { offset: 62 * MIB, length: 4 * MIB },
    { offset: 190 * MIB, length: 4 * MIB },
  ]);
  expect(writerPlaces({ chunkSize: MIB, sizeBytes: 1.5 * MIB })).toEqual([
    { offset: 0, length: 1.5 * MIB },
  ]);
  expect(writerPlaces({ chunkSize, sizeBytes: MIB })).toEqual([{ offset: 0, length: MIB }]);
});

test("a timer that ran out decides, unless hosts would only change their path", () => {
  const exceeded = (ms: number, servedThroughout: boolean): string[] =>
    judgeTimers(measured(ms), servedThroughout)
      .filter(({ within, decides }) => !within && decides)
      .map(({ host, setting }) => `${host} ${setting.split(" ")[0]}`);
  expect(exceeded(4_999, true)).toEqual([]);
  expect(exceeded(12_000, true)).toEqual(["Linux multipath"]);
  expect(exceeded(15_000, true)).toEqual(["Windows LinkDownTime", "Linux multipath"]);
  expect(exceeded(29_000, false)).toEqual([]);
  expect(exceeded(30_000, false)).toEqual(["Linux sd"]);
  expect(exceeded(140_000, true)).toHaveLength(HOST_TIMERS.length - 2);
});

test("goals are about the median and the longest, and no round meets none", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1])).toBe(2.5);
  expect(judgeGoals([1_000, 2_000, 11_000]).map(({ met }) => met)).toEqual([true, false]);
  expect(judgeGoals([]).map(({ met }) => met)).toEqual([false, false]);
});

test("a cluster is whole when nothing is down, degraded, unavailable, copied or far behind", async () => {
  const status = await new MemorySite().openAdmin().clusterStatus({ signal });
  expect(missingFrom({ status })).toEqual([]);
  const metadata = status.metadata.map((member) => ({ ...member, lag: 65 }));
  const counts = { degradedChunks: 2, unavailableChunks: 1, resyncChunks: 3 };
  expect(missingFrom({ status: { ...status, ...counts, metadata } })).toEqual([
    "metadata-1 is 65 entries behind",
    "metadata-2 is 65 entries behind",
    "metadata-3 is 65 entries behind",
    "1 chunks without any copy that can be reached",
    "2 chunks with fewer copies in sync than wanted",
    "3 chunks with a copy that is being made",
  ]);
});

test("copied bytes are read from the metrics of a process", () => {
  const text =
    '# TYPE x gauge\nashlar_storage_resync_bytes{node="a"} 4096\nashlar_storage_resync_bytes 8\n';
  expect(countedBytes(text)).toBe(4104);
  expect(countedBytes("up 1\n")).toBeUndefined();
});
