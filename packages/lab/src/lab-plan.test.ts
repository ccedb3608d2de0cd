import { type AddressInfo, createServer, type Server } from "node:net";
import { nodeRandom } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import { isGateway, isMetadata, isStorage, type LabDocument, portsOf } from "./lab-file.ts";
import { planLab, planOneMore, refreshPorts } from "./lab-plan.ts";
import { labShape, type UpOptions } from "./lab-shape.ts";
import { ISCSI_PORT } from "./ports.ts";
import { processConfig, supervisorConfig } from "./process-configs.ts";

const random = nodeRandom;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const plan = (options: UpOptions = {}): Promise<LabDocument> =>
  planLab({ random }, labShape(options), { socketPath: "/tmp/s.sock" });

/** Listens on a port of loopback, 0 for any, and gives the port. */
async function occupy(port = 0): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

test("every process has ports of its own, portals from the iSCSI port on", async () => {
  const lab = await plan({ nodes: "3", gateways: "2" });
  const ports = portsOf(lab);
  expect(new Set(ports).size).toBe(ports.length);
  const portals = lab.processes.filter(isGateway);
  expect(portals.map(({ tpgt }) => tpgt)).toEqual([1, 2]);
  for (const { listen, advertise } of portals) {
    expect(listen.port).toBeGreaterThanOrEqual(ISCSI_PORT);
    expect(advertise).toEqual(listen);
  }
});

test("a port given explicitly is taken, counted up, or refused when it is in use", async () => {
  const taken = await occupy();
  await expect(plan({ listen: `127.0.0.1:${taken}` })).rejects.toMatchObject({
    code: "config/port-in-use",
  });
  for (const server of servers.splice(0)) {
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  }
  const lab = await plan({ listen: `127.0.0.1:${taken}`, gateways: "1", advertise: "h:9" });
  expect(lab.processes.find(isGateway)).toMatchObject({
    listen: { host: "127.0.0.1", port: taken },
    advertise: { host: "h", port: 9 },
  });
});

test("one more process gets the next number, the disks of the others and free ports", async () => {
  const lab = await plan({ nodes: "2", disks: "2", diskSize: "1GiB" });
  const node = await planOneMore({ random }, lab, "storage");
  expect(node).toMatchObject({ id: "storage-3", disks: [{ diskId: "disk-1" }, {}] });
  const member = await planOneMore({ random }, lab, "metadata");
  expect(member).toMatchObject({ id: "metadata-4" });
  const gateway = await planOneMore({ random }, lab, "gateway");
  expect(gateway).toMatchObject({ id: "gateway-3", tpgt: 3 });
  for (const port of portsOf({ ...lab, processes: [member, node, gateway] })) {
    expect(portsOf(lab)).not.toContain(port);
  }
});

test("at the next up a taken internal port is replaced, a taken portal is an error", async () => {
  const lab = await plan();
  expect(await refreshPorts({ random }, lab)).toEqual(lab);

  const storage = lab.processes.find(isStorage)!;
  await occupy(storage.port);
  const refreshed = (await refreshPorts({ random }, lab)).processes.find(
    ({ id }) => id === storage.id,
  );
  expect(refreshed).toMatchObject({ metricsPort: storage.metricsPort });
  expect(refreshed).not.toMatchObject({ port: storage.port });

  await occupy(lab.processes.find(isGateway)!.listen.port);
  await expect(refreshPorts({ random }, lab)).rejects.toMatchObject({
    code: "config/port-in-use",
  });
});

test("configurations name the cluster, the members and the files of the process", async () => {
  const lab = await plan({ gateways: "1", nodes: "1", diskSize: "1GiB" });
  const [metadata, storage, gateway] = ["metadata-1", "storage-1", "gateway-1"].map((id) =>
    processConfig("/lab", lab, lab.processes.find((process) => process.id === id)!),
  );
  const members = lab.processes
    .filter(isMetadata)
    .map(({ id, port }) => ({ nodeId: id, address: `127.0.0.1:${port}` }));
  expect(members.map(({ nodeId }) => nodeId)).toEqual(["metadata-1", "metadata-2", "metadata-3"]);
  expect(metadata).toMatchObject({
    dataDir: "/lab/metadata-1",
    clusterId: lab.clusterId,
    listen: members[0]?.address,
    members,
  });
  const addresses = members.map(({ address }) => address);
  expect(storage).toMatchObject({ metadata: addresses });
  expect(gateway).toMatchObject({ metadata: addresses });
  expect(storage).toMatchObject({
    nodeId: "storage-1",
    dataDir: "/lab/storage-1",
    disks: [{ diskId: "disk-1", path: "/lab/storage-1/disk-1", sizeBytes: 1024 ** 3 }],
    carrier: "socket",
  });
  expect(gateway).toMatchObject({ portals: [{ tpgt: 1 }], carrier: "socket" });
  expect(supervisorConfig("/lab", lab)).toMatchObject({
    socketPath: "/tmp/s.sock",
    processes: lab.processes.map(({ id, kind }) => ({ id, kind, logPath: `/lab/logs/${id}.log` })),
  });
});

test("gateways of a lab that redirects have a private portal each, also one that is added", async () => {
  const lab = await plan({ redirect: true, advertise: "192.0.2.1:3300" });
  const added = await planOneMore({ random }, lab, "gateway");
  const gateways = [...lab.processes, added].filter(isGateway);
  expect(new Set(portsOf({ ...lab, processes: gateways })).size).toBe(3 * gateways.length);
  const portals = gateways.map((gateway) => {
    const config = processConfig("/lab", lab, gateway) as { portals: { tpgt: number }[] };
    return config.portals;
  });
  expect(portals.map(([shown]) => shown)).toMatchObject([
    { advertise: "192.0.2.1:3300", tpgt: 1, role: "public" },
    { advertise: "192.0.2.1:3301", tpgt: 2, role: "public" },
    { tpgt: 3, role: "public" },
  ]);
  expect(portals.map(([, hidden]) => hidden)).toMatchObject(
    [1001, 1002, 1003].map((tpgt) => ({
      advertise: expect.stringMatching(/^192\.0\.2\.1:\d+$/),
      tpgt,
      role: "private",
    })),
  );
});

test("labs that are planned at the same time have portals of their own", async () => {
  const folder = { socketPath: "/tmp/s.sock" };
  const labs = await Promise.all([1, 2, 3].map(() => planLab({ random }, labShape({}), folder)));
  const portals = labs.flatMap(({ processes }) =>
    processes.flatMap((process) => (process.kind === "gateway" ? [process.listen.port] : [])),
  );
  expect(new Set(portals).size).toBe(portals.length);
});
