// A storage node as far as the metadata service knows one: it registers, pings, says that generations are
// closed, and stores nothing. Volumes can be placed on it where only their records matter.
import { randomUUID } from "node:crypto";
import { type ClusterId, diskId, MIB, nodeId, storeUuid } from "@ashlar/core";
import { addStorageService, createCatalogClient, GrpcServer } from "@ashlar/rpc";
import { nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";

const SIZE_BYTES = 1024 * 1024 * MIB;

/** Registers the node, and again when it was taken for dead; gives how to end it. */
export async function startPlaceholderNode(cluster: {
  readonly clusterId: ClusterId;
  /** host:port of the metadata members. */
  readonly addresses: readonly string[];
  /** Where members reach this process. */
  readonly network: { readonly outside: { readonly ip: string } };
}): Promise<() => Promise<void>> {
  const ports = { clock: nodeClock, random: nodeRandom, log: silentLog };
  const { clusterId, addresses: metadata } = cluster;
  const host = cluster.network.outside.ip;
  const client = createCatalogClient({ clusterId, metadata, ...ports });
  const server = new GrpcServer(ports, { clusterId, host, port: 0 });
  addStorageService(server, {
    checkChunks: async () => {},
    scrubDisk: () => Promise.reject(new Error("it has no disk")),
    closeGeneration: ({ index }, options) => client.reachedIndex(index, options),
  });
  await server.start();
  const store = { storeUuid: storeUuid(randomUUID()), sizeBytes: SIZE_BYTES, state: "up" } as const;
  const registration = {
    node: nodeId("storage-1"),
    bootId: randomUUID(),
    address: `${host}:${server.port}`,
    disks: [{ disk: diskId("disk-1"), ...store }],
    familySeen: 0,
    incarnationSeen: 0,
    zone: "",
  };
  const report = () => ({ disks: [{ ...store, freeBytes: SIZE_BYTES }] });
  const ended = new AbortController();
  const register = () => client.registerStorage(registration, report, { signal: ended.signal });
  await client.start();
  client.onSuperseded(() => {
    register().catch((thrown: unknown) => {
      if (!ended.signal.aborted) throw thrown;
    });
  });
  await register();
  return async () => {
    ended.abort();
    await client.stop();
    await server.stop();
  };
}
