// What one operation costs on the way between a gateway and a storage node, without disks: a volume in
// this process, a primary that keeps everything in memory in another, both kinds of carrier. Prints
// operations per second and CPU per operation of each side. Timings decide nothing; ratios tell.
//   npx tsx --conditions=ashlar-source packages/volume/src/carriers.bench.ts [seconds]
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CatalogMirror, DEFAULT_COPY_SPEED, UNUSED_STATE } from "@ashlar/catalog";
import {
  CHUNK_SIZE_DEFAULT,
  chunkId,
  clusterId,
  diskId,
  familyId,
  KIB,
  MIB,
  NO_PATH,
  nodeId,
  type ScatterList,
  SystemError,
  scatterSlice,
  storeUuid,
  unitChecksums,
  volumeId,
  volumeName,
} from "@ashlar/core";
import type { Operation, OperationReply } from "@ashlar/replica";
import {
  type CarrierKind,
  CarrierServer,
  type CatalogClient,
  createCarrierDialer,
  GrpcServer,
  OperationServer,
  OperationStreams,
} from "@ashlar/rpc";
import { nodeClock, nodeRandom, Registry, silentLog } from "@ashlar/runtime";
import { OperationRouter, openVolume, type ReplicatedVolume } from "./index.ts";

const CLUSTER = clusterId("0a0b0c0d-0000-4000-8000-000000000001");
const VOLUME = volumeId("0a0b0c0d-0000-4000-8000-0000000000aa");
const FAMILY = familyId(1);
const NODE = nodeId("storage-1");
const NO_SUMS = new Uint32Array(0);

interface Load {
  readonly name: string;
  readonly kind: "read" | "write";
  readonly length: number;
  readonly depth: number;
}

const LOADS: readonly Load[] = [
  { name: "4 KiB write, 32 in flight", kind: "write", length: 4 * KIB, depth: 32 },
  { name: "4 KiB read, 32 in flight", kind: "read", length: 4 * KIB, depth: 32 },
  { name: "4 KiB write, 1 in flight", kind: "write", length: 4 * KIB, depth: 1 },
  { name: "1 MiB write, 8 in flight", kind: "write", length: MIB, depth: 8 },
  { name: "1 MiB read, 8 in flight", kind: "read", length: MIB, depth: 8 },
];

/** The other process: a primary of memory. */
async function servePrimary(): Promise<void> {
  const content: ScatterList = [Buffer.alloc(MIB, 1)];
  const answer = (operation: Operation): OperationReply => {
    const { offset, length, epoch } = operation;
    const empty = { status: "good", epoch, value: 0, data: [], checksums: NO_SUMS } as const;
    if (operation.kind === "read") {
      const data = scatterSlice(content, 0, length);
      return { ...empty, data, checksums: unitChecksums(operation.chunk, offset, data) };
    }
    if (operation.kind !== "write") return empty;
    const sums = unitChecksums(operation.chunk, offset, operation.data);
    const intact = sums.every((sum, index) => sum === operation.checksums[index]);
    return { ...empty, status: intact ? "good" : "badChecksum" };
  };
  const grpc = new GrpcServer(
    { log: silentLog },
    { clusterId: CLUSTER, host: "127.0.0.1", port: 0 },
  );
  const streams = new OperationStreams();
  const carriers = new CarrierServer({
    self: { node: NODE, incarnation: () => 1 },
    clusterId: CLUSTER,
    socketListen: { host: "127.0.0.1", port: 0 },
    accept: (carrier) => {
      new OperationServer(
        carrier,
        { streams, clock: nodeClock, random: nodeRandom },
        { operate: (operation, _, reply) => reply(answer(operation)), cancel: () => {} },
      );
    },
    random: nodeRandom,
    log: silentLog,
  });
  carriers.addTo(grpc);
  await carriers.start();
  await grpc.start();
  process.on("message", () => process.send?.(process.cpuUsage()));
  process.on("disconnect", () => process.exit(0));
  process.send?.(`127.0.0.1:${grpc.port}`);
}

const NODE_RECORD = {
  node: NODE,
  state: "up",
  incarnation: 1,
  bootId: "b",
  disks: [],
  service: "in",
  zone: "",
} as const;

function catalogOf(address: string): CatalogClient {
  const view = new CatalogMirror();
  const members = [{ node: NODE, disk: diskId("disk-1"), storeUuid: storeUuid(VOLUME) }];
  view.apply(
    [
      {
        kind: "cluster",
        record: {
          clusterId: CLUSTER,
          chunkSize: CHUNK_SIZE_DEFAULT,
          createdAt: "",
          familiesGiven: 1,
          familiesSkipped: [],
          rebalancing: "auto",
          copySpeed: DEFAULT_COPY_SPEED,
          advice: "manual",
        },
      },
      {
        kind: "node",
        record: { ...NODE_RECORD, address },
      },
      {
        kind: "volume",
        record: {
          volume: VOLUME,
          name: volumeName("bench"),
          family: FAMILY,
          sizeBytes: 16 * CHUNK_SIZE_DEFAULT,
          blockSize: 512,
          replicas: 1,
          ...UNUSED_STATE,
          access: "any",
          mappings: [],
          iqn: "iqn.2026-11.io.ashlar:bench",
          lun: 0,
          createdAt: "",
        },
      },
      ...Array.from({ length: 16 }, (_, index) => ({
        kind: "chunk" as const,
        record: {
          chunk: chunkId(FAMILY, index),
          epoch: 1,
          version: 1,
          members,
          isr: [storeUuid(VOLUME)],
          learners: [],
          primary: { node: NODE, incarnation: 1 },
        },
      })),
    ],
    1,
  );
  const refuse = async (): Promise<never> => {
    throw new SystemError("internal", "this catalog stands still");
  };
  return {
    view,
    ...{ ready: async () => {}, catchUp: async () => {}, proveReservations: refuse },
    onChanges: () => () => {},
    onSuperseded: () => {},
    ...{ registerStorage: refuse, registerGateway: refuse, placeSession: refuse },
    addToIsr: refuse,
    storeDown: refuse,
    fenceVolume: refuse,
    changeReservation: refuse,
    reachedIndex: async () => {},
  };
}

const message = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve) => child.once("message", (value) => resolve(value as T)));

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const { user, system } = await message<NodeJS.CpuUsage>(child);
  return user + system;
}

async function run(volume: ReplicatedVolume, load: Load, untilMs: number): Promise<number> {
  const places = (16 * CHUNK_SIZE_DEFAULT) / load.length;
  const data = [Buffer.alloc(load.length, 7)];
  let done = 0;
  const lane = async (): Promise<void> => {
    while (nodeClock.nowMs() < untilMs) {
      const offset = nodeRandom.below(places) * load.length;
      const { signal } = new AbortController();
      const options = { signal, path: NO_PATH };
      if (load.kind === "write") await volume.write(offset, data, options);
      else await volume.read(offset, load.length, options);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: load.depth }, lane));
  return done;
}

async function measure(kind: CarrierKind, seconds: number): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ["primary"]);
  const client = catalogOf(await message<string>(child));
  const dialer = createCarrierDialer({
    self: { node: nodeId("gateway-1"), incarnation: () => 2 },
    clusterId: CLUSTER,
    kind,
    random: nodeRandom,
    log: silentLog,
  });
  const router = new OperationRouter(
    { client, dialer, clock: nodeClock, log: silentLog, metrics: new Registry() },
    { incarnation: () => 2 },
  );
  const volume = openVolume({ client, router }, { volume: VOLUME });
  for (const load of LOADS) {
    await run(volume, load, nodeClock.nowMs() + 500);
    const [own, other, began] = [process.cpuUsage(), await cpuOf(child), nodeClock.nowMs()];
    const done = await run(volume, load, began + seconds * 1000);
    const elapsed = (nodeClock.nowMs() - began) / 1000;
    const { user, system } = process.cpuUsage(own);
    const far = (await cpuOf(child)) - other;
    const rate = done / elapsed;
    console.log(
      `${kind.padEnd(6)} ${load.name.padEnd(26)} ${rate.toFixed(0).padStart(8)}/s ` +
        `${((rate * load.length) / 1e6).toFixed(0).padStart(6)} MB/s   CPU us/op: gateway ` +
        `${((user + system) / done).toFixed(1)}, node ${(far / done).toFixed(1)}`,
    );
  }
  router.close();
  dialer.close();
  child.disconnect();
}

if (process.argv[2] === "primary") await servePrimary();
else {
  const seconds = Number(process.argv[2] ?? 2);
  for (const kind of ["socket", "grpc"] as const) await measure(kind, seconds);
}
