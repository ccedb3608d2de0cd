import { clusterId } from "@ashlar/core";
import type { ClusterStatus, GatewayStatus } from "@ashlar/rpc";
import { expect, test } from "vitest";
import { freeTag, planJoin } from "./join.ts";

const gateway = (id: string, ...tags: readonly number[]) =>
  ({
    id,
    portals: tags.map((tpgt) => ({ address: `10.0.0.1:${tpgt}`, tpgt })),
  }) as unknown as GatewayStatus;
const status = (storageState: string) =>
  ({
    metadata: [{ id: "metadata-a", address: "10.0.0.1:7001", state: "up" }],
    storage: [{ id: "storage-b", state: storageState }],
    gateways: [],
  }) as unknown as ClusterStatus;
const planned = {
  clusterId: clusterId("6f2c1f6e-3a52-4f0e-8a3c-0d4f7d1f6a11"),
  name: "b",
  dir: "/srv/ashlar",
  host: "10.0.0.2",
  basePort: 7_001,
  hasMember: false,
  disks: [],
  zone: "",
  portal: { address: "10.0.0.2:3260" },
};

test("a gateway gets the lowest tag that no other one has, and again the one it had", () => {
  const gateways = [gateway("gateway-a", 1, 3), gateway("gateway-b", 2)];
  expect(freeTag([], "gateway-c")).toBe(1);
  expect(freeTag(gateways, "gateway-c")).toBe(4);
  expect(freeTag(gateways, "gateway-b")).toBe(2);
});

test("a machine knows the members, and is one of them if it should be", () => {
  const known = { status: status("down"), gateways: [gateway("gateway-a", 1)] };
  const member = { nodeId: "metadata-a", address: "10.0.0.1:7001" };
  expect(planJoin(planned, known)).toMatchObject({
    members: [member],
    portal: { address: "10.0.0.2:3260", tpgt: 2 },
  });
  expect(planJoin({ ...planned, hasMember: true }, known).members).toEqual([
    member,
    { nodeId: "metadata-b", address: "10.0.0.2:7001" },
  ]);
});

test("a name that runs elsewhere is refused; one that is down gets another machine", () => {
  const known = { status: status("up"), gateways: [] };
  expect(() => planJoin(planned, known)).toThrow("storage-b runs on another machine");
  expect(() => planJoin({ ...planned, name: "c" }, known)).not.toThrow();
});
