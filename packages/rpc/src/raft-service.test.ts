import { clusterId, MIB, nodeId } from "@ashlar/core";
import { encodeMessage, type Message } from "@ashlar/raft";
import { silentLog } from "@ashlar/runtime";
import { afterEach, describe, expect, test } from "vitest";
import type { RaftBatch } from "./gen/ashlar/v1/RaftBatch.ts";
import type { SnapshotPart } from "./gen/ashlar/v1/SnapshotPart.ts";
import { GrpcClient } from "./grpc-client.ts";
import { GrpcServer } from "./grpc-server.ts";
import { bindRaft, joinGroup, type RaftService } from "./raft-service.ts";
import { snapshotParts } from "./raft-snapshot.ts";
import { raftService } from "./services.ts";
import { append, heartbeat, installSnapshot, RecordingInbox } from "./testing/raft-peers.ts";

const CLUSTER = clusterId("11111111-2222-4333-8444-555555555555");
const ROUTE = { from: 1, to: 2 };
const forever = new AbortController().signal;
const open: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

async function serve(over: Partial<RaftService> = {}) {
  const options = { clusterId: CLUSTER, host: "127.0.0.1", port: 0 };
  const server = new GrpcServer({ log: silentLog }, options);
  const inbox = new RecordingInbox(ROUTE.to);
  bindRaft(server, { inbox, join: async () => ({ voter: true }), ...over });
  await server.start();
  const client = new GrpcClient({ address: `127.0.0.1:${server.port}`, clusterId: CLUSTER });
  open.push(server, { stop: async () => client.close() });
  return { inbox, client };
}

type Method = "Messages" | "InstallSnapshot";

/** Sends all and ends the stream; the outcome. */
async function sent<M extends Method>(
  client: GrpcClient,
  method: M,
  requests: Iterable<M extends "Messages" ? RaftBatch : SnapshotPart>,
): Promise<object> {
  const { call, reply } = client.clientStream<RaftBatch & SnapshotPart, object>(
    raftService[method],
    { signal: forever },
  );
  for (const request of requests) call.write(request);
  call.end();
  return reply;
}

/** Comparing several MiB by `toEqual` takes a minute. */
const same = (received: readonly Message[], expected: readonly Message[]): boolean =>
  received.length === expected.length &&
  received.every((message, at) =>
    encodeMessage(message).equals(encodeMessage(expected[at] as Message)),
  );

const batch = (over: Partial<RaftBatch> = {}): RaftBatch => ({
  version: 1,
  ...ROUTE,
  messages: [encodeMessage(heartbeat(ROUTE, 1))],
  ...over,
});

describe("messages between members", () => {
  test("arrive decoded, in order, and the end of the stream is answered", async () => {
    const { client, inbox } = await serve();
    const messages = [append(ROUTE, 1), heartbeat(ROUTE, 1), append(ROUTE, 2)];
    const encoded = messages.map(encodeMessage);
    const batches = [
      batch({ messages: encoded.slice(0, 2) }),
      batch({ messages: encoded.slice(2) }),
    ];
    await expect(sent(client, "Messages", batches)).resolves.toEqual({});
    expect(inbox.received).toEqual(messages);
  });

  test("tell which formats their sender reads, unless it is too old to tell", async () => {
    const { client, inbox } = await serve();
    const told = { commandFormat: 11, stateFormat: 8 };
    await sent(client, "Messages", [batch({})]);
    expect(inbox.formats.size).toBe(0);
    await sent(client, "Messages", [batch(told)]);
    expect([...inbox.formats]).toEqual([[ROUTE.from, { command: 11, state: 8 }]]);
  });

  test.each([
    ["of another version", batch({ version: 2 }), "rpc/version"],
    ["without a version", batch({ version: 0 }), "rpc/version"],
    ["for another member", batch({ to: 9 }), "member/unknown"],
    ["of a removed member", batch({ from: 7 }), "member/removed"],
    ["that are none", batch({ messages: [Buffer.from("nonsense")] }), "rpc/bad-frame"],
    [
      "of someone else than the batch",
      batch({ messages: [encodeMessage(heartbeat({ from: 3, to: 2 }, 1))] }),
      "rpc/bad-frame",
    ],
    [
      "for someone else than the batch",
      batch({ messages: [encodeMessage(heartbeat({ from: 1, to: 3 }, 1))] }),
      "rpc/bad-frame",
    ],
  ])("%s are refused, and what follows them too", async (_name, refused, code) => {
    const { client, inbox } = await serve({ isRemoved: (member) => member === 7 });
    await expect(sent(client, "Messages", [refused, batch()])).rejects.toMatchObject({ code });
    expect(inbox.received).toEqual([]);
  });

  test("a version that is refused says that nothing is lost", async () => {
    const { client } = await serve();
    const meta = { hint: expect.stringContaining("nothing is lost") };
    await expect(sent(client, "Messages", [batch({ version: 9 })])).rejects.toMatchObject({ meta });
  });
});

describe("a snapshot between members", () => {
  const data = Buffer.alloc(3 * MIB + 17, "catalog");
  const message = installSnapshot(ROUTE, data);
  const parts = (): SnapshotPart[] => [...snapshotParts(message)];
  const changed = (at: number, over: Partial<SnapshotPart>): SnapshotPart[] =>
    parts().map((part, index) => (index === at ? { ...part, ...over } : part));

  test.each([
    ["of several MiB", message],
    ["of nothing", installSnapshot(ROUTE, Buffer.alloc(0))],
  ])("%s arrives whole", async (_name, whole) => {
    const { client, inbox } = await serve();
    await expect(sent(client, "InstallSnapshot", snapshotParts(whole))).resolves.toEqual({});
    expect(same(inbox.received, [whole])).toBe(true);
  });

  test.each([
    ["that is cut", parts().slice(0, -1), "rpc/bad-frame"],
    ["that lacks a part in between", parts().toSpliced(2, 1), "rpc/bad-frame"],
    ["that is damaged", changed(3, { data: Buffer.alloc(512 * 1024, "x") }), "rpc/bad-frame"],
    ["that is longer than it says", [...parts(), ...parts().slice(1, 2)], "rpc/bad-frame"],
    ["that has no parts", [], "rpc/bad-frame"],
    ["that is too large", changed(0, { length: 2 ** 31 }), "rpc/too-large"],
    [
      "that says to be another message",
      changed(0, { message: encodeMessage(heartbeat(ROUTE, 1)) }),
      "rpc/bad-frame",
    ],
    ["of another version", changed(0, { version: 2 }), "rpc/version"],
    ["for another member", changed(0, { to: 9 }), "member/unknown"],
    ["of a removed member", changed(0, { from: 7 }), "member/removed"],
  ])("%s is refused", async (_name, bad, code) => {
    const { client, inbox } = await serve({ isRemoved: (member) => member === 7 });
    await expect(sent(client, "InstallSnapshot", bad)).rejects.toMatchObject({ code });
    expect(inbox.received).toEqual([]);
  });

  test("of a caller that gives up is forgotten", async () => {
    const { client, inbox } = await serve();
    const gone = new AbortController();
    const { call, reply } = client.clientStream(raftService.InstallSnapshot, {
      signal: gone.signal,
    });
    for (const part of parts()) call.write(part);
    gone.abort(new Error("enough"));
    await expect(reply).rejects.toThrow("enough");
    await expect(sent(client, "Messages", [batch()])).resolves.toEqual({});
    expect(inbox.received).toEqual([heartbeat(ROUTE, 1)]);
  });
});

describe("joining", () => {
  const request = { node: nodeId("metadata-2"), member: 2 ** 47 + 1, address: "10.0.0.2:4000" };

  test("the request arrives and the answer returns", async () => {
    const asked: unknown[] = [];
    const { client } = await serve({
      join: async (joining) => {
        asked.push(joining);
        return { voter: asked.length > 1 };
      },
    });
    expect(await joinGroup(client, request, { signal: forever })).toEqual({
      voter: false,
      leader: ROUTE.to,
    });
    expect(await joinGroup(client, request, { signal: forever })).toMatchObject({ voter: true });
    expect(asked).toEqual([request, request]);
  });

  test.each([
    ["without a number", { ...request, version: 1, member: 0 }, "argument/invalid"],
    ["without an address", { ...request, version: 1, address: "" }, "argument/invalid"],
    ["without a port", { ...request, version: 1, address: "10.0.0.2" }, "argument/invalid"],
    ["from anywhere", { ...request, version: 1, address: "0.0.0.0:4000" }, "argument/invalid"],
    ["of another version", { ...request, version: 2 }, "rpc/version"],
  ])("a request %s is refused", async (_name, bad, code) => {
    const { client } = await serve();
    const asked = client.unary(raftService.Join, bad, { signal: forever });
    await expect(asked).rejects.toMatchObject({ code });
  });
});
