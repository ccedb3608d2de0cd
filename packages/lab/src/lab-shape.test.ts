import { GIB, MIB } from "@ashlar/core";
import { expect, test } from "vitest";
import { labShape } from "./lab-shape.ts";

test("without options it is a lab of three nodes, three metadata members and two gateways on loopback", () => {
  expect(labShape({})).toEqual({
    nodes: 3,
    metadata: 3,
    gateways: 2,
    disksPerNode: 1,
    diskSizeBytes: 8 * GIB,
    mirror: false,
    listen: { host: "127.0.0.1" },
    advertise: { host: "127.0.0.1" },
    carrier: "socket",
    isolate: false,
    networks: 1,
    redirect: false,
  });
});

test("options are taken as given", () => {
  const shape = labShape({
    nodes: "5",
    metadata: "5",
    gateways: "1",
    disks: "2",
    diskSize: "1536MiB",
    mirror: true,
    listen: "0.0.0.0:3300",
    advertise: "storage.example:13300",
    carrier: "grpc",
  });
  expect(shape).toEqual({
    nodes: 5,
    metadata: 5,
    gateways: 1,
    disksPerNode: 2,
    diskSizeBytes: 1536 * MIB,
    mirror: true,
    listen: { host: "0.0.0.0", port: 3300 },
    advertise: { host: "storage.example", port: 13300 },
    carrier: "grpc",
    isolate: false,
    networks: 1,
    redirect: false,
  });
});

test.each([
  [{ nodes: "0" }, "--nodes 0"],
  [{ nodes: "three" }, "--nodes three"],
  [{ nodes: "1e1" }, "--nodes 1e1"],
  [{ gateways: "17" }, "--gateways 17"],
  [{ disks: "-1" }, "--disks -1"],
  [{ metadata: "2" }, "--metadata 2 is no size of a metadata group"],
  [{ metadata: "7" }, "--metadata 7"],
  [{ diskSize: "8GB" }, '"8GB" is not a size'],
  [{ diskSize: "100MiB" }, "--disk-size 100MiB"],
  [{ diskSize: "17TiB" }, "--disk-size 17TiB"],
  [{ diskSize: "1073741825" }, "--disk-size 1073741825"],
  [{ listen: "127.0.0.1:99999" }, "--listen 127.0.0.1:99999"],
  [{ listen: "0.0.0.0" }, "--listen 0.0.0.0"],
  [{ carrier: "pigeon" }, "--carrier pigeon"],
  [{ redirect: true, advertise: "storage.example" }, "--redirect would send hosts to storage"],
  [{ networks: "2" }, "--networks 2 needs hosts"],
  [{ isolate: true, networks: "3" }, "--networks 3 is not a count"],
  [{ isolate: true, networks: "2", dataNetwork: "2", carrier: "grpc" }, "exclude each other"],
  [{ dataNetwork: "2" }, "--data-network 2 needs several networks"],
  [{ isolate: true, networks: "2", dataNetwork: "3" }, "--data-network 3 is not a count"],
  [{ isolate: true, networks: "0" }, "--networks 0 is not a count"],
  [{ isolate: true, listen: "127.0.0.1" }, "--isolate and --listen exclude each other"],
  [{ isolate: true, advertise: "h" }, "--isolate and --advertise exclude each other"],
])("%j is refused with a message that names it", (options, message) => {
  expect(() => labShape(options)).toThrow(message);
});
