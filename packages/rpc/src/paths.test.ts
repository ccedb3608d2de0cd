// A node in two networks, over real sockets: what is dialled, and what is under way when one of them is cut
// without a word.
import { setImmediate as nextTurn } from "node:timers/promises";
import { clusterId, nodeId } from "@ashlar/core";
import { type Clock, nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { afterEach, describe, expect, test } from "vitest";
import type { Carrier, CarrierKind } from "./carrier.ts";
import { type ClosableCarrierDialer, createCarrierDialer } from "./carrier-dialer.ts";
import { CarrierServer } from "./carrier-server.ts";
import { CarrierWays } from "./carrier-ways.ts";
import { GrpcClient } from "./grpc-client.ts";
import { GrpcServer } from "./grpc-server.ts";
import { adminService } from "./services.ts";
import { Relay } from "./testing/relay.ts";
import { serveCarriers } from "./testing/serve-carriers.ts";
import { TEST_CLUSTER, TestMember } from "./testing/test-member.ts";

const CLUSTER = clusterId("11111111-2222-3333-4444-555555555555");
const never = (): AbortSignal => new AbortController().signal;
const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function relayTo(host: string, ports: readonly number[]): Promise<Relay> {
  const relay = new Relay("127.0.0.3");
  stops.push(() => relay.stop());
  for (const port of ports) await relay.open(port, host);
  return relay;
}

/**
 * A node at 127.0.0.1 and 127.0.0.2; the first of them is reached at 127.0.0.3, by a path that can be cut.
 * @param socketHosts where peers shall open carriers, if not there.
 */
async function startNode(clock: Clock = nodeClock, socketHosts?: readonly string[]) {
  const others = [{ host: "127.0.0.2", port: 0 }];
  const listen = { host: "127.0.0.1", port: 0 };
  const grpc = new GrpcServer({ log: silentLog }, { clusterId: CLUSTER, ...listen, others });
  const accepted: Carrier[] = [];
  const server = new CarrierServer({
    self: { node: nodeId("storage-1"), incarnation: () => 41 },
    clusterId: CLUSTER,
    socketListen: listen,
    otherHosts: ["127.0.0.2"],
    hasSeveralPaths: true,
    ...(socketHosts && { socketHosts }),
    accept: (carrier) => {
      accepted.push(carrier);
      carrier.onFrame((frame) => carrier.send({ type: frame.type, id: frame.id, body: [] }));
    },
    random: nodeRandom,
    log: silentLog,
    clock,
  });
  stops.push(await serveCarriers(server, grpc));
  const { port } = grpc;
  const relay = await relayTo("127.0.0.1", [port, server.socketPort]);
  return { relay, accepted, address: `127.0.0.3:${port},127.0.0.2:${port}`, port };
}

function dialer(kind: CarrierKind, clock: Clock) {
  const self = { node: nodeId("gateway-1"), incarnation: () => 42 };
  const ports = { random: nodeRandom, log: silentLog, clock };
  const made = createCarrierDialer({ self, clusterId: CLUSTER, kind, ...ports });
  stops.push(() => made.close());
  return made;
}

/** Resolves when a frame went there and back. */
function answered(carrier: Carrier): Promise<void> {
  return new Promise((resolve) => {
    carrier.onFrame(() => resolve());
    carrier.send({ type: 1, id: 1, body: [] });
  });
}

describe.each<CarrierKind>(["socket", "grpc"])(
  "carriers over %s to a node in two networks",
  (kind) => {
    test("take the first address, and the next one where nobody answers at that", async () => {
      const clock = new ManualClock();
      const { relay, address, accepted } = await startNode(clock);
      const dialling = dialer(kind, clock);
      await answered(await dialling.dial(address, "operations", { signal: never() }));
      relay.cut();
      const { taken } = relay;
      const second = dialling.dial(address, "operations", { signal: never() });
      await expect.poll(() => relay.taken).toBeGreaterThan(taken);
      clock.advance(1_000);
      // What the second one sends first comes over the second path, or never.
      await answered(await second);
      expect(accepted).toHaveLength(2);
      expect(dialling.silentPeers()).toEqual([]);
    });

    test("that fall silent are closed within a second or so, and the next is over the other one", async () => {
      const clock = new ManualClock();
      const { relay, address } = await startNode(clock);
      const dialling = dialer(kind, clock);
      const carrier = await dialling.dial(address, "replication", { signal: never() });
      await answered(carrier);
      const closed = new Promise<Error>((resolve) => carrier.onClose(resolve));
      relay.cut();
      // What was heard before the cut counts for the tick that follows it.
      for (let tick = 0; tick < 5; tick += 1) clock.advance(250);
      expect((await closed).message).toMatch("nothing heard for 1 s");
      expect(dialling.silentPeers()).toEqual([]);
      // At once: time stands still, so the first path is not even tried.
      await answered(await dialling.dial(address, "replication", { signal: never() }));
      expect(dialling.silentPeers()).toEqual([]);
    });

    test("name a peer as silent only when none of its addresses answers", async () => {
      const clock = new ManualClock();
      const { relay, port } = await startNode(clock);
      const other = new Relay("127.0.0.4");
      stops.push(() => other.stop());
      await other.open(port, "127.0.0.2");
      relay.cut();
      other.cut();
      const address = `127.0.0.3:${port},127.0.0.4:${port}`;
      const dialling = dialer(kind, clock);
      const failed = expect(
        dialling.dial(address, "operations", { signal: never() }),
      ).rejects.toMatchObject({ code: "rpc/unavailable" });
      expect(dialling.silentPeers()).toEqual([]);
      await expect.poll(() => relay.taken).toBeGreaterThan(0);
      clock.advance(1_000);
      await expect.poll(() => other.taken).toBeGreaterThan(0);
      clock.advance(2_000);
      await failed;
      expect(dialling.silentPeers()).toEqual([address]);
    });
  },
);

/** Lets `ms` pass in ticks that are as long as frames take to go there and back a few times, however long that is. */
async function pass(clock: ManualClock, carrier: Carrier, ms: number): Promise<void> {
  const closed = new Promise<void>((resolve) => carrier.onClose(() => resolve()));
  for (let passed = 0; passed < ms; passed += 250) {
    clock.advance(250);
    for (let times = 0; times < 4; times += 1) await Promise.race([answered(carrier), closed]);
    await nextTurn();
  }
}

/** Until these paths are told as lost, and no others. */
const untilLost = (
  dialling: ClosableCarrierDialer,
  { clock, carrier }: { readonly clock: ManualClock; readonly carrier: Carrier },
  paths: readonly { readonly address: string; readonly path: string }[],
): Promise<void> =>
  expect
    .poll(async () => {
      await pass(clock, carrier, 1_000);
      return dialling.lostPaths();
    })
    .toEqual(paths);

describe("a node with hosts of their own for carriers", () => {
  const [CUT, OTHER] = ["127.0.0.3", "127.0.0.2"];

  /** Calls go to the second address alone. */
  async function dialled() {
    const clock = new ManualClock();
    const node = await startNode(clock, [CUT, OTHER]);
    const dialling = dialer("socket", clock);
    const address = `${OTHER}:${node.port}`;
    const dial = () => dialling.dial(address, "replication", { signal: never() });
    const carrier = await dial();
    await answered(carrier);
    return { ...node, clock, dialling, address, dial, carrier };
  }

  test("is connected to there, whatever address was asked, and at the next where that is silent", async () => {
    const { relay, clock, dialling, dial, carrier } = await dialled();
    expect(dialling.lostPaths()).toEqual([]);
    const closed = new Promise<Error>((resolve) => carrier.onClose(resolve));
    relay.cut();
    for (let tick = 0; tick < 5; tick += 1) clock.advance(250);
    expect((await closed).message, "it was there").toMatch("nothing heard for 1 s");
    await answered(await dial());
    expect(dialling.silentPeers()).toEqual([]);
  });

  test("is connected to at the preferred one again when that is well for a while, and it is told as lost until then", async () => {
    const { relay, clock, dialling, address, dial, carrier } = await dialled();
    const closed = new Promise<Error>((resolve) => carrier.onClose(resolve));
    relay.cut();
    for (let tick = 0; tick < 5; tick += 1) clock.advance(250);
    await closed;
    const second = await dial();
    expect(dialling.lostPaths()).toEqual([{ address, path: CUT }]);
    let moved = "";
    second.onClose(({ message }) => {
      moved = message;
    });
    await pass(clock, second, 30_000);
    expect([moved, dialling.lostPaths()]).toEqual(["", [{ address, path: CUT }]]);
    relay.heal();
    await expect
      .poll(async () => {
        await pass(clock, second, 1_000);
        return moved;
      })
      .toBe(`${CUT} is well again, and preferred`);
    expect(dialling.lostPaths()).toEqual([]);
    const third = await dial();
    await answered(third);
    let isClosed = false;
    third.onClose(() => {
      isClosed = true;
    });
    await pass(clock, third, 30_000);
    expect(isClosed).toBe(false);
  });

  test("is found at the next one when the preferred one was silent from the beginning", async () => {
    const clock = new ManualClock();
    const { relay, port } = await startNode(clock, [CUT, OTHER]);
    relay.cut();
    const address = `${OTHER}:${port}`;
    const dialled = dialer("socket", clock).dial(address, "operations", { signal: never() });
    await expect.poll(() => relay.taken).toBe(1);
    clock.advance(1_000);
    await answered(await dialled);
  });

  test("is left at the other one while nobody there answers calls", async () => {
    const clock = new ManualClock();
    const node = await startNode(clock, [CUT, OTHER]);
    const calls = new Relay("127.0.0.4");
    stops.push(() => calls.stop());
    await calls.open(node.port, OTHER);
    const dialling = dialer("socket", clock);
    const address = `127.0.0.4:${node.port}`;
    const dial = () => dialling.dial(address, "replication", { signal: never() });
    const carrier = await dial();
    const closed = new Promise<Error>((resolve) => carrier.onClose(resolve));
    node.relay.cut();
    for (let tick = 0; tick < 5; tick += 1) clock.advance(250);
    await closed;
    const second = await dial();
    let isClosed = false;
    second.onClose(() => {
      isClosed = true;
    });
    calls.cut();
    const { taken } = calls;
    node.relay.heal();
    await expect
      .poll(async () => {
        await pass(clock, second, 1_000);
        return calls.taken;
      })
      .toBeGreaterThan(taken);
    expect([isClosed, dialling.lostPaths(), dialling.silentPeers()]).toEqual([false, [], []]);
    await answered(second);
  });

  test("that has one by now is not looked for at the others any more", async () => {
    const hosts = [OTHER, CUT];
    const clock = new ManualClock();
    const { relay, port } = await startNode(clock, hosts);
    const dialling = dialer("socket", clock);
    const address = `${OTHER}:${port}`;
    const dial = () => dialling.dial(address, "operations", { signal: never() });
    const carrier = await dial();
    relay.cut();
    await untilLost(dialling, { clock, carrier }, [{ address, path: CUT }]);
    hosts.pop();
    await answered(await dial());
    expect(dialling.lostPaths()).toEqual([]);
    await pass(clock, carrier, 30_000);
    expect(dialling.lostPaths()).toEqual([]);
  });

  test("has a way that nothing travels on watched, too", async () => {
    const clock = new ManualClock();
    const { relay, port } = await startNode(clock, [OTHER, CUT]);
    const dialling = dialer("socket", clock);
    const address = `${OTHER}:${port}`;
    const carrier = await dialling.dial(address, "operations", { signal: never() });
    await answered(carrier);
    relay.cut();
    await untilLost(dialling, { clock, carrier }, [{ address, path: CUT }]);
    relay.heal();
    await untilLost(dialling, { clock, carrier }, []);
    await answered(carrier);
  });

  test("that has none of these any more is connected to where it was asked", async () => {
    const ways = new CarrierWays({ keptMs: 100 });
    const address = "10.0.1.5:7001,10.0.2.5:7001";
    const [asked] = ways.of(address);
    const told = asked && ways.learn(asked, ["10.0.3.5", "10.0.1.5"], 0);
    expect(told).toEqual({ address, path: "10.0.3.5", callAt: address, host: "10.0.3.5" });
    expect(ways.of(address).map(({ path }) => path)).toEqual(["10.0.3.5", "10.0.1.5"]);
    const back = told && ways.learn(told, [], 0);
    expect(back).toEqual({
      address,
      path: "10.0.1.5:7001",
      callAt: "10.0.1.5:7001",
      host: "10.0.1.5",
    });
  });
});

test("a call goes on over the other network when the one it was on is cut", async () => {
  const member = new TestMember("metadata-1", ["127.0.0.2"]);
  member.part = "leads";
  await member.start();
  stops.push(() => member.stop());
  const port = Number(member.address.split(":").at(-1));
  const relay = await relayTo("127.0.0.1", [port]);
  const address = `127.0.0.3:${port},127.0.0.2:${port}`;
  const client = new GrpcClient({ address, clusterId: TEST_CLUSTER });
  stops.push(() => client.close());
  const ask = () => client.unary(adminService.GroupStatus, {}, { signal: never() });
  await expect(ask()).resolves.toMatchObject({ self: "metadata-1" });
  relay.cut();
  // The keep-alive of a peer with several addresses says so, long before the deadline, which has another code.
  await expect(ask()).rejects.toMatchObject({ code: "rpc/unavailable" });
  await expect(ask()).resolves.toMatchObject({ self: "metadata-1" });
});

test("a server in two networks is at both, and nowhere else", async () => {
  const { port } = await startNode();
  const at = (host: string) => {
    const client = new GrpcClient({ address: `${host}:${port}`, clusterId: CLUSTER });
    stops.push(() => client.close());
    return client.unary(adminService.GroupStatus, {}, { signal: never() });
  };
  for (const host of ["127.0.0.1", "127.0.0.2"]) {
    await expect(at(host)).rejects.toMatchObject({ code: "rpc/version" });
  }
  await expect(at("127.0.0.5")).rejects.toMatchObject({ code: "rpc/unavailable" });
});
