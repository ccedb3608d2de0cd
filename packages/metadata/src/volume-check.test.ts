// `volume check` against storage nodes played by this test.
import { type ChunkId, MIB, SystemError, volumeId, volumeName } from "@ashlar/core";
import { addStorageService, type ChunkCheck, GrpcServer } from "@ashlar/rpc";
import { nodeClock, silentLog } from "@ashlar/runtime";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CLUSTER, MetadataFixture, registrationOf, reportOf } from "./testing/metadata-fixture.ts";

let fixture: MetadataFixture;
const servers: GrpcServer[] = [];
beforeEach(async () => {
  fixture = new MetadataFixture();
  // Pauses between rounds last a second each; here they pass a hundred times as fast.
  fixture.clock = { ...nodeClock, after: (ms, call) => nodeClock.after(ms / 100, call) };
  await fixture.start();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  await fixture.stop();
});

/** A storage node that answers each chunk by `answer`. */
async function storageNode(number: number, answer: (chunk: ChunkId) => Partial<ChunkCheck>) {
  const server = new GrpcServer(
    { log: silentLog },
    { clusterId: CLUSTER, host: "127.0.0.1", port: 0 },
  );
  addStorageService(server, {
    checkChunks: async (chunks, send) => {
      for (const chunk of chunks) {
        const sound = { chunk, replicas: 2, different: 0, damagedUnits: 0, error: undefined };
        await send({ ...sound, ...answer(chunk) });
      }
    },
    closeGeneration: async () => {},
    scrubDisk: () => Promise.reject(new Error("not in this test")),
  });
  await server.start();
  servers.push(server);
  const registration = { ...registrationOf(number), address: `127.0.0.1:${server.port}` };
  const client = await fixture.client();
  await client.registerStorage(registration, () => reportOf(number, 0), fixture.options);
}

const demo = {
  volume: volumeId("10000000-0000-4000-8000-000000000001"),
  name: volumeName("demo"),
  sizeBytes: 20 * 16 * MIB,
};

test("sums what the primaries found, with progress, and asks again about a chunk that moved", async () => {
  const asked = new Map<ChunkId, number>();
  const answer = (chunk: ChunkId): Partial<ChunkCheck> => {
    asked.set(chunk, (asked.get(chunk) ?? 0) + 1);
    if (chunk % 10 === 0 && asked.get(chunk) === 1) return { error: "chunk/not-primary" };
    return chunk % 7 === 0 ? { different: 1, damagedUnits: 3 } : {};
  };
  await storageNode(1, answer);
  await storageNode(2, answer);
  const admin = fixture.admin();
  await admin.createVolume(demo, fixture.options);
  const progress: number[] = [];
  const sums = await admin.checkVolume(demo.name, {
    ...fixture.options,
    onProgress: ({ chunksDone, chunksTotal }) => {
      expect(chunksTotal).toBe(20);
      progress.push(chunksDone);
    },
  });
  const bad = [...asked.keys()].filter((chunk) => chunk % 7 === 0).length;
  expect(bad).toBeGreaterThan(0);
  expect(sums).toEqual({ chunks: 20, replicas: 40, different: bad, damaged: 3 * bad });
  expect(progress.at(-1)).toBe(20);
  expect(progress.length).toBeGreaterThan(1);
  expect([...asked.values()].filter((times) => times === 2)).toHaveLength(2);
});

test("says which chunks could not be checked, and that a volume is not there", async () => {
  await storageNode(1, () => {
    throw new SystemError("disk/failed", "the disk is gone");
  });
  const admin = fixture.admin();
  await admin.createVolume(demo, fixture.options);
  await expect(admin.checkVolume(demo.name, fixture.options)).rejects.toMatchObject({
    code: "chunk/unavailable",
    message: expect.stringContaining("the disk is gone"),
    meta: { chunks: 20 },
  });
  const absent = admin.checkVolume(volumeName("absent"), fixture.options);
  await expect(absent).rejects.toMatchObject({ code: "volume/not-found" });
});
