// The metadata process as its clients see it, over loopback gRPC.
import { type CatalogMirror, type CatalogView, countChunks } from "@ashlar/catalog";
import { chunkId, MIB, nodeId, SystemError, volumeId, volumeName } from "@ashlar/core";
import { type CatalogClient, createCatalogClient, createExitReporterClient } from "@ashlar/rpc";
import { nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  CLUSTER,
  MetadataFixture,
  registrationOf,
  reportOf,
  storeOf,
} from "./testing/metadata-fixture.ts";

let fixture: MetadataFixture;
beforeEach(async () => {
  fixture = new MetadataFixture();
  await fixture.start();
});
afterEach(() => fixture.stop());

/** Resolves when the view meets the condition, checked after each step of the watch. */
function until(client: CatalogClient, met: (view: CatalogView) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      if (!met(client.view)) return;
      stop();
      resolve();
    };
    const stop = client.onChanges(check);
    fixture.signal.addEventListener("abort", () => reject(new Error("waited too long")));
    check();
  });
}

const stateOf = (view: CatalogView, node: number) =>
  view.nodes.get(nodeId(`storage-${node}`))?.state;

async function threeNodes(): Promise<CatalogClient[]> {
  const clients: CatalogClient[] = [];
  for (const number of [1, 2, 3]) {
    const client = await fixture.client();
    await client.registerStorage(
      registrationOf(number),
      () => reportOf(number, number * MIB),
      fixture.options,
    );
    clients.push(client);
  }
  return clients;
}

/** The nodes of these tests lead chunks as far as the catalog knows, and answer nothing. */
const forced = () => ({ ...fixture.options, force: true });

const demo = {
  volume: volumeId("10000000-0000-4000-8000-000000000001"),
  name: volumeName("demo"),
  sizeBytes: 100 * 16 * MIB,
} as const;
const second = {
  ...demo,
  volume: volumeId("10000000-0000-4000-8000-000000000002"),
  name: volumeName("second"),
};

describe("a cluster", () => {
  test("registers nodes, creates a volume and shows it to a watcher", async () => {
    await threeNodes();
    const watcher = await fixture.client();
    await watcher.ready(fixture.options);
    const made = await fixture.admin().createVolume(demo, fixture.options);
    expect(made).toMatchObject({
      name: "demo",
      iqn: "iqn.2026-11.io.ashlar:abcdef01:demo",
      lun: 0,
      replicas: 2,
      blockSize: 512,
      chunks: 100,
      degradedChunks: 0,
      unavailableChunks: 0,
    });
    await watcher.catchUp(fixture.options);
    const [volume] = [...watcher.view.volumes.values()];
    const chunks = watcher.view.chunksOf(volume!.family);
    expect(chunks).toHaveLength(100);
    expect(chunks[7]).toMatchObject({ chunk: chunkId(volume!.family, 7), epoch: 1, version: 1 });
    expect(new Set(chunks.flatMap(({ members }) => members.map(({ node }) => node))).size).toBe(3);
  });

  test("status, nodes and volumes as the command line shows them", async () => {
    await threeNodes();
    const admin = fixture.admin();
    await admin.createVolume(demo, fixture.options);
    await expect
      .poll(async () => (await admin.listNodes(fixture.options)).map(({ freeBytes }) => freeBytes))
      .toEqual([MIB, 2 * MIB, 3 * MIB]);
    const nodes = await admin.listNodes(fixture.options);
    expect(nodes[0]).toMatchObject({
      id: "storage-1",
      state: "up",
      address: "127.0.0.1:7001",
      sizeBytes: 1024 * MIB,
      disks: [{ id: "disk-1", storeUuid: storeOf(1), state: "up" }],
    });
    expect(nodes.reduce((sum, { chunks }) => sum + chunks, 0)).toBe(200);
    expect(nodes.reduce((sum, { primaries }) => sum + primaries, 0)).toBe(100);
    const status = await admin.clusterStatus(fixture.options);
    expect(status).toMatchObject({
      clusterId: CLUSTER,
      volumes: 1,
      chunks: 100,
      metadata: [{ id: "metadata-1", state: "up", address: fixture.address }],
    });
    expect(status.storage.map(({ id, state }) => `${id} ${state}`)).toEqual([
      "storage-1 up",
      "storage-2 up",
      "storage-3 up",
    ]);
    await admin.deleteVolume(demo.name, forced());
    expect(await admin.listVolumes(fixture.options)).toEqual([]);
    await expect(admin.getVolume(demo.name, fixture.options)).rejects.toMatchObject({
      code: "volume/not-found",
      meta: { hint: "see `ashlar volume list`" },
    });
  });

  test("refusals say why and leave nothing", async () => {
    const admin = fixture.admin();
    const create = (over: object) => admin.createVolume({ ...demo, ...over }, fixture.options);
    await expect(create({})).rejects.toMatchObject({
      code: "volume/too-few-nodes",
      message: "1 replica needs 1 node, 0 are up",
    });
    await (await fixture.client()).registerStorage(
      registrationOf(1),
      () => reportOf(1, 0),
      fixture.options,
    );
    await expect(create({ replicas: 2 })).rejects.toMatchObject({
      code: "volume/too-few-nodes",
      message: "2 replicas need 2 nodes, 1 is up",
    });
    await expect(create({ sizeBytes: 1000 })).rejects.toMatchObject({ code: "volume/bad-size" });
    expect(await create({})).toMatchObject({ replicas: 1 });
    expect(await create({})).toMatchObject({ replicas: 1 });
    const { volume } = second;
    await expect(create({ volume })).rejects.toMatchObject({ code: "volume/exists" });
    expect(await admin.listVolumes(fixture.options)).toHaveLength(1);
  });

  test("a client of another cluster gets nowhere", async () => {
    const foreign = createCatalogClient({
      clusterId: "ffffffff-0000-4000-8000-000000000000" as never,
      metadata: [fixture.address],
      clock: nodeClock,
      random: nodeRandom,
      log: silentLog,
    });
    await foreign.start();
    const registered = foreign.registerStorage(
      registrationOf(1),
      () => reportOf(1, 0),
      fixture.options,
    );
    await expect(registered).rejects.toMatchObject({ code: "cluster/wrong-cluster" });
    await foreign.stop();
  });
});

describe("a node that ends", () => {
  test("is down after missed pings, and its chunks are led by others", async () => {
    const [first] = await threeNodes();
    const admin = fixture.admin();
    await admin.createVolume(demo, fixture.options);
    const watcher = await fixture.client();
    await watcher.ready(fixture.options);
    await (first as CatalogClient & { stop(): Promise<void> }).stop();
    await until(watcher, (view) => stateOf(view, 1) === "down");
    const status = await admin.clusterStatus(fixture.options);
    expect(status.unavailableChunks).toBe(0);
    expect(status.degradedChunks).toBeGreaterThan(50);
    const [volume] = [...watcher.view.volumes.values()];
    const led = watcher.view.chunksOf(volume!.family).map(({ primary }) => primary.node);
    expect(led).not.toContain("storage-1");
    expect([stateOf(watcher.view, 2), stateOf(watcher.view, 3)]).toEqual(["up", "up"]);
  });

  test("is down at once when its supervisor reports the exit of that very process", async () => {
    const clients = await threeNodes();
    const reporter = createExitReporterClient(
      { clock: nodeClock, random: nodeRandom, log: silentLog },
      { clusterId: CLUSTER, addresses: [fixture.address] },
    );
    const process = nodeId("storage-2");
    const report = { process, status: "signal SIGKILL" };
    await reporter.reportExit({ ...report, bootId: "of an earlier process" }, fixture.options);
    const watcher = clients[0]!;
    await watcher.catchUp(fixture.options);
    expect(stateOf(watcher.view, 2)).toBe("up");
    await reporter.reportExit({ ...report, bootId: "boot-2-1" }, fixture.options);
    await watcher.catchUp(fixture.options);
    expect(stateOf(watcher.view, 2)).toBe("down");
    reporter.close();
  });

  test("that still lives learns that it was superseded, and registers anew", async () => {
    const clients = await threeNodes();
    const alive = clients[1]!;
    const superseded = new Promise<void>((resolve) => alive.onSuperseded(() => resolve()));
    await alive.catchUp(fixture.options);
    const newest = Math.max(...[...alive.view.nodes.values()].map((one) => one.incarnation));
    const reporter = createExitReporterClient(
      { clock: nodeClock, random: nodeRandom, log: silentLog },
      { clusterId: CLUSTER, addresses: [fixture.address] },
    );
    const process = nodeId("storage-2");
    await reporter.reportExit({ process, bootId: "boot-2-1", status: "wrong" }, fixture.options);
    reporter.close();
    await superseded;
    const again = await alive.registerStorage(
      registrationOf(2),
      () => reportOf(2, 0),
      fixture.options,
    );
    expect(again.incarnation).toBe(newest + 1);
    expect(stateOf(alive.view, 2)).toBe("up");
  });

  test("a gateway is declared down in the same way", async () => {
    const gateway = await fixture.client();
    const registration = {
      gateway: nodeId("gateway-1"),
      bootId: "g1",
      portals: [{ address: "127.0.0.1:3260", tpgt: 1, role: "public" as const }],
      incarnationSeen: 0,
    };
    await gateway.registerGateway(registration, fixture.options);
    const watcher = await fixture.client();
    await until(watcher, (view) => view.gateways.get(nodeId("gateway-1"))?.state === "up");
    expect(watcher.view.gateways.get(nodeId("gateway-1"))?.portals).toEqual(registration.portals);
    await gateway.stop();
    await until(watcher, (view) => view.gateways.get(nodeId("gateway-1"))?.state === "down");
  });
});

describe("the ISR", () => {
  test("grows by compare-and-swap, and a conflict is told as such", async () => {
    const clients = await threeNodes();
    const admin = fixture.admin();
    await admin.createVolume({ ...demo, sizeBytes: 3 * 16 * MIB }, fixture.options);
    await clients[0]!.registerStorage(registrationOf(1, 2), () => reportOf(1, 0), fixture.options);
    const watcher = clients[2]!;
    const reporter = createExitReporterClient(
      { clock: nodeClock, random: nodeRandom, log: silentLog },
      { clusterId: CLUSTER, addresses: [fixture.address] },
    );
    const process = nodeId("storage-1");
    await reporter.reportExit({ process, bootId: "boot-1-2", status: "exit 1" }, fixture.options);
    reporter.close();
    await clients[0]!.registerStorage(registrationOf(1, 3), () => reportOf(1, 0), fixture.options);
    await watcher.catchUp(fixture.options);
    const [volume] = [...watcher.view.volumes.values()];
    const learning = watcher.view
      .chunksOf(volume!.family)
      .filter(({ learners }) => learners.includes(storeOf(1)));
    expect(learning.length).toBeGreaterThan(0);
    const request = learning.map(({ chunk, epoch, version }) => ({
      chunk,
      epoch,
      version,
      store: storeOf(1),
    }));
    const stale = request.map((item) => ({ ...item, version: item.version - 1 }));
    await expect(watcher.addToIsr(stale, fixture.options)).rejects.toMatchObject({
      code: "catalog/conflict",
      meta: { conflicts: learning.map(({ chunk }) => chunk) },
    });
    await watcher.addToIsr(request, fixture.options);
    await watcher.catchUp(fixture.options);
    for (const { chunk } of learning) {
      expect(watcher.view.chunk(chunk)?.isr).toContain(storeOf(1));
    }
    await watcher.storeDown(storeOf(1), fixture.options);
    await watcher.catchUp(fixture.options);
    for (const { chunk } of learning) {
      expect(watcher.view.chunk(chunk)?.isr).not.toContain(storeOf(1));
    }
  });
});

describe("a restarted metadata process", () => {
  test("knows everything; watches resume and nobody is declared down for its absence", async () => {
    const clients = await threeNodes();
    const admin = fixture.admin();
    await admin.createVolume(demo, fixture.options);
    await fixture.cut();
    const caughtUp = clients[0]!.catchUp(fixture.options);
    await fixture.start();
    await caughtUp;
    const status = await admin.clusterStatus(fixture.options);
    expect(status).toMatchObject({ volumes: 1, chunks: 100, unavailableChunks: 0 });
    await admin.createVolume(second, fixture.options);
    for (const client of clients) await client.catchUp(fixture.options);
    expect(clients.map(({ view }) => view.volumes.size)).toEqual([2, 2, 2]);
    expect(clients.map(({ view }) => stateOf(view, 1))).toEqual(["up", "up", "up"]);
  });

  test("a watcher that missed entries over the restart gets the full list", async () => {
    await threeNodes();
    const admin = fixture.admin();
    const watcher = await fixture.client();
    await admin.createVolume(demo, fixture.options);
    await watcher.catchUp(fixture.options);
    const told: string[] = [];
    watcher.onChanges((changes) => told.push(...changes.map(({ kind }) => kind)));
    await fixture.cut();
    await fixture.startElsewhere();
    await fixture.admin().deleteVolume(demo.name, forced());
    await fixture.cut();
    await fixture.startBack();
    await watcher.catchUp(fixture.options);
    expect(told).toContain("volumeDeleted");
    expect(watcher.view.volumes.size).toBe(0);
    expect((watcher.view as CatalogMirror).chunks.families()).toEqual([]);
    expect(stateOf(watcher.view, 1)).toBe("up");
  });

  test("goes on with a volume whose creation the restart cut off", async () => {
    await threeNodes();
    const admin = fixture.admin();
    // A session is there already, so that the creation's own entries are cut off.
    await admin.createVolume(second, fixture.options);
    let writes = 0;
    fixture.disk.fault = (call, path) => {
      if (call !== "write" || !path.includes("segment")) return undefined;
      writes += 1;
      return writes > 2 ? new SystemError("disk/failed", "pulled") : undefined;
    };
    const fatal = fixture.fatal();
    const creation = admin.createVolume(demo, fixture.options);
    await fatal;
    fixture.disk.fault = () => undefined;
    await fixture.restart();
    expect(await creation).toMatchObject({ name: "demo", chunks: 100 });
    expect(await admin.listVolumes(fixture.options)).toHaveLength(2);
    const watcher = await fixture.client();
    await watcher.ready(fixture.options);
    expect(countChunks(watcher.view as CatalogMirror).chunks).toBe(200);
  });

  test("on a full disk refuses clearly, loses nothing and goes on when there is room", async () => {
    await threeNodes();
    const admin = fixture.admin();
    await admin.createVolume(demo, fixture.options);
    fixture.disk.sizeBytesMax = 1;
    await expect(admin.deleteVolume(demo.name, forced())).rejects.toMatchObject({
      code: "disk/no-space",
    });
    expect(await admin.listVolumes(fixture.options)).toHaveLength(1);
    await expect(admin.createVolume(second, fixture.options)).rejects.toMatchObject({
      code: "disk/no-space",
    });
    fixture.disk.sizeBytesMax = Number.MAX_SAFE_INTEGER;
    const removed = () =>
      admin.deleteVolume(demo.name, forced()).then(
        () => "done",
        ({ code }) => code,
      );
    await expect.poll(removed).toBe("done");
    await fixture.restart();
    expect(await admin.listVolumes(fixture.options)).toEqual([]);
  });

  test("refuses another cluster's folder, and one that is in use", async () => {
    const other = "ffffffff-0000-4000-8000-000000000000";
    await expect(fixture.start({ listen: "127.0.0.1:0" })).rejects.toMatchObject({
      code: "disk/locked",
    });
    await fixture.cut();
    await expect(fixture.start({ clusterId: other })).rejects.toMatchObject({
      code: "disk/foreign",
    });
  });
});
