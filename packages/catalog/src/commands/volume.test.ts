import { MIB, volumeName } from "@ashlar/core";
import { expect, test } from "vitest";
import { TEST_CHUNK_SIZE, TestCatalog, testVolume } from "../testing/cluster.ts";

const request = {
  kind: "beginVolume",
  volume: testVolume(1),
  name: volumeName("demo"),
  sizeBytes: 3 * TEST_CHUNK_SIZE,
  blockSize: 512,
  replicas: 0,
  createdAt: "2026-11-01T00:00:00.000Z",
} as const;

test("a creation that is sent again goes on where it was, and is done once", () => {
  const catalog = TestCatalog.created(2);
  const begun = catalog.done(request);
  const again = { ...request, createdAt: "2026-11-01T00:00:09.000Z" };
  expect(catalog.done(again)).toEqual(begun);
  const { family } = begun;
  catalog.done({ kind: "extendVolume", family, chunks: 2 });
  expect(catalog.done(again)).toEqual(begun);
  expect(catalog.done({ kind: "extendVolume", family, chunks: 4096 })).toEqual({ placed: 3 });
  catalog.done({ kind: "finishVolume", family });
  const chunks = catalog.state.view.chunksOf(family);
  for (const command of [
    again,
    { kind: "extendVolume", family, chunks: 4096 },
    { kind: "finishVolume", family },
  ] as const) {
    expect(catalog.apply(command).changes).toEqual([]);
  }
  expect(catalog.done(again)).toEqual(begun);
  expect(catalog.done({ kind: "extendVolume", family, chunks: 1 })).toEqual({ placed: 3 });
  expect(catalog.done({ kind: "finishVolume", family })).toEqual({ volume: request.volume });
  expect(catalog.state.view.chunksOf(family)).toEqual(chunks);
  expect(catalog.state.view.volumes.get(request.volume)?.createdAt).toBe(request.createdAt);
  expect(catalog.faults).toEqual([]);
});

test("it goes on also where it could not begin now", () => {
  const catalog = TestCatalog.created(2);
  const begun = catalog.done({ ...request, replicas: 2 });
  catalog.nodeDown(1);
  expect(catalog.done({ ...request, replicas: 2 })).toEqual(begun);
});

test.each([
  ["name", { name: volumeName("other") }],
  ["size", { sizeBytes: MIB }],
  ["block size", { blockSize: 4096 }],
  ["replicas", { replicas: 1 }],
])("another %s under the same uuid is another volume", (_what, other) => {
  const catalog = TestCatalog.created(2);
  const { family } = catalog.done(request);
  const refusal = { kind: "refused", code: "volume/exists" };
  expect(catalog.apply({ ...request, ...other }).result).toMatchObject(refusal);
  catalog.done({ kind: "extendVolume", family, chunks: 3 });
  catalog.done({ kind: "finishVolume", family });
  expect(catalog.apply({ ...request, ...other }).result).toMatchObject(refusal);
  expect(catalog.faults).toEqual([]);
});
