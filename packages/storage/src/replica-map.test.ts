import { testNode } from "@ashlar/catalog/testing";
import { CHECKSUM_UNIT, EXTENT_SIZE, LSN_ZERO, MIB, present } from "@ashlar/core";
import type { CheckOutcome, OperationReply } from "@ashlar/replica";
import { nodeClock, silentLog } from "@ashlar/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { ChunkRemoval } from "./chunk-removal.ts";
import { COPY_WINDOW_MS } from "./copy-governor.ts";
import { chunkOf, ReplicaNodes } from "./testing/replica-nodes.ts";

let cluster: ReplicaNodes | undefined;
afterEach(() => cluster?.stop());

const open = (nodes: number): ReplicaNodes => {
  cluster = new ReplicaNodes(nodes);
  return cluster;
};

const numberOf = (id: string): number => Number(id.slice("storage-".length));
const primaryOf = (nodes: ReplicaNodes, chunk: ReturnType<typeof chunkOf>): number => {
  const config = present(nodes.catalog.state.view.chunk(chunk), "the chunk exists");
  return numberOf(config.primary.node);
};

describe("replicas of a node", () => {
  it("are made by the first operation and reach every member", async () => {
    const nodes = open(2);
    const chunk = chunkOf(nodes.volume(1, 2, 2), 0);
    expect(nodes.nodes.map(({ replicas }) => replicas?.size)).toEqual([0, 0]);
    expect((await nodes.operate(chunk)).status).toBe("good");
    expect(nodes.nodes.map(({ replicas }) => replicas?.size)).toEqual([1, 1]);
    await nodes.until(() => nodes.areAlike(chunk));
    expect((await nodes.read(chunk))[0]).toBe(1);
  });

  it("refuse what they do not lead, with the epoch they know", async () => {
    const nodes = open(2);
    const chunk = chunkOf(nodes.volume(1, 1, 2), 0);
    const other = nodes.node(3 - primaryOf(nodes, chunk));
    const statuses: string[] = [];
    const read = { kind: "read", chunk, layer: 0, epoch: 0, token: 0, generation: 1 } as const;
    const rest = {
      opId: { incarnation: 999, seq: 1 },
      lowestUnresolvedSeq: 1,
      offset: 0,
      length: 512,
    };
    other.replicas?.operation({ ...read, ...rest }, Number.POSITIVE_INFINITY, ({ status }) =>
      statuses.push(status),
    );
    const epoch = nodes.catalog.state.view.chunk(chunk)?.epoch ?? 0;
    other.replicas?.operation({ ...read, ...rest, epoch }, Number.POSITIVE_INFINITY, ({ status }) =>
      statuses.push(status),
    );
    expect(statuses).toEqual(["staleEpoch", "notPrimary"]);
  });

  it.each([
    ["backup", (primary: number) => 3 - primary],
    ["primary", (primary: number) => primary],
  ])("serve on without a dead %s, and bring it up to date when it returns", async (_, victimOf) => {
    const nodes = open(2);
    const chunk = chunkOf(nodes.volume(1, 1, 2), 0);
    for (let at = 0; at < 5; at++) await nodes.operate(chunk, { offset: at * EXTENT_SIZE });
    const victim = victimOf(primaryOf(nodes, chunk));
    nodes.kill(victim);
    const pending = nodes.operate(chunk, { offset: EXTENT_SIZE });
    nodes.declareDown(victim);
    expect((await pending).status).toBe("good");
    await nodes.operate(chunk, { kind: "unmap", offset: 2 * EXTENT_SIZE, length: EXTENT_SIZE });
    expect(nodes.isrOf(chunk)).toBe(1);
    nodes.start(victim);
    await nodes.until(() => nodes.isrOf(chunk) === 2);
    await nodes.operate(chunk, { offset: 9 * EXTENT_SIZE });
    await nodes.until(() => nodes.areAlike(chunk));
    expect((await nodes.read(chunk, 2 * EXTENT_SIZE)).every((byte) => byte === 0)).toBe(true);
    expect(nodes.catalog.faults).toEqual([]);
  });

  it("bring many chunks up to date while writes go on", async () => {
    const nodes = open(3);
    const family = nodes.volume(1, 24, 2);
    const chunks = Array.from({ length: 24 }, (_, index) => chunkOf(family, index));
    for (const chunk of chunks) await nodes.operate(chunk);
    nodes.kill(2);
    nodes.declareDown(2);
    for (const chunk of chunks) await nodes.operate(chunk, { offset: EXTENT_SIZE });
    nodes.start(2);
    const writes = chunks.map((chunk) => nodes.operate(chunk, { offset: 3 * EXTENT_SIZE }));
    await nodes.until(() => chunks.every((chunk) => nodes.isrOf(chunk) === 2));
    await Promise.all(writes);
    await nodes.until(() => nodes.areAlike(...chunks));
    expect(nodes.nodes.every(({ replicas }) => replicas?.resyncs.runningCount === 0)).toBe(true);
  });

  it.each([
    ["sends", (primary: number) => primary],
    ["receives", (primary: number) => 3 - primary],
  ])("are copied no faster than hosts allow on the node that %s them", async (_, slowOf) => {
    const nodes = open(2);
    nodes.catalog.done({
      kind: "setCopySpeed",
      latencyTargetMs: 20,
      floorBytesPerSecond: MIB,
    });
    const chunk = chunkOf(nodes.volume(1, 1, 2), 0);
    await nodes.operate(chunk);
    const victim = 3 - primaryOf(nodes, chunk);
    nodes.kill(victim);
    nodes.declareDown(victim);
    const extents = 32;
    for (let at = 0; at < extents; at++) await nodes.operate(chunk, { offset: at * EXTENT_SIZE });
    nodes.start(victim);
    const slow = nodes.node(slowOf(primaryOf(nodes, chunk)));
    const { governor } = present(slow.replicas, "the node runs").copies;
    const beganMs = nodeClock.nowMs();
    // Hosts wait for a second, and the window is over.
    for (const waitedMs of [1_000, 1_000]) governor.onAppended(beganMs, waitedMs);
    expect(governor.bytesPerSecond(beganMs + COPY_WINDOW_MS)).toBe(MIB);
    await nodes.until(() => nodes.isrOf(chunk) === 2);
    // 2 MiB at 1 MiB/s; it gains as soon as nobody complains any more.
    expect(nodeClock.nowMs() - beganMs).toBeGreaterThan(1_000);
    await nodes.until(() => nodes.areAlike(chunk));
  });

  it("resume where they were when a connection breaks and comes back", async () => {
    const nodes = open(2);
    const chunk = chunkOf(nodes.volume(1, 1, 2), 0);
    await nodes.operate(chunk);
    for (const carrier of nodes.node(1).carriers) carrier.close();
    expect((await nodes.operate(chunk, { offset: EXTENT_SIZE })).status).toBe("good");
    expect(nodes.isrOf(chunk)).toBe(2);
    await nodes.until(() => nodes.areAlike(chunk));
  });

  it("answer nothing good from a disk that failed, and say so once (P19)", async () => {
    const nodes = open(2);
    const chunk = chunkOf(nodes.volume(1, 1, 2), 0);
    await nodes.operate(chunk);
    const primary = nodes.node(primaryOf(nodes, chunk));
    primary.store.fail();
    expect((await nodes.operate(chunk)).status).toBe("diskFailed");
    expect((await nodes.operate(chunk)).status).toBe("diskFailed");
    expect(primary.failures).toHaveLength(1);
  });

  it("that were replaced without hearing of it answer no read with data (P3)", async () => {
    const nodes = open(2);
    const chunk = chunkOf(nodes.volume(1, 1, 2), 0);
    await nodes.operate(chunk);
    expect((await nodes.read(chunk))[0]).toBe(1);
    const epoch = nodes.catalog.state.view.chunk(chunk)?.epoch ?? 0;
    const old = nodes.node(primaryOf(nodes, chunk));
    old.isDeaf = true;
    nodes.declareDown(numberOf(old.id));
    expect((await nodes.operate(chunk)).status).toBe("good");
    const head = { chunk, layer: 0, epoch, opId: { incarnation: 999, seq: 1 }, token: 0 };
    const range = { lowestUnresolvedSeq: 1, generation: 1, offset: 0, length: CHECKSUM_UNIT };
    const reply = await new Promise<OperationReply>((resolve) => {
      old.replicas?.operation(
        { kind: "read", ...head, ...range },
        Number.POSITIVE_INFINITY,
        resolve,
      );
    });
    expect(reply).toMatchObject({ status: "notPrimary", data: [] });
  });

  it("compare equal after writes, and different when a store was changed behind their back (P15)", async () => {
    const nodes = open(2);
    const chunk = chunkOf(nodes.volume(1, 1, 2), 0);
    await nodes.operate(chunk);
    const check = (): Promise<CheckOutcome> =>
      new Promise((resolve) => {
        nodes.node(primaryOf(nodes, chunk)).replicas?.check(chunk, { deep: true }, resolve);
      });
    expect(await check()).toEqual({ kind: "checked", replicas: 2, different: 0, damagedUnits: 0 });
    const backup = nodes.node(3 - primaryOf(nodes, chunk));
    const none = { lastLsn: { epoch: 0, seq: 0 }, data: undefined, checksums: new Uint32Array(0) };
    await backup.store.applyCopy(chunk, { extent: 0, ...none });
    expect(await check()).toMatchObject({ kind: "checked", different: 1 });
  });

  it("go when their family was deleted, also when that happened while the node was down", async () => {
    const nodes = open(2);
    const kept = chunkOf(nodes.volume(1, 1, 2), 0);
    const gone = chunkOf(nodes.volume(2, 1, 2), 0);
    await nodes.operate(kept);
    await nodes.operate(gone);
    const { view } = nodes.catalog.state;
    for (const { disk, replicas } of nodes.nodes) {
      const disks = { all: [disk], get: () => disk };
      const running = present(replicas, "the node runs");
      const removal = new ChunkRemoval({ disks, replicas: running, view, log: silentLog });
      const [deleted] = [...view.volumes.values()].filter(({ name }) => name === "volume-2");
      if (deleted) nodes.catalog.done({ kind: "deleteVolume", volume: deleted.volume });
      nodes.tell();
      removal.onCaughtUp();
      await nodes.until(() => disk.store.chunks().length === 1);
      await removal.stop();
      expect(disk.store.chunks().map(({ chunk }) => chunk)).toEqual([kept]);
      // A peer whose mirror is behind calls for it: it must not come back.
      const call = { chunk: gone, epoch: 99, session: 1, version: 99 };
      const log = { tail: LSN_ZERO, commit: LSN_ZERO, store: disk.store.storeUuid };
      running.fromPrimary(testNode(9), { kind: "newEpoch", ...call, ...log });
      expect(disk.store.chunks().map(({ chunk }) => chunk)).toEqual([kept]);
    }
  });
});
