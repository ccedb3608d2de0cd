import type { ProposalId } from "@ashlar/catalog";
import { clusterId, hasCode, SystemError } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { afterEach, describe, expect, test } from "vitest";
import { GrpcClient } from "./grpc-client.ts";
import { GrpcServer, serverStream, unary } from "./grpc-server.ts";
import { adminService } from "./services.ts";

const CLUSTER = clusterId("11111111-2222-4333-8444-555555555555");
const OTHER = clusterId("99999999-2222-4333-8444-555555555555");
const forever = new AbortController().signal;
const open: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

type AdminHandlers = Parameters<typeof GrpcServer.prototype.add<typeof adminService>>[1];

async function serve(over: Partial<AdminHandlers>, clusterOptional = false): Promise<GrpcServer> {
  const missing = unary<unknown, never>(async () => {
    throw new SystemError("internal", "not in this test");
  });
  const server = new GrpcServer(
    { log: silentLog },
    { clusterId: CLUSTER, host: "127.0.0.1", port: 0 },
  );
  server.add(
    adminService,
    {
      ClusterStatus: missing,
      GroupStatus: missing,
      AddMember: missing,
      RemoveMember: missing,
      ListNodes: missing,
      ScrubDisk: missing,
      RetireDisk: missing,
      ListGateways: missing,
      DrainGateway: missing,
      ListVolumes: unary(async () => ({ volumes: [] })),
      GetVolume: missing,
      CreateVolume: missing,
      DeleteVolume: missing,
      FenceVolume: missing,
      ChangeAccess: missing,
      ListHosts: missing,
      GetHost: missing,
      CreateHost: missing,
      SetHost: missing,
      DeleteHost: missing,
      CheckVolume: serverStream(async () => {}),
      ...over,
    },
    { clusterOptional },
  );
  await server.start();
  open.push(server);
  return server;
}

function client(port: number, id: typeof CLUSTER | undefined = CLUSTER): GrpcClient {
  const made = new GrpcClient({ address: `127.0.0.1:${port}`, clusterId: id });
  open.push({ stop: async () => made.close() });
  return made;
}

describe("gRPC conventions", () => {
  test("a call's proposal arrives by name, and a bad name is refused", async () => {
    const { port } = await serve({
      GetVolume: unary(async (_request, { proposal }) => {
        throw new SystemError("catalog/refused", "", { proposal });
      }),
    });
    const ask = (proposal?: ProposalId) =>
      client(port).unary(adminService.GetVolume, { name: "demo" }, { signal: forever, proposal });
    const proposal = { session: 7, sequence: 3, answeredBelow: 2 };
    await expect(ask(proposal)).rejects.toMatchObject({ meta: { proposal } });
    await expect(ask()).rejects.toMatchObject({ code: "catalog/refused", meta: {} });
    await expect(ask({ ...proposal, sequence: 1 })).rejects.toMatchObject({
      code: "argument/invalid",
    });
  });

  test("a SystemError arrives with code, message and meta", async () => {
    const { port } = await serve({
      GetVolume: unary(async ({ name }) => {
        throw new SystemError("volume/not-found", `no volume ${name}`, { hint: "list them", name });
      }),
    });
    const asked = client(port).unary(adminService.GetVolume, { name: "demo" }, { signal: forever });
    await expect(asked).rejects.toMatchObject({
      code: "volume/not-found",
      message: "no volume demo",
      meta: { hint: "list them", name: "demo" },
    });
  });

  test("another cluster is refused, and none at all too unless the service allows it", async () => {
    const strict = await serve({});
    const lenient = await serve({}, true);
    const ask = (port: number, id?: typeof CLUSTER) =>
      new GrpcClient({ address: `127.0.0.1:${port}`, clusterId: id }).unary(
        adminService.ListVolumes,
        {},
        { signal: forever },
      );
    await expect(ask(strict.port, OTHER)).rejects.toMatchObject({ code: "cluster/wrong-cluster" });
    await expect(ask(strict.port)).rejects.toMatchObject({ code: "cluster/wrong-cluster" });
    await expect(ask(lenient.port, OTHER)).rejects.toMatchObject({ code: "cluster/wrong-cluster" });
    await expect(ask(lenient.port)).resolves.toEqual({ volumes: [] });
  });

  test("a port in use is told as such", async () => {
    const { port } = await serve({});
    const second = new GrpcServer(
      { log: silentLog },
      { clusterId: CLUSTER, host: "127.0.0.1", port },
    );
    await expect(second.start()).rejects.toMatchObject({ code: "config/port-in-use" });
  });

  test("nobody there is rpc/unavailable, a slow answer rpc/deadline, an abort its reason", async () => {
    const server = await serve({ ListNodes: unary(() => new Promise(() => {})) });
    const caller = client(server.port);
    const slow = caller.unary(adminService.ListNodes, {}, { signal: forever, deadlineMs: 30 });
    await expect(slow).rejects.toMatchObject({ code: "rpc/deadline" });
    const stopped = new AbortController();
    const asked = caller.unary(adminService.ListNodes, {}, { signal: stopped.signal });
    stopped.abort(new SystemError("operation/aborted", "enough"));
    await expect(asked).rejects.toThrow("enough");
    await server.stop();
    const nobody = caller.unary(adminService.ListVolumes, {}, { signal: forever });
    await expect(nobody).rejects.toSatisfy((error) => hasCode(error, "rpc/unavailable"));
  });

  test("a stream is delivered whole, and leaving it aborts the server's signal", async () => {
    let seen: AbortSignal | undefined;
    const { port } = await serve({
      CheckVolume: serverStream(async (_request, send, { signal }) => {
        seen = signal;
        for (let chunksDone = 0; ; chunksDone += 1) await send({ chunksDone });
      }),
    });
    const counted: number[] = [];
    const replies = client(port).serverStream(adminService.CheckVolume, {}, { signal: forever });
    for await (const { chunksDone } of replies) {
      counted.push(chunksDone);
      if (counted.length === 1000) break;
    }
    expect(counted).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    await expect.poll(() => seen?.aborted).toBe(true);
  });
});
