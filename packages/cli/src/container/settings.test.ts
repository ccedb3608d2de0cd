import { METADATA_CONFIG } from "@ashlar/metadata";
import { parseConfig } from "@ashlar/runtime";
import { STORAGE_CONFIG } from "@ashlar/storage";
import { parseSupervisorConfig } from "@ashlar/supervisor";
import { expect, test } from "vitest";
import { roleDocument, supervisorDocument } from "./documents.ts";
import { readMembers, readSettings } from "./settings.ts";

const CLUSTER = "6f2c1f6e-3a52-4f0e-8a3c-0d4f7d1f6a11";
const MEMBERS = { ASHLAR_METADATA: "metadata-1=10.0.0.11, metadata-2=[fd00::12]" };
const STORAGE = {
  ...MEMBERS,
  ASHLAR_ID: "storage-2",
  ASHLAR_ADDRESS: "10.0.0.22",
  ASHLAR_DISKS: "2",
  ASHLAR_DISK_SIZE: "8GiB",
};

test("a storage node has a store in the folder of each disk, and its own state beside the first", () => {
  const settings = readSettings("storage", STORAGE);
  expect(roleDocument(settings, CLUSTER)).toEqual({
    nodeId: "storage-2",
    clusterId: CLUSTER,
    logLevel: "info",
    metrics: { host: "0.0.0.0", port: 7_002 },
    metadata: ["10.0.0.11:7001", "[fd00::12]:7001"],
    listen: "0.0.0.0:7001",
    advertise: "10.0.0.22:7001",
    dataDir: "/disks/disk-1/node",
    disks: [
      { diskId: "disk-1", path: "/disks/disk-1/store", sizeBytes: 8 * 2 ** 30 },
      { diskId: "disk-2", path: "/disks/disk-2/store", sizeBytes: 8 * 2 ** 30 },
    ],
  });
});

test("a node in two networks and members in two are told with all addresses, the preferred one first", () => {
  const two = {
    ASHLAR_METADATA: "metadata-1=10.0.0.11,10.0.9.11, metadata-2=10.0.0.12",
    ASHLAR_ADDRESS: "10.0.0.22, 10.0.9.22",
  };
  expect(roleDocument(readSettings("storage", { ...STORAGE, ...two }), CLUSTER)).toMatchObject({
    metadata: ["10.0.0.11:7001,10.0.9.11:7001", "10.0.0.12:7001"],
    listen: "0.0.0.0:7001",
    advertise: "10.0.0.22:7001,10.0.9.22:7001",
  });
});

test("a node with addresses for data is reached there by gateways and nodes, and by calls where it was", () => {
  const data = { ASHLAR_DATA_ADDRESS: "10.0.9.22, 10.0.0.22" };
  const document = roleDocument(readSettings("storage", { ...STORAGE, ...data }), CLUSTER);
  expect(document).toMatchObject({
    listen: "0.0.0.0:7001",
    data: { listen: "0.0.0.0:7003", advertise: "10.0.9.22,10.0.0.22" },
  });
  expect(parseConfig(document, STORAGE_CONFIG, "test")).toMatchObject({ carrier: "socket" });
  expect(() => readSettings("storage", { ...STORAGE, ASHLAR_DATA_ADDRESS: "10.0.9.22," })).toThrow(
    /ASHLAR_DATA_ADDRESS .*without a port/,
  );
});

test.each([
  ["twice", "10.0.0.22,10.0.0.22", /names a host twice/],
  ["nowhere", "10.0.0.22,", /without a port/],
  ["by name", "10.0.0.22,storage-2", /IP addresses of one family/],
])("an address that is there %s is refused", (_, ASHLAR_ADDRESS, message) => {
  expect(() => readSettings("storage", { ...STORAGE, ASHLAR_ADDRESS })).toThrow(message);
});

test("a gateway listens at the iSCSI port and tells hosts what it was told", () => {
  const variables = {
    ASHLAR_ID: "gateway-2",
    ASHLAR_ADVERTISE: "192.0.2.7:3261",
    ASHLAR_TPGT: "2",
  };
  const settings = readSettings("gateway", { ...MEMBERS, ...variables });
  expect(roleDocument(settings, CLUSTER)).toMatchObject({
    portals: [{ listen: "0.0.0.0:3260", advertise: "192.0.2.7:3261", tpgt: 2 }],
  });
});

test("a member's configuration passes the role's own check, and so does the supervisor's", () => {
  const variables = { ASHLAR_ID: "metadata-1", ASHLAR_ADDRESS: "10.0.0.11", ASHLAR_LOG_LEVEL: "" };
  const settings = readSettings("metadata", { ...MEMBERS, ...variables });
  const config = parseConfig(roleDocument(settings, CLUSTER), METADATA_CONFIG, "test");
  expect(config).toMatchObject({ advertise: "10.0.0.11:7001", logLevel: "info" });
  const supervisor = parseSupervisorConfig(supervisorDocument(settings, CLUSTER), "test");
  expect(supervisor.processes).toEqual([
    { id: "metadata-1", kind: "metadata", configPath: "/run/ashlar/role.json" },
  ]);
});

test("every variable at fault is named at once, with what it must be", () => {
  const wrong = { ...STORAGE, ASHLAR_ID: "Storage 2", ASHLAR_DISKS: "9", ASHLAR_DISK_SIZE: "8GB" };
  expect(() => readSettings("storage", { ...wrong, ASHLAR_ADDRESS: "" })).toThrow(
    expect.objectContaining({
      code: "config/invalid",
      message: expect.stringMatching(
        /^ASHLAR_ID node id.*; ASHLAR_ADDRESS is missing; ASHLAR_DISKS must be.*1 to 8.*; ASHLAR_DISK_SIZE "8GB"/,
      ),
    }),
  );
});

test.each([
  ["no list", "metadata-1", /ID=ADDRESS/],
  ["a port", "metadata-1=10.0.0.11:7001", /without a port/],
  ["a member twice", "metadata-1=a,metadata-1=b", /twice/],
  ["a bad name", "M=a", /node id/],
])("metadata members with %s are refused", (_, ASHLAR_METADATA, message) => {
  expect(() => readMembers({ ASHLAR_METADATA })).toThrow(message);
});

test("a member that the list does not name is refused: nobody would expect it", () => {
  const variables = { ...MEMBERS, ASHLAR_ID: "metadata-3", ASHLAR_ADDRESS: "10.0.0.13" };
  expect(() => readSettings("metadata", variables)).toThrow(/does not name metadata-3/);
});

test.each(["192.0.2.7", "192.0.2.7:0", "192.0.2.7:65536", "fd00::1:3260"])(
  "%s is no portal's address",
  (ASHLAR_ADVERTISE) => {
    const variables = { ...MEMBERS, ASHLAR_ID: "gateway-1", ASHLAR_TPGT: "1", ASHLAR_ADVERTISE };
    expect(() => readSettings("gateway", variables)).toThrow(/^ASHLAR_ADVERTISE must be HOST:PORT/);
  },
);
