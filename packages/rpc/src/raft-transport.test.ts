import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { type ClusterId, clusterId, MIB } from "@ashlar/core";
import { encodeMessage, type Message } from "@ashlar/raft";
import { type Clock, nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { afterEach, describe, expect, test } from "vitest";
import { clientStream, GrpcServer, unary } from "./grpc-server.ts";
import { bindRaft } from "./raft-service.ts";
import type { RaftTransport } from "./raft-transport.ts";
import { createRaftTransport } from "./raft-transport-grpc.ts";
import { raftService } from "./services.ts";
import { append, heartbeat, installSnapshot, RecordingInbox } from "./testing/raft-peers.ts";

const CLUSTER = clusterId("11111111-2222-4333-8444-555555555555");
const OTHER = clusterId("99999999-2222-4333-8444-555555555555");
const [ONE, TWO, THREE] = [101, 102, 103];
const ROUTE = { from: ONE, to: TWO };
const open: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

interface Serving {
  readonly port?: number;
  readonly cluster?: ClusterId;
  readonly isRemoved?: (member: number) => boolean;
}

async function serve(
  member: number,
  { port = 0, cluster = CLUSTER, isRemoved = () => false }: Serving = {},
) {
  const options = { clusterId: cluster, host: "127.0.0.1", port };
  const server = new GrpcServer({ log: silentLog }, options);
  const inbox = new RecordingInbox(member);
  bindRaft(server, { inbox, join: async () => ({ voter: false }), isRemoved });
  await server.start();
  open.push(server);
  return { server, inbox, port: server.port };
}

/** A listener that never reads its streams, until it is asked to, and has room for little. */
async function deafServer() {
  const server: Http2Server = createServer({ settings: { initialWindowSize: 1024 } });
  const streams: ServerHttp2Stream[] = [];
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    streams.push(stream);
  });
  server.on("session", (session) => {
    open.push({ stop: async () => session.destroy() });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({ stop: async () => void server.close() });
  return { port: (server.address() as AddressInfo).port, streams };
}

/** Where members are, for one sender; a test changes it. */
function sender(ports: Map<number, number>, clock: Clock = nodeClock) {
  const inbox = new RecordingInbox(ONE);
  const transport = createRaftTransport({
    clusterId: CLUSTER,
    self: ONE,
    addressOf: (member) => {
      const port = ports.get(member);
      return port === undefined ? undefined : `127.0.0.1:${port}`;
    },
    inbox,
    clock,
    random: nodeRandom,
    log: silentLog,
  });
  open.push(transport);
  return { inbox, transport };
}

/** Sends heartbeats, as a leader does, until `done`. */
async function beatUntil(transport: RaftTransport, done: () => boolean, to = TWO): Promise<void> {
  let round = 0;
  await expect
    .poll(
      () => {
        round += 1;
        transport.send([heartbeat({ from: ONE, to }, round)]);
        return done();
      },
      { interval: 10 },
    )
    .toBe(true);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const indexes = (messages: readonly Message[]): number[] =>
  messages.flatMap((message) =>
    message.kind === "append-entries" ? message.entries.map(({ index }) => index) : [],
  );

const eventually = <T>(read: () => T) => expect.poll(read, { interval: 10 });

describe("messages to a member", () => {
  test("of one stream arrive in order, of both streams all", async () => {
    const { port, inbox } = await serve(TWO);
    const { transport } = sender(new Map([[TWO, port]]));
    for (let index = 1; index <= 500; index += 5) {
      transport.send([0, 1, 2, 3, 4].map((more) => append(ROUTE, index + more)));
      if (index % 3 === 0) await turn();
    }
    transport.send([heartbeat(ROUTE, 1)]);
    await eventually(() => inbox.received.length).toBe(501);
    expect(indexes(inbox.received)).toEqual(Array.from({ length: 500 }, (_, at) => at + 1));
    expect(inbox.received).toContainEqual(heartbeat(ROUTE, 1));
  });

  test("of one turn travel together", async () => {
    const batches: number[] = [];
    const options = { clusterId: CLUSTER, host: "127.0.0.1", port: 0 };
    const server = new GrpcServer({ log: silentLog }, options);
    server.add(raftService, {
      Messages: clientStream(() => ({
        take: ({ messages }) => void batches.push(messages.length),
        finish: () => ({}),
      })),
      InstallSnapshot: clientStream(() => ({ take: () => {}, finish: () => ({}) })),
      Join: unary(async () => ({})),
    });
    await server.start();
    open.push(server);
    const { transport } = sender(new Map([[TWO, server.port]]));
    transport.send([append(ROUTE, 1), append(ROUTE, 2)]);
    transport.send([append(ROUTE, 3)]);
    await eventually(() => batches).toEqual([3]);
  });

  test("that is down: it is unreachable, and heard again when it is back", async () => {
    const first = await serve(TWO);
    const { transport, inbox } = sender(new Map([[TWO, first.port]]));
    await beatUntil(transport, () => first.inbox.received.length > 0);
    await first.server.stop();
    await beatUntil(transport, () => inbox.unreachables.length >= 3);
    expect(new Set(inbox.unreachables)).toEqual(new Set([TWO]));
    const second = await serve(TWO, { port: first.port });
    await beatUntil(transport, () => second.inbox.received.length > 0);
    expect(inbox.refusals).toEqual([]);
  });

  test("that is not known where: it is unreachable, told once", async () => {
    const { transport, inbox } = sender(new Map());
    for (let round = 1; round < 5; round += 1) {
      transport.send([heartbeat(ROUTE, round)]);
      expect(inbox.unreachables).toHaveLength(round === 1 ? 0 : 1);
      await turn();
    }
    expect(inbox.unreachables).toEqual([TWO]);
  });

  test("that has moved go to its new address", async () => {
    const [before, after] = [await serve(TWO), await serve(TWO)];
    const ports = new Map([[TWO, before.port]]);
    const { transport, inbox } = sender(ports);
    transport.send([append(ROUTE, 1)]);
    await eventually(() => indexes(before.inbox.received)).toEqual([1]);
    ports.set(TWO, after.port);
    transport.send([append(ROUTE, 2)]);
    await eventually(() => indexes(after.inbox.received)).toEqual([2]);
    expect(indexes(before.inbox.received)).toEqual([1]);
    expect(inbox.unreachables).toEqual([]);
  });
});

describe("a receiver that refuses", () => {
  test("since it is another member: told as such, once for each stream, and not at once again", async () => {
    const clock = new ManualClock();
    const { port, inbox: there } = await serve(THREE);
    const ports = new Map([TWO, THREE].map((member) => [member, port]));
    const { transport, inbox } = sender(ports, clock);
    transport.send([heartbeat(ROUTE, 1)]);
    await eventually(() => inbox.refusals).toEqual([[TWO, "member/unknown"]]);
    clock.advance(400);
    const meant = heartbeat({ from: ONE, to: THREE }, 2);
    transport.send([heartbeat(ROUTE, 2), meant]);
    await eventually(() => there.received).toEqual([meant]);
    expect(inbox.refusals).toHaveLength(1);
    clock.advance(100);
    transport.send([heartbeat(ROUTE, 3)]);
    await eventually(() => inbox.refusals).toHaveLength(2);
    expect(inbox.unreachables).toEqual([TWO, TWO]);
    expect(there.received).toEqual([meant]);
  });

  test("since the sender was removed: told as such", async () => {
    const { port } = await serve(TWO, { isRemoved: (member) => member === ONE });
    const { transport, inbox } = sender(new Map([[TWO, port]]));
    await beatUntil(transport, () => inbox.refusals.length > 0);
    expect(inbox.refusals[0]).toEqual([TWO, "member/removed"]);
  });

  test("since it is of another cluster: it is unreachable", async () => {
    const { port, inbox: there } = await serve(TWO, { cluster: OTHER });
    const { transport, inbox } = sender(new Map([[TWO, port]]));
    await beatUntil(transport, () => inbox.unreachables.length > 1);
    expect(there.received).toEqual([]);
    expect(inbox.refusals).toEqual([]);
  });
});

describe("a receiver that does not read", () => {
  const MESSAGES = 640;
  const MESSAGE_BYTES = MIB / 10;
  /** What a stream has heard last: all of it, every few milliseconds, would keep a processor busy. */
  const CHUNKS_LOOKED_AT = 8;

  test("costs a bounded amount of memory, and old heartbeats make way", async () => {
    const { port, streams } = await deafServer();
    const { transport, inbox } = sender(new Map([[TWO, port]]), new ManualClock());
    for (let index = 1; index <= MESSAGES; index += 1) {
      transport.send([append(ROUTE, index, MESSAGE_BYTES), heartbeat(ROUTE, index)]);
      await turn();
    }
    expect(inbox.unreachables).toEqual([TWO]);
    await eventually(() => streams.length).toBe(2);
    const heard = streams.map((stream) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      return chunks;
    });
    const ends = (message: Buffer): boolean =>
      heard.some((chunks) => Buffer.concat(chunks.slice(-CHUNKS_LOOKED_AT)).includes(message));
    await eventually(() => ends(encodeMessage(heartbeat(ROUTE, MESSAGES)))).toBe(true);
    transport.send([append(ROUTE, 999)]);
    await eventually(() => ends(encodeMessage(append(ROUTE, 999)))).toBe(true);
    const bytes = heard.map((chunks) => Buffer.concat(chunks).length).sort((a, b) => a - b);
    expect(bytes[0]).toBeLessThan(4 * 1024);
    expect(bytes[1]).toBeLessThan(10 * MIB);
  });

  test("is given up after a while", async () => {
    const clock = new ManualClock();
    const { port, streams } = await deafServer();
    const { transport, inbox } = sender(new Map([[TWO, port]]), clock);
    transport.send([append(ROUTE, 1, 2 * MIB)]);
    await eventually(() => streams.length).toBe(1);
    clock.advance(2_001);
    transport.send([append(ROUTE, 2)]);
    await eventually(() => inbox.unreachables).toEqual([TWO]);
    clock.advance(500);
    transport.send([append(ROUTE, 3)]);
    await eventually(() => streams.length).toBe(2);
  });
});

describe("a snapshot to a member", () => {
  const message = installSnapshot(ROUTE, Buffer.alloc(5 * MIB + 1, "catalog"));

  test("is delivered whole; a second one meanwhile is dropped", async () => {
    const { port, inbox: there } = await serve(TWO);
    const { transport, inbox } = sender(new Map([[TWO, port]]));
    transport.send([message, message, heartbeat(ROUTE, 1)]);
    expect(inbox.snapshots).toEqual([]);
    await eventually(() => there.received.length).toBe(2);
    const arrived = there.received.find(({ kind }) => kind === "install-snapshot") as Message;
    expect(encodeMessage(arrived).equals(encodeMessage(message))).toBe(true);
    const outcomes = [
      [TWO, "failed"],
      [TWO, "delivered"],
    ];
    await eventually(() => inbox.snapshots).toEqual(outcomes);
    transport.send([message]);
    await eventually(() => inbox.snapshots).toEqual([...outcomes, [TWO, "delivered"]]);
  });

  test.each([
    ["down", async () => 1],
    ["nowhere", async () => undefined],
    ["of another cluster", async () => (await serve(TWO, { cluster: OTHER })).port],
  ])("that is %s has failed", async (_name, place) => {
    const port = await place();
    const { transport, inbox } = sender(new Map(port === undefined ? [] : [[TWO, port]]));
    transport.send([message]);
    await eventually(() => inbox.snapshots).toEqual([[TWO, "failed"]]);
  });

  test("that is no longer there has failed, and that is told", async () => {
    const { port } = await serve(THREE);
    const { transport, inbox } = sender(new Map([[TWO, port]]));
    transport.send([message]);
    await eventually(() => inbox.snapshots).toEqual([[TWO, "failed"]]);
    expect(inbox.refusals).toEqual([[TWO, "member/unknown"]]);
  });

  test("has failed when this member stops, or when it has stopped", async () => {
    const { port, streams } = await deafServer();
    const { transport, inbox } = sender(new Map([[TWO, port]]));
    transport.send([message]);
    await eventually(() => streams.length).toBe(1);
    transport.send([{ ...message, to: THREE }]);
    await transport.stop();
    expect(inbox.snapshots).toHaveLength(2);
    transport.send([message]);
    await eventually(() => inbox.snapshots).toHaveLength(3);
    expect(new Set(inbox.snapshots.map(([, outcome]) => outcome))).toEqual(new Set(["failed"]));
  });
});
