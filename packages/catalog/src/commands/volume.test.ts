import { MIB, volumeName } from "@ashlar/core";
import { expect, test } from "vitest";
import { decodeState, encodeState } from "../encode.ts";
import { TEST_CHUNK_SIZE, TestCatalog, testVolume } from "../testing/cluster.ts";
import { DELETED_KEPT_MAX } from "./volume.ts";

const request = {
  kind: "beginVolume",
  volume: testVolume(1),
  name: volumeName("demo"),
  sizeBytes: 3 * TEST_CHUNK_SIZE,
  blockSize: 512,
  replicas: 0,
  createdAt: "2026-11-01T00:00:00.000Z",
  access: "any",
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

test("a creation that is sent again after its volume was deleted makes no other one", () => {
  const catalog = TestCatalog.created(2);
  const { family } = catalog.done(request);
  catalog.done({ kind: "extendVolume", family, chunks: 3 });
  catalog.done({ kind: "finishVolume", family });
  catalog.done({ kind: "deleteVolume", volume: request.volume });
  const restored = new TestCatalog(decodeState(encodeState(catalog.state)));
  for (const one of [catalog, restored]) {
    expect(one.apply(request).result).toMatchObject({ code: "volume/not-found" });
    expect(one.state.view.volumes.size).toBe(0);
  }
  expect(catalog.done({ ...request, volume: testVolume(2) }).family).toBe(family + 1);
});

test("a name in creation is refused otherwise than one that exists: nobody finds a volume there yet", () => {
  const catalog = TestCatalog.created(2);
  const { family } = catalog.done(request);
  const other = { ...request, volume: testVolume(2) };
  expect(catalog.apply(other).result).toMatchObject({ code: "volume/in-creation" });
  catalog.done({ kind: "extendVolume", family, chunks: 3 });
  catalog.done({ kind: "finishVolume", family });
  expect(catalog.apply(other).result).toMatchObject({ code: "volume/exists" });
});

test("identities of deleted volumes are kept up to a limit, the newest", () => {
  const catalog = TestCatalog.created(2);
  for (let number = 1; number < DELETED_KEPT_MAX; number += 1) {
    catalog.state.deleted.push(testVolume(100 + number));
  }
  for (const number of [1, 2]) {
    catalog.volume(number, 1);
    catalog.done({ kind: "deleteVolume", volume: testVolume(number) });
  }
  expect(catalog.state.deleted).toHaveLength(DELETED_KEPT_MAX);
  expect(catalog.state.deleted.slice(-2)).toEqual([testVolume(1), testVolume(2)]);
});
