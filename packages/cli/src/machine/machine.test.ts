// The files of a machine pass the checks of the processes that read them.
import { clusterId, GIB } from "@ashlar/core";
import { GATEWAY_CONFIG } from "@ashlar/gateway";
import { METADATA_CONFIG } from "@ashlar/metadata";
import { parseConfig } from "@ashlar/runtime";
import { STORAGE_CONFIG } from "@ashlar/storage";
import { parseSupervisorConfig } from "@ashlar/supervisor";
import { expect, test } from "vitest";
import { type Machine, roleDocument, supervisorDocument } from "./machine.ts";

const MACHINE: Machine = {
  clusterId: clusterId("6f2c1f6e-3a52-4f0e-8a3c-0d4f7d1f6a11"),
  name: "east-1",
  dir: "/srv/ashlar",
  host: "fd00::11",
  basePort: 7_001,
  members: [
    { nodeId: "metadata-west", address: "10.0.0.9:7001" },
    { nodeId: "metadata-east-1", address: "[fd00::11]:7001" },
  ],
  hasMember: true,
  disks: [
    { path: "/srv/ashlar/storage-east-1/disk-1", sizeBytes: 100 * GIB },
    { path: "/dev/sdb", sizeBytes: 200 * GIB },
  ],
  zone: "rack-7",
  portal: { address: "192.0.2.11:3260", tpgt: 2 },
};

test("each role reads its own configuration", () => {
  expect(parseConfig(roleDocument(MACHINE, "metadata"), METADATA_CONFIG, "test")).toMatchObject({
    nodeId: "metadata-east-1",
    listen: "[fd00::11]:7001",
    members: MACHINE.members,
  });
  expect(parseConfig(roleDocument(MACHINE, "storage"), STORAGE_CONFIG, "test")).toMatchObject({
    nodeId: "storage-east-1",
    metadata: ["10.0.0.9:7001", "[fd00::11]:7001"],
    advertise: "[fd00::11]:7002",
    zone: "rack-7",
    disks: [{ diskId: "disk-1" }, { diskId: "disk-2", path: "/dev/sdb" }],
  });
  expect(parseConfig(roleDocument(MACHINE, "gateway"), GATEWAY_CONFIG, "test")).toMatchObject({
    nodeId: "gateway-east-1",
    portals: [{ listen: "192.0.2.11:3260", advertise: "192.0.2.11:3260", tpgt: 2 }],
  });
});

test("a machine in two networks is reached in both, and its processes listen in both", () => {
  const machine = { ...MACHINE, host: "10.0.1.11,10.0.2.11" };
  const member = "10.0.1.11:7001,10.0.2.11:7001";
  expect(parseConfig(roleDocument(machine, "metadata"), METADATA_CONFIG, "test")).toMatchObject({
    listen: member,
    metrics: { host: "10.0.1.11" },
  });
  const node = "10.0.1.11:7002,10.0.2.11:7002";
  const members = [{ nodeId: "metadata-east-1", address: member }];
  const storage = roleDocument({ ...machine, members }, "storage");
  expect(parseConfig(storage, STORAGE_CONFIG, "test")).toMatchObject({
    listen: node,
    advertise: node,
    metadata: [member],
  });
});

test("a machine with a network for data takes operations and replication there, and calls elsewhere", () => {
  const machine = { ...MACHINE, host: "10.0.1.11", dataHost: "10.0.2.11,10.0.1.11" };
  expect(parseConfig(roleDocument(machine, "storage"), STORAGE_CONFIG, "test")).toMatchObject({
    advertise: "10.0.1.11:7002",
    data: { listen: "10.0.2.11:7006,10.0.1.11:7006" },
  });
});

test("no two processes of a machine listen at one port", () => {
  const documents = (["metadata", "storage", "gateway"] as const).map((role) =>
    JSON.stringify(roleDocument({ ...MACHINE, dataHost: "fd01::11", members: [] }, role)),
  );
  const ports = documents.flatMap((text) =>
    [...text.matchAll(/"listen":"[^"]*:(\d+)"|"port":(\d+)/g)].map(
      ([, grpc, http]) => grpc ?? http,
    ),
  );
  expect(ports).toHaveLength(7);
  expect(new Set(ports).size).toBe(7);
});

test("the supervisor runs what the machine has, and nothing else", () => {
  const { portal: _, ...rest } = MACHINE;
  const bare: Machine = { ...rest, hasMember: false };
  for (const [machine, ids] of [
    [MACHINE, ["metadata-east-1", "storage-east-1", "gateway-east-1"]],
    [bare, ["storage-east-1"]],
  ] as const) {
    const { processes } = parseSupervisorConfig(supervisorDocument(machine), "test");
    expect(processes.map(({ id }) => id)).toEqual(ids);
  }
});
