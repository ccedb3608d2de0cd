import { nodeRandom } from "@ashlar/runtime";
import { expect, test } from "vitest";
import { isolatedHosts, networkOf } from "./isolation.ts";
import { inOrder, type LabDocument } from "./lab-file.ts";
import { planLab, planOneMore, refreshPorts } from "./lab-plan.ts";
import { labShape } from "./lab-shape.ts";
import { processConfig, supervisorConfig } from "./process-configs.ts";
import { isolatedSite } from "./site.ts";

const random = nodeRandom;

/** As if the subnet had been claimed, which only root can do. */
async function isolatedLab(): Promise<LabDocument> {
  const shared = await planLab({ random }, labShape({ metadata: "1", gateways: "1" }), {
    socketPath: "/tmp/s.sock",
  });
  const site = isolatedSite({ subnet: 7 });
  const processes = shared.processes.map((process) => ({ ...process, host: site.host(process) }));
  return { ...shared, network: { subnet: 7 }, processes };
}

test("an address tells which process it is of", () => {
  expect(isolatedHosts({ subnet: 7 }, { kind: "metadata", id: "metadata-1" })).toEqual([
    "10.213.7.11",
  ]);
  expect(isolatedHosts({ subnet: 7 }, { kind: "storage", id: "storage-32" })).toEqual([
    "10.213.7.132",
  ]);
  expect(isolatedHosts({ subnet: 7 }, { kind: "gateway", id: "gateway-2" })).toEqual([
    "10.213.7.202",
  ]);
});

test.each([
  ["metadata", "metadata-90"],
  ["storage", "storage-100"],
  ["gateway", "gateway-54"],
] as const)("there is no address for %s %s", (kind, id) => {
  expect(() => isolatedHosts({ subnet: 7 }, { kind, id })).toThrow(`has no address for ${id}`);
});

test("processes of an isolated lab listen on their own addresses, in their own namespaces", async () => {
  const lab = await isolatedLab();
  expect(networkOf(lab)?.host("storage-2")).toMatchObject({
    address: "10.213.7.102",
    namespace: "ash7-storage-2",
  });
  const { processes } = supervisorConfig("/lab", lab);
  expect(processes.map(({ namespace }) => namespace)).toEqual([
    "ash7-metadata-1",
    "ash7-storage-1",
    "ash7-storage-2",
    "ash7-storage-3",
    "ash7-gateway-1",
  ]);
  const [member, node] = lab.processes;
  expect(processConfig("/lab", lab, member!)).toMatchObject({
    listen: expect.stringMatching(/^10\.213\.7\.11:/),
    metrics: { host: "10.213.7.11" },
  });
  expect(processConfig("/lab", lab, node!)).toMatchObject({
    metadata: [expect.stringMatching(/^10\.213\.7\.11:/)],
    advertise: expect.stringMatching(/^10\.213\.7\.101:/),
  });
});

test("one more process of an isolated lab is one more host with the same ports", async () => {
  const lab = await isolatedLab();
  const node = await planOneMore({ random }, lab, "storage");
  expect(node).toMatchObject({ id: "storage-4", host: "10.213.7.104", port: 7_001 });
  const gateway = await planOneMore({ random }, lab, "gateway");
  const portal = { host: "10.213.7.202", port: 3_260 };
  expect(gateway).toMatchObject({ listen: portal, advertise: portal, tpgt: 2 });
  const grown = { ...lab, processes: inOrder([...lab.processes, node, gateway]) };
  expect(networkOf(grown)?.host("gateway-2").address).toBe("10.213.7.202");
});

test("in two networks each process but a gateway is told both of its addresses", async () => {
  const network = { subnet: 7, networks: 2 };
  const lab = { ...(await isolatedLab()), network };
  const node = await planOneMore({ random }, lab, "storage");
  const member = await planOneMore({ random }, lab, "metadata");
  const gateway = await planOneMore({ random }, lab, "gateway");
  const grown = { ...lab, processes: [node, member, gateway] };
  const [node4, member2] = [
    "10.213.7.104:7001,10.212.7.104:7001",
    "10.213.7.12:7001,10.212.7.12:7001",
  ];
  expect(processConfig("/lab", grown, node)).toMatchObject({
    listen: node4,
    advertise: node4,
    metadata: [member2],
  });
  expect(processConfig("/lab", grown, member)).toMatchObject({ listen: member2 });
  expect(processConfig("/lab", grown, gateway)).toMatchObject({
    portals: [{ listen: "10.213.7.202:3260" }],
    metadata: [member2],
  });
});

test("with a network for data nodes take operations and replication there first, and calls as without", async () => {
  const network = { subnet: 7, networks: 2, dataNetwork: 2 };
  const lab = { ...(await isolatedLab()), network };
  const node = await planOneMore({ random }, lab, "storage");
  expect(processConfig("/lab", { ...lab, processes: [node] }, node)).toMatchObject({
    listen: "10.213.7.104:7001,10.212.7.104:7001",
    advertise: "10.213.7.104:7001,10.212.7.104:7001",
    data: { listen: "10.212.7.104:7003,10.213.7.104:7003" },
  });
});

test("at the next up an isolated lab keeps its addresses and ports", async () => {
  const lab = await isolatedLab();
  expect(await refreshPorts({ random }, lab)).toEqual(lab);
});

test("a lab that shares this machine's network has none of its own", async () => {
  const { network: _, ...shared } = await isolatedLab();
  expect(networkOf(shared)).toBeUndefined();
  expect(supervisorConfig("/lab", shared).processes[0]).not.toHaveProperty("namespace");
});
