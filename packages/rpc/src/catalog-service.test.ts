import { clusterId, nodeId, SystemError, volumeId, volumeName } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import type { AdminService } from "./admin.ts";
import { bindAdmin, bindCatalog, bindHeartbeat, type CatalogService } from "./catalog-service.ts";
import { CATALOG_VERSION } from "./convert/catalog.ts";
import { GrpcClient } from "./grpc-client.ts";
import { GrpcServer } from "./grpc-server.ts";
import { adminService, catalogService, heartbeatService, sessionsService } from "./services.ts";
import { bindSessions } from "./session-service.ts";

const CLUSTER = clusterId("11111111-2222-4333-8444-555555555555");
const PROPOSAL = { session: 7, sequence: 3, answeredBelow: 2 };
const VOLUME = volumeId("11111111-0000-4000-8000-000000000001");
const { signal } = new AbortController();
const open: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

async function serve(bind: (server: GrpcServer) => void, named = true): Promise<GrpcClient> {
  const options = { clusterId: CLUSTER, host: "127.0.0.1", port: 0 };
  const server = new GrpcServer({ log: silentLog }, options);
  bind(server);
  await server.start();
  const address = `127.0.0.1:${server.port}`;
  const client = new GrpcClient({ address, clusterId: named ? CLUSTER : undefined });
  open.push(server, { stop: async () => client.close() });
  return client;
}

/** A service that notes what it is asked and refuses it; only what a test asks for is there. */
function noting<T extends object>(asked: unknown[]): T {
  const method = (name: string) => async (request: unknown, context: object) => {
    const { proposal } = context as { readonly proposal?: unknown };
    asked.push([name, request, proposal]);
    throw new SystemError("catalog/refused", name);
  };
  return new Proxy({}, { get: (_target, name) => method(String(name)) }) as T;
}

test("what is proposed to the catalog comes with its name", async () => {
  const asked: unknown[] = [];
  const client = await serve((server) => bindCatalog(server, noting<CatalogService>(asked)));
  const store = "00000000-0000-4000-8000-000000000001";
  const named = { signal, proposal: PROPOSAL };
  const version = CATALOG_VERSION;
  const node = { node: "storage-1", bootId: "b", address: "a:1" };
  const seen = { familySeen: 4, incarnationSeen: 2 ** 40, zone: "" };
  const gateway = { gateway: "gateway-1", incarnationSeen: 2 ** 41 };
  // As a gateway without roles tells it.
  const portals = [{ address: "a:2", tpgt: 1 }];
  const calls = [
    client.unary(catalogService.RegisterStorage, { version, ...node, ...seen }, named),
    client.unary(catalogService.RegisterGateway, { version, ...gateway, portals }, named),
    client.unary(catalogService.AddToIsr, { version, items: [] }, named),
    client.unary(catalogService.StoreDown, { version, store }, { signal }),
  ];
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: "catalog/refused" });
  expect(asked).toHaveLength(4);
  expect(asked).toEqual(
    expect.arrayContaining([
      ["registerStorage", { ...node, ...seen, disks: [] }, PROPOSAL],
      [
        "registerGateway",
        { ...gateway, bootId: "", portals: [{ address: "a:2", tpgt: 1, role: "direct" }] },
        PROPOSAL,
      ],
      ["addToIsr", [], PROPOSAL],
      ["storeDown", store, undefined],
    ]),
  );
});

test("members are named and addressed rightly before the service sees them", async () => {
  const asked: unknown[] = [];
  const client = await serve((server) => bindAdmin(server, noting<AdminService>(asked)), false);
  const add = (name: string, address: string) =>
    client.unary(adminService.AddMember, { name, address }, { signal, proposal: PROPOSAL });
  for (const [name, address] of [
    ["metadata-2", "nowhere"],
    ["metadata-2", "host:65536"],
    ["Metadata 2", "host:7100"],
  ] as const) {
    await expect(add(name, address)).rejects.toMatchObject({ code: "argument/invalid" });
  }
  expect(asked).toEqual([]);
  await expect(add("metadata-2", "[::1]:7100")).rejects.toMatchObject({ code: "catalog/refused" });
  const remove = client.unary(adminService.RemoveMember, { name: "metadata-2" }, { signal });
  await expect(remove).rejects.toMatchObject({ code: "catalog/refused" });
  expect(asked).toEqual([
    ["addMember", { id: nodeId("metadata-2"), address: "[::1]:7100" }, PROPOSAL],
    ["removeMember", nodeId("metadata-2"), undefined],
  ]);
});

test("a volume is made under the identity its creator chose", async () => {
  const asked: unknown[] = [];
  const client = await serve((server) => bindAdmin(server, noting<AdminService>(asked)));
  const create = (volume: string) =>
    client.unary(adminService.CreateVolume, { volume, name: "demo", sizeBytes: 1 }, { signal });
  await expect(create("")).rejects.toMatchObject({ code: "argument/invalid" });
  await expect(create(VOLUME)).rejects.toMatchObject({ code: "catalog/refused" });
  const wanted = { volume: VOLUME, name: volumeName("demo"), sizeBytes: 1 };
  expect(asked).toEqual([["createVolume", wanted, undefined]]);
});

test.each([
  [CATALOG_VERSION - 2, "rpc/version"],
  [CATALOG_VERSION - 1, "catalog/refused"],
  [CATALOG_VERSION, "catalog/refused"],
  [CATALOG_VERSION + 1, "catalog/refused"],
  [CATALOG_VERSION + 2, "rpc/version"],
  [0, "rpc/version"],
])("a process of version %i of the messages: %s", async (version, code) => {
  const asked: unknown[] = [];
  const client = await serve((server) => bindCatalog(server, noting<CatalogService>(asked)));
  const node = { node: "storage-1", bootId: "b", address: "a:1" };
  const told = client.unary(catalogService.RegisterStorage, { version, ...node }, { signal });
  const refused = await told.catch((error: SystemError) => error);
  // Whoever is understood gets to the service, which refuses everything here.
  expect(refused).toMatchObject({ code });
  expect(asked).toHaveLength(code === "rpc/version" ? 0 : 1);
  if (code !== "rpc/version") return;
  expect(refused).toMatchObject({
    message: expect.stringContaining(`version ${version}; 3 to 5 are understood`),
    meta: { hint: expect.stringContaining("one release at a time") },
  });
});

test("a session is opened for whoever asks, also without the cluster's id", async () => {
  let session = 2 ** 53 - 2;
  const service = { open: async () => ({ session: ++session }) };
  const client = await serve((server) => bindSessions(server, service), false);
  expect(await client.unary(sessionsService.Open, {}, { signal })).toEqual({
    session: Number.MAX_SAFE_INTEGER,
  });
});

test("a ping is answered when its verdict says so", async () => {
  const session = { initiatorName: "a", isid: "1", targetName: "t", tpgt: 101 };
  const logout = { session, withinSeconds: 5, enforced: true };
  const verdicts = [
    { superseded: false, answer: false, logouts: [], shutDown: false },
    { superseded: false, answer: true, logouts: [logout], shutDown: true },
    { superseded: true, answer: false, logouts: [], shutDown: false },
  ];
  const client = await serve((server) =>
    bindHeartbeat(server, {
      ping: ({ incarnation }) => verdicts[incarnation]!,
      reportExit: async () => {},
    }),
  );
  const stream = client.bidi(heartbeatService.Ping, { signal });
  const answers: unknown[] = [];
  const ended = new Promise<void>((resolve) => stream.on("end", resolve));
  stream.on("data", (answer) => answers.push(answer));
  for (const incarnation of verdicts.keys()) {
    stream.write({ version: CATALOG_VERSION, process: "storage-1", incarnation });
  }
  stream.end();
  await ended;
  expect(answers).toEqual([
    { superseded: false, logouts: [logout], shutDown: true },
    { superseded: true, logouts: [], shutDown: false },
  ]);
});
