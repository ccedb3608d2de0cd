// The contract of Carrier, over both kinds, on real loopback connections.
import { connect } from "node:net";
import { clusterId, nodeId, SystemError } from "@ashlar/core";
import { type Clock, nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { afterEach, describe, expect, it } from "vitest";
import type { Carrier, CarrierKind, ReceivedFrame } from "./carrier.ts";
import { FRAME_HEAD_SIZE, FRAME_LENGTH_MAX, FRAME_VERSION } from "./carrier.ts";
import { type CarrierDialerOptions, createCarrierDialer } from "./carrier-dialer.ts";
import { CarrierServer } from "./carrier-server.ts";
import { SPOKEN, type SpokenVersions } from "./carrier-versions.ts";
import { chunkService, encodePreamble } from "./chunk-service.ts";
import { GrpcClient } from "./grpc-client.ts";
import { bidi, GrpcServer, unary } from "./grpc-server.ts";
import { serveCarriers } from "./testing/serve-carriers.ts";

const CLUSTER = clusterId("11111111-2222-3333-4444-555555555555");
const OTHER_CLUSTER = clusterId("11111111-2222-3333-4444-666666666666");
const stops: (() => Promise<void> | void)[] = [];
const never = (): AbortSignal => new AbortController().signal;

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Accepted {
  readonly carrier: Carrier;
  readonly frames: ReceivedFrame[];
}

/** A listening node; `accepted` resolves with the carriers in order. */
async function startServer(
  clock: Clock = nodeClock,
  onFrame = (_: Accepted): void => {},
  versions: SpokenVersions = SPOKEN,
) {
  const queue: Accepted[] = [];
  const waiting: ((accepted: Accepted) => void)[] = [];
  const grpc = new GrpcServer(
    { log: silentLog },
    { clusterId: CLUSTER, host: "127.0.0.1", port: 0 },
  );
  const server = new CarrierServer({
    self: { node: nodeId("storage-1"), incarnation: () => 41 },
    clusterId: CLUSTER,
    socketListen: { host: "127.0.0.1", port: 0 },
    accept: (carrier) => {
      const accepted: Accepted = { carrier, frames: [] };
      carrier.onFrame((frame) => {
        accepted.frames.push(frame);
        onFrame(accepted);
      });
      const next = waiting.shift();
      if (next) next(accepted);
      else queue.push(accepted);
    },
    random: nodeRandom,
    log: silentLog,
    clock,
    versions,
  });
  stops.push(await serveCarriers(server, grpc));
  const accepted = (): Promise<Accepted> =>
    new Promise((resolve) => {
      const first = queue.shift();
      if (first) resolve(first);
      else waiting.push(resolve);
    });
  return { server, address: `127.0.0.1:${grpc.port}`, accepted };
}

function dialer(kind: CarrierKind, options: Partial<CarrierDialerOptions> = {}) {
  const made = createCarrierDialer({
    self: { node: nodeId("gateway-1"), incarnation: () => 42 },
    clusterId: CLUSTER,
    kind,
    random: nodeRandom,
    log: silentLog,
    ...options,
  });
  stops.push(() => made.close());
  return made;
}

/** Resolves when `count` frames have arrived. */
function collect(carrier: Carrier, count: number): Promise<ReceivedFrame[]> {
  return new Promise((resolve) => {
    const frames: ReceivedFrame[] = [];
    carrier.onFrame((frame) => {
      frames.push(frame);
      if (frames.length === count) resolve(frames);
    });
  });
}

const closing = (carrier: Carrier): Promise<Error> =>
  new Promise((resolve) => carrier.onClose(resolve));

const echo = ({ carrier, frames }: Accepted): void => {
  const frame = frames.at(-1)!;
  carrier.send({ type: frame.type, id: frame.id, body: [frame.body] });
};

describe.each<CarrierKind>(["socket", "grpc"])("carrier over %s", (kind) => {
  it("knows its peer, purpose and kind on both sides", async () => {
    const { address, accepted } = await startServer();
    const carrier = await dialer(kind).dial(address, "replication", { signal: never() });
    expect(carrier).toMatchObject({
      kind,
      purpose: "replication",
      peer: { node: "storage-1", incarnation: 41 },
    });
    expect((await accepted()).carrier).toMatchObject({
      kind,
      purpose: "replication",
      peer: { node: "gateway-1", incarnation: 42 },
    });
  });

  it("moves frames of every size in order, both ways", async () => {
    const { address } = await startServer(nodeClock, echo);
    const carrier = await dialer(kind).dial(address, "operations", { signal: never() });
    const sizes = [
      0,
      1,
      15,
      4096,
      8192,
      8193,
      65_536,
      1_048_576,
      FRAME_LENGTH_MAX - FRAME_HEAD_SIZE,
    ];
    const bodies = [...sizes, ...sizes].map((size, index) => Buffer.alloc(size, index + 1));
    const arrived = collect(carrier, bodies.length);
    for (const [index, body] of bodies.entries()) {
      const cut = Math.floor(body.length / 3);
      carrier.send({ type: 7, id: index, body: [body.subarray(0, cut), body.subarray(cut)] });
    }
    for (const [index, frame] of (await arrived).entries()) {
      expect(frame).toMatchObject({ type: 7, id: index });
      expect(frame.body.equals(bodies[index]!)).toBe(true);
    }
    // A ping of its own may wait for the end of the turn.
    await expect.poll(() => carrier.bufferedBytes, { interval: 1 }).toBe(0);
  });

  it("delivers what the server sends in the turn it accepts", async () => {
    const { server, address } = await startServer();
    (server as unknown as { options: { accept: (carrier: Carrier) => void } }).options.accept = (
      carrier,
    ) => {
      carrier.onFrame(() => {});
      carrier.send({ type: 3, id: 1, body: [Buffer.from("welcome")] });
    };
    const carrier = await dialer(kind).dial(address, "operations", { signal: never() });
    const [frame] = await collect(carrier, 1);
    expect(frame?.body.toString()).toBe("welcome");
  });

  it("tells both sides once when one closes, with the reason on the closing side", async () => {
    const { address, accepted } = await startServer();
    const carrier = await dialer(kind).dial(address, "operations", { signal: never() });
    carrier.onFrame(() => {});
    const far = (await accepted()).carrier;
    const reasons = [closing(carrier), closing(far)];
    carrier.close(new SystemError("operation/aborted", "enough"));
    carrier.close(new SystemError("operation/aborted", "again"));
    carrier.send({ type: 1, id: 1, body: [] });
    const [near, other] = await Promise.all(reasons);
    expect(near?.message).toBe("enough");
    expect((other as SystemError).code).toBe("rpc/disconnected");
    expect((await closing(carrier)).message).toBe("enough");
  });

  it("closes when the server stops", async () => {
    const { server, address, accepted } = await startServer();
    const carrier = await dialer(kind).dial(address, "operations", { signal: never() });
    carrier.onFrame(() => {});
    await accepted();
    const closed = closing(carrier);
    await server.stop();
    expect(((await closed) as SystemError).code).toBe("rpc/disconnected");
    expect(server.carrierCount).toBe(0);
  });

  it("closes its carriers with the dialer", async () => {
    const { address, accepted } = await startServer();
    const dialling = dialer(kind);
    const carrier = await dialling.dial(address, "operations", { signal: never() });
    carrier.onFrame(() => {});
    const far = closing((await accepted()).carrier);
    dialling.close();
    await far;
    await closing(carrier);
    await expect(dialling.dial(address, "operations", { signal: never() })).rejects.toMatchObject({
      code: "rpc/unavailable",
    });
  });

  it("closes a peer that falls silent", async () => {
    const clock = new ManualClock();
    const { address, accepted } = await startServer();
    const carrier = await dialer(kind, { clock }).dial(address, "operations", { signal: never() });
    carrier.onFrame(() => {});
    const far = closing((await accepted()).carrier);
    const near = closing(carrier);
    clock.advance(6_000);
    expect((await near).message).toMatch("nothing heard");
    await far;
  });

  it("refuses another cluster, another version and a node that is not there", async () => {
    const { address } = await startServer();
    const stranger = dialer(kind, { clusterId: OTHER_CLUSTER });
    await expect(stranger.dial(address, "operations", { signal: never() })).rejects.toMatchObject({
      code: "cluster/wrong-cluster",
    });
    await expect(
      dialer(kind).dial("127.0.0.1:1", "operations", { signal: never() }),
    ).rejects.toMatchObject({ code: "rpc/unavailable" });
    const client = new GrpcClient({ address, clusterId: CLUSTER });
    stops.push(() => client.close());
    await expect(
      client.unary(
        chunkService.OpenCarrier,
        {
          frameVersion: FRAME_VERSION + 1,
          purpose: "operations",
          kind,
          cluster: CLUSTER,
          node: "gateway-1",
          incarnation: 1,
        },
        { signal: never() },
      ),
    ).rejects.toMatchObject({ code: "rpc/version" });
  });

  it("speaks the newest version that both programs do, and is refused where there is none", async () => {
    const from = (oldest: number, newest: number): SpokenVersions => ({
      operations: { oldest, newest },
      replication: { oldest: oldest + 1, newest: newest + 1 },
    });
    const { address, accepted } = await startServer(nodeClock, undefined, from(4, 5));
    const older = dialer(kind, { versions: from(3, 4) });
    const carrier = await older.dial(address, "operations", { signal: never() });
    expect([carrier.version, (await accepted()).carrier.version]).toEqual([4, 4]);
    const other = await older.dial(address, "replication", { signal: never() });
    expect([other.version, (await accepted()).carrier.version]).toEqual([5, 5]);
    const far = dialer(kind, { versions: from(2, 3) });
    await expect(far.dial(address, "operations", { signal: never() })).rejects.toMatchObject({
      code: "rpc/version",
      message: expect.stringContaining("operations in versions 2 to 3 are not spoken here"),
    });
  });

  it.each([
    ["that tells nothing", 0, "operations in version 4 are not spoken here, only versions 5 to 6"],
    ["that tells nonsense", 300, "operations in version 300 are not spoken here"],
  ])("is refused to a peer %s which this program does not speak", async (_, version, message) => {
    const place = { clusterId: CLUSTER, host: "127.0.0.1", port: 0 };
    const grpc = new GrpcServer({ log: silentLog }, place);
    const reply = { node: "storage-1", incarnation: 1, ticket: Buffer.alloc(32), port: 1, version };
    grpc.add(chunkService, {
      OpenCarrier: unary(async () => reply),
      Carry: bidi((call) => call.end()),
    });
    await grpc.start();
    stops.push(() => grpc.stop());
    const versions = { operations: { oldest: 5, newest: 6 }, replication: SPOKEN.replication };
    const dialled = dialer(kind, { versions }).dial(`127.0.0.1:${grpc.port}`, "operations", {
      signal: never(),
    });
    await expect(dialled).rejects.toMatchObject({
      code: "rpc/version",
      message: expect.stringContaining(message),
    });
  });

  it("to a release that tells no versions speaks what was spoken before", async () => {
    const { address, accepted } = await startServer();
    const client = new GrpcClient({ address, clusterId: CLUSTER });
    stops.push(() => client.close());
    const request = { frameVersion: FRAME_VERSION, purpose: "operations", kind, cluster: CLUSTER };
    const asked = { ...request, node: "gateway-1", incarnation: 1 };
    const reply = await client.unary(chunkService.OpenCarrier, asked, { signal: never() });
    expect(reply.version).toBe(4);
    const carrier = await dialer(kind).dial(address, "operations", { signal: never() });
    expect([carrier.version, (await accepted()).carrier.version]).toEqual([4, 4]);
  });

  it("gives up a dial when its signal aborts", async () => {
    const { address } = await startServer();
    const giveUp = new AbortController();
    const dialled = dialer(kind).dial(address, "operations", { signal: giveUp.signal });
    giveUp.abort(new SystemError("operation/aborted", "never mind"));
    await expect(dialled).rejects.toMatchObject({ code: "operation/aborted" });
  });

  it("keeps a server from reading on while it owes its peer too much", async () => {
    const answer = Buffer.alloc(1_048_576, 9);
    let started: ReturnType<typeof startServer> | undefined;
    const far = new Promise<Accepted>((resolve) => {
      // A clock that stands: only the network's progress can make it read again.
      started = startServer(new ManualClock(), (accepted) => {
        const { carrier, frames } = accepted;
        carrier.send({ type: 1, id: frames.at(-1)!.id, body: [answer] });
        if (carrier.bufferedBytes > 8 * 1_048_576) resolve(accepted);
      });
    });
    const { address } = await started!;
    const carrier = await dialer(kind).dial(address, "operations", { signal: never() });
    const count = 128;
    const request = Buffer.alloc(1_000_000);
    for (let id = 1; id <= count; id++) carrier.send({ type: 1, id, body: [request] });
    const { frames: handled } = await far;
    // Turns in which a server that reads on would take every request there is.
    for (let i = 0; i < 300; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(handled.length).toBeLessThan(64);
    const frames = await collect(carrier, count);
    expect(frames.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  });
});

describe("the plain listener", () => {
  const garbage = [
    ["bytes that are no greeting", Buffer.alloc(64, 65)],
    ["a ticket nobody issued", encodePreamble(Buffer.alloc(32, 1))],
  ] as const;
  it.each(garbage)("drops %s", async (_, bytes) => {
    const { server } = await startServer();
    const socket = connect(server.socketPort, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(bytes);
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
    expect(server.carrierCount).toBe(0);
  });

  it("closes a carrier whose frames are bad", async () => {
    const { server, address, accepted } = await startServer();
    const client = new GrpcClient({ address, clusterId: CLUSTER });
    stops.push(() => client.close());
    const { ticket, port } = await client.unary(
      chunkService.OpenCarrier,
      {
        frameVersion: FRAME_VERSION,
        purpose: "operations",
        kind: "socket",
        cluster: CLUSTER,
        node: "gateway-1",
        incarnation: 1,
      },
      { signal: never() },
    );
    const open = (): ReturnType<typeof connect> => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      socket.write(encodePreamble(ticket));
      return socket;
    };
    const socket = open();
    const far = (await accepted()).carrier;
    const closed = closing(far);
    socket.write(Buffer.alloc(FRAME_HEAD_SIZE, 255));
    expect(((await closed) as SystemError).code).toBe("rpc/bad-frame");
    // The ticket is used up.
    const second = open();
    await new Promise((resolve) => second.once("close", resolve));
    expect(server.carrierCount).toBe(0);
  });
});
